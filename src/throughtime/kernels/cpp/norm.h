// Layer normalisation (Ba et al., 2016) of rows that lie in panels: (z - mean) / deviation over the H units of a block.
#pragma once

#include <cmath>

#include "product.h"

namespace throughtime::ISA {

constexpr float norm_epsilon = 1e-5f;

// Rows of one block: `apart` floats from one to the next, `stride` from panel to panel.
struct Block {
  int64_t rows, apart, stride, panels, H;

  template <class F>
  void panels_of_row(int64_t i, F f) const {
    for (int64_t u = 0; u < panels; ++u)
      for (int64_t v = 0; v < 2; ++v) f(u * stride + i * apart + v * lanes, u * panel + v * lanes);
  }
};

// Zeroes the lanes of units beyond H, the first of which is unit j.
inline vec real(vec value, int64_t j, int64_t H) {
  for (int64_t i = std::max<int64_t>(0, H - j); i < lanes; ++i) value[i] = 0.0f;
  return value;
}

// z <- normalised z; scale[i] <- 1 / deviation of row i, `scale_apart` floats from row to row.
inline void normalise(const Block& b, float* z, float* scale, int64_t scale_apart) {
  for (int64_t i = 0; i < b.rows; ++i) {
    vec sum{}, squares{};
    b.panels_of_row(i, [&](int64_t at, int64_t) { sum += load(z + at); });  // units beyond H are zero
    const float mean = total(sum) / b.H;
    b.panels_of_row(i, [&](int64_t at, int64_t j) {
      const vec centred = j + lanes <= b.H ? load(z + at) - mean : real(load(z + at) - mean, j, b.H);
      squares += centred * centred;
      store(z + at, centred);
    });
    const float by = 1.0f / std::sqrt(total(squares) / b.H + norm_epsilon);
    b.panels_of_row(i, [&](int64_t at, int64_t) { store(z + at, load(z + at) * by); });
    scale[i * scale_apart] = by;
  }
}

// d_z of z from the gradient d of gain * normalised z; both blocks lie alike.
inline void normalise_backward(const Block& b, const float* normalised, const float* scale, int64_t scale_apart,
                               const float* gain, const float* d, float* d_z) {
  for (int64_t i = 0; i < b.rows; ++i) {
    vec sum{}, along{};
    b.panels_of_row(i, [&](int64_t at, int64_t j) {
      const vec g = load(d + at) * load(gain + j);
      sum += g;
      along += g * load(normalised + at);
    });
    const float mean = total(sum) / b.H, slope = total(along) / b.H, by = scale[i * scale_apart];
    b.panels_of_row(i, [&](int64_t at, int64_t j) {
      const vec value = by * (load(d + at) * load(gain + j) - mean - load(normalised + at) * slope);
      store(d_z + at, j + lanes <= b.H ? value : real(value, j, b.H));
    });
  }
}

}  // namespace throughtime::ISA
