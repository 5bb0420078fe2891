// Vectors of floats for one instruction set, and the functions the cells need of them.
// One source for all sets: compiled once for each, with LANES and ISA set by the build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace throughtime::ISA {

constexpr int lanes = LANES;

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));

inline vec load(const float* from) {
  vec value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store(float* to, vec value) { std::memcpy(to, &value, sizeof value); }

// The first `count` lanes only: rows need not be multiples of the vector. Lanes beyond are read as zero.
inline vec load_some(const float* from, int64_t count) {
  if (count >= lanes) return load(from);
  vec value{};
  std::memcpy(&value, from, sizeof(float) * count);
  return value;
}

inline void store_some(float* to, vec value, int64_t count) {
  if (count >= lanes) return store(to, value);
  std::memcpy(to, &value, sizeof(float) * count);
}

inline vec splat(float x) {
  vec value;
  for (int i = 0; i < lanes; ++i) value[i] = x;
  return value;
}

inline vec select(ints where, vec yes, vec no) {
  return reinterpret_cast<vec>((where & reinterpret_cast<ints>(yes)) | (~where & reinterpret_cast<ints>(no)));
}

inline vec smaller(vec a, vec b) { return select(a < b, a, b); }
inline vec magnitude(vec x) { return reinterpret_cast<vec>(reinterpret_cast<ints>(x) & 0x7fffffff); }

// e^x = 2^n e^r with |r| <= ln(2)/2, where the Taylor series to r^7 errs by less than 6e-9.
// NaN passes through (it compares false and so is never replaced by a bound).
inline vec exponential(vec x) {
  const vec low = splat(-87.0f), high = splat(88.0f);
  x = select(x < low, low, select(x > high, high, x));
  const vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const vec shifted = x * 1.44269504f + shift;
  const vec n = shifted - shift;
  vec r = x - n * 0.693359375f;  // ln 2 in two parts, the first exact in the product
  r = r - n * -2.12194440e-4f;
  vec p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const ints exponent = (reinterpret_cast<ints>(shifted) + 127) << 23;  // the integer stands in the low bits
  return p * reinterpret_cast<vec>(exponent);
}

inline vec sigmoid(vec x) { return 1.0f / (1.0f + exponential(-x)); }

// (e^2x - 1) / (e^2x + 1); near zero, where that cancels, the Padé approximant of order [5/4].
inline vec hyperbolic_tangent(vec x) {
  const vec a = magnitude(x), square = x * x;
  const vec e = exponential(2.0f * smaller(a, splat(20.0f)));
  const ints near = a < splat(0.6f);
  const vec above = select(near, a * (945.0f + square * (105.0f + square)), e - 1.0f);
  const vec below = select(near, 945.0f + square * (420.0f + square * 15.0f), e + 1.0f);
  const vec value = above / below;
  const ints sign = reinterpret_cast<ints>(x) & static_cast<int32_t>(0x80000000);
  const vec signed_value = reinterpret_cast<vec>(reinterpret_cast<ints>(value) | sign);
  return select(x == x, signed_value, x);
}

}  // namespace throughtime::ISA
