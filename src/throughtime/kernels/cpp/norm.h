// Layer normalisation (Ba et al., 2016) of rows that lie in panels: (z - mean) / deviation over the H units of a block.
#pragma once

#include <cmath>

#include "product.h"

namespace throughtime::ISA {

constexpr float norm_epsilon = 1e-5f;

// Rows of one block: `apart` floats from one to the next, `stride` from panel to panel.
struct Block {
  int64_t rows, apart, stride, panels, H;

  // work(R, i) for rows i, ..., i + R - 1, until all are done: four at a time, whose sums do not wait for each other
  template <class Work>
  void groups(Work work) const {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) work(std::integral_constant<int, 4>{}, i);
    for (; i < rows; ++i) work(std::integral_constant<int, 1>{}, i);
  }
  // f(r, place, first unit) for every vector of rows i + r, r < R
  template <int R, class F>
  void vectors(int64_t i, F f) const {
    for (int64_t u = 0; u < panels; ++u)
      for (int64_t v = 0; v < 2; ++v)
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) f(r, u * stride + (i + r) * apart + v * lanes, u * panel + v * lanes);
  }
};

// Zeroes the lanes of units beyond H, the first of which is unit j.
inline vec real(vec value, int64_t j, int64_t H) {
  for (int64_t i = std::max<int64_t>(0, H - j); i < lanes; ++i) value[i] = 0.0f;
  return value;
}
inline vec real_only(vec value, int64_t j, int64_t H) { return j + lanes <= H ? value : real(value, j, H); }

// z <- normalised z; scale[i] <- 1 / deviation of row i, `scale_apart` floats from row to row; then(place, first unit,
// value) for every vector. Mean and deviation come from one reading, as sums of z minus the mean of the row's first
// lanes: that is near enough to the mean for the difference of the sums not to cancel.
template <class Then>
inline void normalise(const Block& b, float* z, float* scale, int64_t scale_apart, Then then) {
  b.groups([&](auto group, int64_t i) __attribute__((always_inline)) {
    constexpr int R = decltype(group)::value;
    vec sum[R]{}, squares[R]{};
    float near[R], mean[R], by[R];
    for (int r = 0; r < R; ++r) near[r] = total(load(z + (i + r) * b.apart)) / std::min<int64_t>(lanes, b.H);
    b.vectors<R>(i, [&](int r, int64_t at, int64_t j) __attribute__((always_inline)) {
      const vec value = real_only(load(z + at) - near[r], j, b.H);
      sum[r] += value;
      squares[r] += value * value;
    });
    for (int r = 0; r < R; ++r) {
      const float off = total(sum[r]) / b.H;
      mean[r] = near[r] + off;
      by[r] = 1.0f / std::sqrt(std::max(0.0f, total(squares[r]) / b.H - off * off) + norm_epsilon);
      scale[(i + r) * scale_apart] = by[r];
    }
    b.vectors<R>(i, [&](int r, int64_t at, int64_t j) __attribute__((always_inline)) {
      const vec value = real_only((load(z + at) - mean[r]) * by[r], j, b.H);
      store(z + at, value);
      then(at, j, value);
    });
  });
}

// d_z of z from the gradient d of gain * normalised z; both blocks lie alike.
inline void normalise_backward(const Block& b, const float* normalised, const float* scale, int64_t scale_apart,
                               const float* gain, const float* d, float* d_z) {
  b.groups([&](auto group, int64_t i) __attribute__((always_inline)) {
    constexpr int R = decltype(group)::value;
    vec sum[R]{}, along[R]{};
    float mean[R], slope[R], by[R];
    b.vectors<R>(i, [&](int r, int64_t at, int64_t j) __attribute__((always_inline)) {
      const vec g = load(d + at) * load(gain + j);
      sum[r] += g;
      along[r] += g * load(normalised + at);
    });
    for (int r = 0; r < R; ++r)
      mean[r] = total(sum[r]) / b.H, slope[r] = total(along[r]) / b.H, by[r] = scale[(i + r) * scale_apart];
    b.vectors<R>(i, [&](int r, int64_t at, int64_t j) __attribute__((always_inline)) {
      const vec value = by[r] * (load(d + at) * load(gain + j) - mean[r] - load(normalised + at) * slope[r]);
      store(d_z + at, real_only(value, j, b.H));
    });
  });
}

}  // namespace throughtime::ISA
