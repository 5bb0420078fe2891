// Matrix products from register tiles: up to `tile_rows` rows by one panel of `panel` columns at a time.
// The right factor is packed into panels: panel p holds columns p*panel ... as K rows of `panel` floats.
#pragma once

#include "simd.h"

namespace throughtime::ISA {

constexpr int panel = 2 * lanes;
// As many accumulators as the set has registers for: 24 of 32 (AVX-512), 12 of 16.
constexpr int tile_rows = lanes == 16 ? 12 : 6;

inline int64_t padded(int64_t size) { return (size + panel - 1) / panel * panel; }

// What a product is added to: nothing, a bias, what stands in C; `apart` also adds to C, but only once the product is
// summed, so that a sum of many products is a sum of block sums: far smaller rounding errors.
enum class Start { zero, bias, keep, apart };

// C (R x P panels) = start + A (R x K) * B. The factor A is read as A[r * row + k * column].
template <int R, int P, Start start>
inline __attribute__((always_inline)) void tile(int64_t K, const float* A, int64_t row, int64_t column, const float* B,
                                                int64_t next_panel, float* C, int64_t ldc, const float* bias) {
  constexpr int V = 2 * P;
  vec sum[R][V];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if constexpr (start == Start::zero || start == Start::apart) sum[r][v] = vec{};
      if constexpr (start == Start::bias) sum[r][v] = load(bias + v * lanes);
      if constexpr (start == Start::keep) sum[r][v] = load(C + r * ldc + v * lanes);
    }
  for (int64_t k = 0; k < K; ++k) {
    vec b[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) b[v] = load(B + (v / 2) * next_panel + k * panel + (v % 2) * lanes);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const float a = A[r * row + k * column];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] += a * b[v];
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      float* to = C + r * ldc + v * lanes;
      if constexpr (start == Start::apart) sum[r][v] += load(to);
      store(to, sum[r][v]);
    }
}

// The left factor: its rows lie `row` floats apart and its columns `column`; one of the two is 1.
struct Left {
  const float* data;
  int64_t row, column;
};

template <int P, Start start, bool transposed>
void tile_of(int rows, int64_t K, Left A, const float* B, int64_t next_panel, float* C, int64_t ldc,
             const float* bias) {
  const int64_t row = transposed ? 1 : A.row, column = transposed ? A.column : 1;
  switch (rows) {
#define THROUGHTIME_TILE(R) \
  case R:                   \
    return tile<R, P, start>(K, A.data, row, column, B, next_panel, C, ldc, bias);
    THROUGHTIME_TILE(1)
    THROUGHTIME_TILE(2)
    THROUGHTIME_TILE(3)
    THROUGHTIME_TILE(4)
    THROUGHTIME_TILE(5)
    THROUGHTIME_TILE(6)
#if LANES == 16
    THROUGHTIME_TILE(7)
    THROUGHTIME_TILE(8)
    THROUGHTIME_TILE(9)
    THROUGHTIME_TILE(10)
    THROUGHTIME_TILE(11)
    THROUGHTIME_TILE(12)
#endif
#undef THROUGHTIME_TILE
  }
}

// C (M x panels) = start + A (M x K) * B, tiles of nearly equal height.
template <Start start, bool transposed = false>
void product(int64_t M, int64_t K, Left A, const float* B, int64_t panels, float* C, int64_t ldc,
             const float* bias = nullptr) {
  if (M <= 0) return;
  const int64_t next_panel = K * panel;
  int64_t p = 0;
  if (M == 1 && !transposed)
    // one row alone would wait for its own sums: four panels at a time keep the multipliers busy
    for (; p + 4 <= panels; p += 4)
      tile<1, 4, start>(K, A.data, A.row, 1, B + p * next_panel, next_panel, C + p * panel, ldc,
                        bias ? bias + p * panel : nullptr);
  const int64_t tiles = (M + tile_rows - 1) / tile_rows;
  for (; p < panels; ++p) {
    int64_t done = 0;
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t end = M * (i + 1) / tiles;
      const Left part{A.data + done * (transposed ? 1 : A.row), A.row, A.column};
      tile_of<1, start, transposed>(static_cast<int>(end - done), K, part, B + p * next_panel, next_panel,
                                    C + done * ldc + p * panel, ldc, bias ? bias + p * panel : nullptr);
      done = end;
    }
  }
}

// Panels of W^T: columns of the product are the `rows` rows of W (rows x K), one block of them.
inline void pack_transposed(const float* W, int64_t rows, int64_t K, float* to) {
  for (int64_t p = 0; p < padded(rows) / panel; ++p, to += K * panel)
    for (int64_t j = 0; j < panel; ++j) {
      const int64_t row = p * panel + j;
      if (row < rows)
        for (int64_t k = 0; k < K; ++k) to[k * panel + j] = W[row * K + k];
      else
        for (int64_t k = 0; k < K; ++k) to[k * panel + j] = 0.0f;
    }
}

}  // namespace throughtime::ISA
