// Matrix products: from register tiles, and where the processor has them from AMX's (tiles.h).
#pragma once

#include <algorithm>

#include "tiled.h"

namespace throughtime::ISA {

// As many accumulators as the set has registers for: 24 of 32 (AVX-512), 12 of 16.
constexpr int tile_rows = lanes == 16 ? 12 : 6;
// C (R x P panels) = start + A (R x K) * B. `transposed`: A lies in one panel and is read along its columns, element
// (r, k) at A.data[k * A.row + r].
template <int R, int P, Start start, bool transposed>
inline __attribute__((always_inline)) void tile(int64_t K, Left A, Right B, Result C, const float* bias) {
  constexpr int V = 2 * P;
  vec sum[R][V];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if constexpr (start == Start::zero || start == Start::apart) sum[r][v] = vec{};
      if constexpr (start == Start::bias) sum[r][v] = load(bias + v * lanes);
      if constexpr (start == Start::keep)
        sum[r][v] = load(C.data + (v / 2) * C.stride + r * C.row + (v % 2) * lanes);
    }
  const word *a = A.data, *b = B.data;
  auto step = [&](int64_t k) __attribute__((always_inline)) {
    words right[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) right[v] = load(b + (v / 2) * B.stride + (v % 2) * lanes);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const word left = transposed ? a[k * A.row + r] : a[r * A.row + k];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) multiply_add(sum[r][v], left, right[v]);
    }
    b += panel;
  };
  if constexpr (transposed) {
    for (int64_t k = 0; k < K; ++k) step(k);
  } else {
    for (; K >= panel; K -= panel, a += A.block) {
      // the rows go on a block further, too far for the processor to foresee
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) __builtin_prefetch(a + r * A.row + A.block);
#pragma GCC unroll 4
      for (int64_t k = 0; k < panel; ++k) step(k);
    }
    for (int64_t k = 0; k < K; ++k) step(k);
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      float* to = C.data + (v / 2) * C.stride + r * C.row + (v % 2) * lanes;
      if constexpr (start == Start::apart) sum[r][v] += load(to);
      store(to, sum[r][v]);
    }
}

template <int P, Start start, bool transposed>
void tile_of(int rows, int64_t K, Left A, Right B, Result C, const float* bias) {
  switch (rows) {
#define THROUGHTIME_TILE(R) \
  case R:                   \
    return tile<R, P, start, transposed>(K, A, B, C, bias);
    THROUGHTIME_TILE(1)
    THROUGHTIME_TILE(2)
    THROUGHTIME_TILE(3)
#undef THROUGHTIME_TILE
#define THROUGHTIME_TILE(R) \
  case R:                   \
    if constexpr (P == 1 && R <= tile_rows) return tile<R, P, start, transposed>(K, A, B, C, bias);
    THROUGHTIME_TILE(4)
    THROUGHTIME_TILE(5)
    THROUGHTIME_TILE(6)
    THROUGHTIME_TILE(7)
    THROUGHTIME_TILE(8)
    THROUGHTIME_TILE(9)
    THROUGHTIME_TILE(10)
    THROUGHTIME_TILE(11)
    THROUGHTIME_TILE(12)
#undef THROUGHTIME_TILE
  }
}

// P panels of C (M x P panels) = start + A (M x K) * B, in register tiles of nearly equal height.
template <int P, Start start>
void strip_by_vectors(int64_t M, int64_t K, Left A, Right B, Result C, const float* bias) {
  const int64_t tiles = (M + tile_rows - 1) / tile_rows;
  for (int64_t i = 0, done = 0; i < tiles; ++i) {
    const int64_t end = M * (i + 1) / tiles;
    tile_of<P, start, false>(static_cast<int>(end - done), K, Left{A.data + done * A.row, A.row, A.block}, B,
                             Result{C.data + done * C.row, C.row, C.stride}, bias);
    done = end;
  }
}

// The same, by the processor's tiles where it has them: they are too tall for the few rows of several panels.
template <int P, Start start>
void strip(int64_t M, int64_t K, Left A, Right B, Result C, const float* bias) {
  if constexpr (tiled && P == 1) {
    const int64_t whole = K / tile_side * tile_side;
    if (whole > 0) {
      strip_by_tiles<start>(M, whole, A, B, C, bias);
      if (whole == K) return;
      // one more tile would read beyond both factors
      const Left rest{A.data + whole / panel * A.block + whole % panel, A.row, A.block};
      return strip_by_vectors<1, start == Start::apart ? start : Start::keep>(
          M, K - whole, rest, Right{B.data + whole * panel, B.stride}, C, nullptr);
    }
  }
  strip_by_vectors<P, start>(M, K, A, B, C, bias);
}

// C (M x panels) = start + A (M x K) * B.
template <Start start>
void product(int64_t M, int64_t K, Left A, Right B, int64_t panels, Result C, const float* bias = nullptr) {
  if (M <= 0) return;
  // few rows alone would wait for their own sums: several panels at a time keep the multipliers busy
  const int64_t group = M == 1 ? 4 : M <= 3 ? 2 : 1;
  const int64_t parts = (K + product_depth - 1) / product_depth, deep = parts < 2 ? product_depth : padded(K / parts);
  for (int64_t p = 0; p < panels;) {
    const int64_t width = panels - p >= group ? group : 1;
    for (int64_t k = 0; k < K || k == 0; k += deep) {
      const int64_t depth = std::min(deep, K - k);
      const Left a{A.data + k / panel * A.block, A.row, A.block};
      const Right b{B.data + p * B.stride + k * panel, B.stride};
      const Result c{C.data + p * C.stride, C.row, C.stride};
      const float* from = bias ? bias + p * panel : nullptr;
      auto run = [&](auto P) {
        if (k == 0)
          strip<P, start>(M, depth, a, b, c, from);
        else
          strip<P, Start::keep>(M, depth, a, b, c, nullptr);
      };
      if (width == 4)
        run(std::integral_constant<int, 4>{});
      else if (width == 2)
        run(std::integral_constant<int, 2>{});
      else
        run(std::integral_constant<int, 1>{});
    }
    p += width;
  }
}

// C (rows x columns), as torch stores it, += D^T S: D is one panel of Q rows, S panels of Q rows, both folded
// (packing.h).
inline void add_outer(int64_t Q, const float* D, int64_t rows, const float* S, int64_t columns, float* C,
                      bool first) {
  const word *left = reinterpret_cast<const word*>(D), *right = reinterpret_cast<const word*>(S);
  const int64_t K = words_of(Q), tiles = (rows + tile_rows - 1) / tile_rows;
  constexpr int64_t depth = 192;  // terms summed before the next tile: both factors' parts stay in the nearest cache
  // some terms of one panel of C, from register tiles
  auto add = [&](int64_t p, int64_t k, int64_t deep, bool anew) {
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = rows * i / tiles, height = rows * (i + 1) / tiles - from;
      const int64_t width = std::min<int64_t>(panel, columns - p * panel);
      const Left a{left + k * panel + from, panel, 0};
      const Right b{right + (p * Q + k) * panel, 0};
      float* to = C + from * columns + p * panel;
      for (int64_t r = 0; r < height; ++r) __builtin_prefetch(to + r * columns, 1);
      if (width == panel) {
        const Result c{to, columns, 0};
        if (anew)
          tile_of<1, Start::zero, true>(static_cast<int>(height), deep, a, b, c, nullptr);
        else
          tile_of<1, Start::apart, true>(static_cast<int>(height), deep, a, b, c, nullptr);
        continue;
      }
      alignas(64) float edge[tile_rows * panel];
      tile_of<1, Start::zero, true>(static_cast<int>(height), deep, a, b, Result{edge, panel, 0}, nullptr);
      add_edge(edge, height, width, to, columns, anew);
    }
  };
  if constexpr (tiled) {
    alignas(64) word turned[panel * depth];
    for (int64_t k = 0; k < K; k += depth) {
      const int64_t deep = std::min(depth, K - k), whole = deep / tile_side * tile_side;
      const Left a = turn(left + k * panel, whole, turned);
      for (int64_t p = 0; p < panels_of(columns); ++p) {
        const bool anew = first && k == 0;
        const int64_t width = std::min<int64_t>(panel, columns - p * panel);
        if (whole > 0)
          add_tiled(whole, a, Right{right + (p * Q + k) * panel, 0}, rows, width, C + p * panel, columns, anew);
        if (whole < deep) add(p, k + whole, deep - whole, anew && whole == 0);
      }
    }
    return;
  }
  for (int64_t p = 0; p < panels_of(columns); ++p)
    for (int64_t k = 0; k < K; k += depth) add(p, k, std::min(depth, K - k), first && k == 0);
}

}  // namespace throughtime::ISA
