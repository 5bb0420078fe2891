// Vectors of floats for one instruction set, and the functions the cells need of them.
// One source for all sets: compiled once for each, with LANES and ISA set by the build.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

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

// The lanes of two vectors, one after the other, that `which` names. Constants: the compilers make poor code of others.
template <int... which, class Vector>
Vector shuffled(Vector first, Vector second, std::integer_sequence<int, which...>) {
#ifdef __clang__
  return __builtin_shufflevector(first, second, which...);
#else
  return __builtin_shuffle(first, second, ints{which...});
#endif
}
using Lanes = std::make_integer_sequence<int, lanes>;

template <int half, int... lane>
constexpr std::integer_sequence<int, (lane ^ half)...> other_half(std::integer_sequence<int, lane...>) {
  return {};
}

// All lanes put together, by halves.
template <int half = lanes / 2, class Vector, class Together>
auto folded(Vector value, Together together) {
  if constexpr (half == 0)
    return value[0];
  else
    return folded<half / 2>(together(value, shuffled(value, value, other_half<half>(Lanes{}))), together);
}

// Of two rows, what stands at lanes without (upper: with) this bit, each pair of halves side by side.
template <int half, bool upper, int... lane>
constexpr auto halves(std::integer_sequence<int, lane...>) {
  return std::integer_sequence<int, ((lane & half ? lanes + lane - half : lane) + (upper ? half : 0))...>{};
}

// Rows of a square of lanes become its columns: one bit of their numbers after the other.
template <int half = 1, class Vector>
void transpose(Vector (&rows)[lanes]) {
  if constexpr (half < lanes) {
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) {
      if (i & half) continue;
      const Vector one = rows[i], other = rows[i + half];
      rows[i] = shuffled(one, other, halves<half, false>(Lanes{}));
      rows[i + half] = shuffled(one, other, halves<half, true>(Lanes{}));
    }
    transpose<2 * half>(rows);
  }
}

inline float total(vec value) {
  return folded(value, [](vec one, vec other) { return one + other; });
}

inline bool any(ints flags) {
  return folded(flags, [](ints one, ints other) { return one | other; }) != 0;
}

inline vec magnitude(vec x) { return reinterpret_cast<vec>(reinterpret_cast<ints>(x) & 0x7fffffff); }

// The bound where x goes beyond it. NaN stays NaN: the instructions answer their second operand if they cannot compare.
// (From the comparison and choice that this is, the compiler makes two instructions instead of one.)
inline vec at_least(vec bound, vec x) {
#if LANES == 16
  return _mm512_max_ps(bound, x);
#else
  return _mm256_max_ps(bound, x);
#endif
}

inline vec at_most(vec bound, vec x) {
#if LANES == 16
  return _mm512_min_ps(bound, x);
#else
  return _mm256_min_ps(bound, x);
#endif
}

// e^x = 2^n e^r with |r| <= ln(2)/2, in parts that lose nothing of a small x: the scale 2^n, and e^r - 1, where the
// polynomial errs by less than 1e-7 of e^r (least squares reweighted towards the largest error, exact at 0).
struct Exponential {
  vec rest;     // e^r - 1
  ints doubled; // n, in the bits of a float's exponent

  explicit Exponential(vec x) {
    const vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    const vec shifted = x * 1.44269504f + shift;
    const vec r = x - (shifted - shift) * 0.693147181f;
    vec p = splat(0.00829022937f);
    p = p * r + 0.0418983884f;
    p = p * r + 0.166676402f;
    p = p * r + 0.499991447f;
    p = p * r + 0.999999702f;
    rest = p * r;
    doubled = reinterpret_cast<ints>(shifted) << 23;
  }
  vec value() const { return reinterpret_cast<vec>(reinterpret_cast<ints>(rest + 1.0f) + doubled); }
  vec minus_one() const {
    const vec scale = reinterpret_cast<vec>(reinterpret_cast<ints>(splat(1.0f)) + doubled);
    return scale * rest + (scale - 1.0f);
  }
};

inline vec sigmoid(vec x) {
  const vec within = at_most(splat(87.0f), at_least(splat(-87.0f), x));
  return 1.0f / (1.0f + Exponential(-within).value());
}

// (e^2|x| - 1) / (e^2|x| + 1) with the sign of x; beyond 10 it is 1.
inline vec hyperbolic_tangent(vec x) {
  const vec e = Exponential(2.0f * at_most(splat(10.0f), magnitude(x))).minus_one();
  const ints sign = reinterpret_cast<ints>(x) & static_cast<int32_t>(0x80000000);
  return reinterpret_cast<vec>(reinterpret_cast<ints>(e / (e + 2.0f)) | sign);
}

}  // namespace throughtime::ISA
