// Copies between matrices as torch stores them and panels.
#pragma once

#include "team.h"

namespace throughtime::ISA {

// Up to `panel` floats, the rest of the panel's row zero.
inline void to_panel(const float* from, int64_t width, float* to) {
  if (width >= panel) {
    store(to, load(from)), store(to + lanes, load(from + lanes));
    return;
  }
  for (int64_t j = 0; j < panel; ++j) to[j] = j < width ? from[j] : 0.0f;
}

inline void from_panel(const float* from, int64_t width, float* to) {
  if (width >= panel) {
    store(to, load(from)), store(to + lanes, load(from + lanes));
    return;
  }
  for (int64_t j = 0; j < width; ++j) to[j] = from[j];
}

// Panels first, ..., end-1 of W^T, W (rows x K): column j of a panel is row j of W.
inline void pack_transposed(const float* W, int64_t rows, int64_t K, int64_t first, int64_t end, float* to) {
  for (int64_t p = first; p < end; ++p) {
    const float* from = W + p * panel * K;
    float* out = to + p * K * panel;
    const int64_t width = std::min<int64_t>(panel, rows - p * panel);
    for (int64_t k = 0; k < K; ++k, out += panel)
      for (int64_t j = 0; j < panel; ++j) out[j] = j < width ? from[j * K + k] : 0.0f;
  }
}

// Panel p of W (rows x columns): its rows one after another, each block of H of them padded to whole panels.
inline void pack_panel(const float* W, int64_t blocks, int64_t H, int64_t columns, int64_t p, float* to) {
  const int64_t width = std::min<int64_t>(panel, columns - p * panel), Hp = padded(H);
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t j = 0; j < Hp; ++j, to += panel) to_panel(W + (b * H + j) * columns + p * panel, j < H ? width : 0, to);
}

// Rows from, ..., to-1 of a (B, size) tensor into panels of B rows; zeros for no tensor.
inline void spread(const float* rows, int64_t size, int64_t B, int64_t from, int64_t to, float* out) {
  for (int64_t p = 0; p < panels_of(size); ++p)
    for (int64_t b = from; b < to; ++b)
      to_panel(rows + b * size + p * panel, rows ? size - p * panel : 0, out + (p * B + b) * panel);
}

// A vector of `blocks` times H numbers, each block padded.
inline void pad_blocks(const float* from, int64_t blocks, int64_t H, float* to) {
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t j = 0; j < padded(H); ++j) to[b * padded(H) + j] = j < H ? from[b * H + j] : 0.0f;
}

}  // namespace throughtime::ISA
