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
typedef uint8_t bytes __attribute__((vector_size(LANES)));

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

// Bytes that are 0 or not as lanes of zeros or ones all over; those from `count` on are 0.
inline ints load_flags(const uint8_t* from, int64_t count) {
  bytes flags{};
  if (count >= lanes)
    std::memcpy(&flags, from, lanes);
  else if (count > 0)
    std::memcpy(&flags, from, count);
  return __builtin_convertvector(flags, ints) != 0;
}

inline vec splat(float x) {
  vec value;
  for (int i = 0; i < lanes; ++i) value[i] = x;
  return value;
}

// The sum of the lanes, by halves.
inline float total(vec value) {
#pragma GCC unroll 4
  for (int half = lanes / 2; half > 0; half /= 2) {
    ints other;
    for (int i = 0; i < lanes; ++i) other[i] = i ^ half;
    value += __builtin_shuffle(value, other);
  }
  return value[0];
}

inline vec magnitude(vec x) { return reinterpret_cast<vec>(reinterpret_cast<ints>(x) & 0x7fffffff); }

// e^x = 2^n e^r with |r| <= ln(2)/2, where the polynomial errs by less than 1e-7 of e^r (least squares reweighted towards
// the largest error, exact at 0). NaN passes through: it compares false and so is never replaced by a bound.
inline vec exponential(vec x) {
  const vec low = splat(-87.0f), high = splat(87.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  const vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const vec shifted = x * 1.44269504f + shift;
  const vec r = x - (shifted - shift) * 0.693147181f;
  vec p = splat(0.00829022937f);
  p = p * r + 0.0418983884f;
  p = p * r + 0.166676402f;
  p = p * r + 0.499991447f;
  p = p * r + 0.999999702f;
  p = p * r + 1.0f;
  return reinterpret_cast<vec>(reinterpret_cast<ints>(p) + (reinterpret_cast<ints>(shifted) << 23));  // times 2^n
}

inline vec sigmoid(vec x) { return 1.0f / (1.0f + exponential(-x)); }

// (e^2x - 1) / (e^2x + 1); near zero, where that cancels, the Padé approximant of order [5/4].
inline vec hyperbolic_tangent(vec x) {
  const vec a = magnitude(x), square = x * x;
  const vec e = exponential(2.0f * a);
  const ints near = a < splat(0.6f);
  const vec above = near ? a * (945.0f + square * (105.0f + square)) : e - 1.0f;
  const vec below = near ? 945.0f + square * (420.0f + square * 15.0f) : e + 1.0f;
  const ints sign = reinterpret_cast<ints>(x) & static_cast<int32_t>(0x80000000);
  return reinterpret_cast<vec>(reinterpret_cast<ints>(above / below) | sign);
}

}  // namespace throughtime::ISA
