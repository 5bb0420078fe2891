// What the factors of a product consist of: floats, or pairs of bfloat16, which have a float's exponent and the upper 7
// bits of its fraction. A pair holds two terms of a sum that follow one another, the first in its lower half; the
// products of both are added to a float. The build says which, by TERMS; states and sums are floats in either case.
#pragma once

#include <immintrin.h>

#include <type_traits>

#include "simd.h"

namespace throughtime::ISA {

constexpr int terms = TERMS;  // of a sum, in one word of a factor
typedef uint32_t pairs __attribute__((vector_size(4 * LANES)));
using word = std::conditional_t<terms == 2, uint32_t, float>;
using words = std::conditional_t<terms == 2, pairs, vec>;

// Words that hold so many terms.
constexpr int64_t words_of(int64_t count) { return (count + terms - 1) / terms; }

inline pairs load(const uint32_t* from) {
  pairs value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void store(uint32_t* to, pairs value) { std::memcpy(to, &value, sizeof value); }

inline void multiply_add(vec& sum, float left, vec right) { sum += left * right; }

inline float second_of(uint32_t pair) {
  float value;
  std::memcpy(&value, &(pair &= 0xffff0000u), sizeof value);
  return value;
}

inline float first_of(uint32_t pair) { return second_of(pair << 16); }

// sum += both products of a pair, the second first, as vdpbf16ps does it (which takes numbers below 1.2e-38 for zero).
inline void multiply_add(vec& sum, uint32_t left, pairs right) {
#ifdef __AVX512BF16__
  sum = reinterpret_cast<vec>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum),
                                               reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(left))),
                                               reinterpret_cast<__m512bh>(right)));
#else
  sum += second_of(left) * reinterpret_cast<vec>(right & 0xffff0000u);
  sum += first_of(left) * reinterpret_cast<vec>(right << 16);
#endif
}

// The nearest bfloat16 of each lane, of two the even one, in the upper half of its word. NaN stays NaN.
inline pairs nearest(vec x) {
  const pairs bits = reinterpret_cast<pairs>(x);
  return x == x ? bits + 0x7fff + (bits >> 16 & 1) : bits | 0x400000;
}

inline pairs pair_up(vec first, vec second) { return nearest(first) >> 16 | (nearest(second) & 0xffff0000u); }

template <int first, int... lane>
constexpr std::integer_sequence<int, (2 * lane + first)...> every_other(std::integer_sequence<int, lane...>) {
  return {};
}

// `lanes` words of terms that lie side by side, of which `count` are there; those beyond are zero.
template <class Words = words>
Words load_words(const float* from, int64_t count) {
  if constexpr (std::is_same_v<Words, vec>) {
    return count > 0 ? load_some(from, count) : vec{};
  } else {
    const vec low = load_words<vec>(from, count), high = load_words<vec>(from + lanes, count - lanes);
    return pair_up(shuffled(low, high, every_other<0>(Lanes{})), shuffled(low, high, every_other<1>(Lanes{})));
  }
}

}  // namespace throughtime::ISA
