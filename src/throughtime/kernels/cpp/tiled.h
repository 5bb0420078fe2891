// Matrix products from AMX's tiles. Two of them high and a panel wide are summed at a time, so that each tile of a factor
// that is read takes part in two products.
#pragma once

#include <algorithm>
#include <utility>

#include "tiles.h"

namespace throughtime::ISA {

// One panel of C (high * 16 rows) = start + A * B, of whole tiles of K.
template <int high, Start start>
void block_of_tiles(int64_t K, Left A, Right B, Result C, const float* bias) {
  constexpr int64_t right = tile_side, bytes = sizeof(float);
  if constexpr (start == Start::bias) {  // one row, read sixteen times
    tile_load<0>(bias, 0), tile_load<1>(bias + right, 0);
    if constexpr (high == 2) tile_load<2>(bias, 0), tile_load<3>(bias + right, 0);
  } else if constexpr (start == Start::keep) {
    tile_load<0>(C.data, C.row * bytes), tile_load<1>(C.data + right, C.row * bytes);
    if constexpr (high == 2) {
      const float* lower = C.data + tile_side * C.row;
      tile_load<2>(lower, C.row * bytes), tile_load<3>(lower + right, C.row * bytes);
    }
  } else {
    tile_zero<0>(), tile_zero<1>();
    if constexpr (high == 2) tile_zero<2>(), tile_zero<3>();
  }
  for (int64_t k = 0; k < K; k += tile_side) {
    const word *a = A.data + k / panel * A.block + k % panel, *b = B.data + k * panel;
    tile_load<4>(a, A.row * bytes);
    tile_load<6>(b, panel * bytes), tile_load<7>(b + right, panel * bytes);
    tile_multiply_add<0, 4, 6>(), tile_multiply_add<1, 4, 7>();
    if constexpr (high == 2) {
      tile_load<5>(a + tile_side * A.row, A.row * bytes);
      tile_multiply_add<2, 5, 6>(), tile_multiply_add<3, 5, 7>();
    }
  }
  constexpr bool added = start == Start::apart;
  alignas(64) float sums[added ? high * tile_side * panel : 1];
  float* to = added ? sums : C.data;
  const int64_t row = added ? panel : C.row;
  tile_store<0>(to, row * bytes), tile_store<1>(to + right, row * bytes);
  if constexpr (high == 2) {
    float* lower = to + tile_side * row;
    tile_store<2>(lower, row * bytes), tile_store<3>(lower + right, row * bytes);
  }
  for (int64_t r = 0; added && r < high * tile_side; ++r)
    for (int64_t v = 0; v < panel; v += lanes)
      store(C.data + r * C.row + v, load(C.data + r * C.row + v) + load(sums + r * panel + v));
}

// The last rows of a strip, fewer than a tile has: in a place of their own, zeros below them.
template <Start start>
void rest_by_tiles(int64_t rest, int64_t K, Left A, Right B, Result C, const float* bias) {
  alignas(64) word rows[tile_side * product_depth];
  alignas(64) float sums[tile_side * panel];
  const int64_t wide = panels_of(K);
  std::memset(rows, 0, sizeof(word) * wide * tile_side * panel);
  for (int64_t p = 0; p < wide; ++p)
    for (int64_t r = 0; r < rest; ++r)
      std::memcpy(rows + (p * tile_side + r) * panel, A.data + p * A.block + r * A.row,
                  sizeof(word) * std::min<int64_t>(panel, K - p * panel));
  constexpr bool added = start == Start::keep || start == Start::apart;
  block_of_tiles<1, added ? Start::zero : start>(K, Left{rows, panel, tile_side * panel}, B, Result{sums, panel, 0},
                                                 bias);
  for (int64_t r = 0; r < rest; ++r)
    for (int64_t v = 0; v < panel; v += lanes) {
      const vec sum = load(sums + r * panel + v);
      float* to = C.data + r * C.row + v;
      store(to, added ? load(to) + sum : sum);
    }
}

// One panel of C (M rows) = start + A * B, of whole tiles of K, at most `product_depth` words.
template <Start start>
void strip_by_tiles(int64_t M, int64_t K, Left A, Right B, Result C, const float* bias) {
  auto below = [&](int64_t r) {
    return std::pair{Left{A.data + r * A.row, A.row, A.block}, Result{C.data + r * C.row, C.row, C.stride}};
  };
  int64_t r = 0;
  for (; r + 2 * tile_side <= M; r += 2 * tile_side) {
    const auto [left, result] = below(r);
    block_of_tiles<2, start>(K, left, B, result, bias);
  }
  if (r + tile_side <= M) {
    const auto [left, result] = below(r);
    block_of_tiles<1, start>(K, left, B, result, bias);
    r += tile_side;
  }
  if (r == M) return;
  const auto [left, result] = below(r);
  rest_by_tiles<start>(M - r, K, left, B, result, bias);
}

// One panel of K rows, K of whole tiles, with its columns as rows: what a product over its rows reads as its left factor.
template <class Word>
Left turn(const Word* rows, int64_t K, Word* turned) {
  for (int64_t k = 0; k < K; k += lanes)
    for (int64_t j = 0; j < panel; j += lanes) {
      words block[lanes];
      for (int64_t l = 0; l < lanes; ++l) block[l] = load(rows + (k + l) * panel + j);
      transpose(block);
      Word* to = turned + k / panel * panel * panel + k % panel;
      for (int64_t l = 0; l < lanes; ++l) store(to + (j + l) * panel, block[l]);
    }
  return {turned, panel, panel * panel};
}

// Some rows and columns of what was summed, into (or onto) a matrix as torch stores it.
inline void add_edge(const float* sums, int64_t rows, int64_t width, float* to, int64_t columns, bool anew) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < width; ++j)
      to[r * columns + j] = sums[r * panel + j] + (anew ? 0.0f : to[r * columns + j]);
}

// C (rows x width of one panel, as torch stores it) = or += A * B, of whole tiles of K.
template <class Factor>
void add_tiled(int64_t K, Factor A, Right B, int64_t rows, int64_t width, float* C, int64_t columns, bool anew) {
  if (rows < panel || width < panel) {
    alignas(64) float edge[panel * panel];
    block_of_tiles<2, Start::zero>(K, A, B, Result{edge, panel, 0}, nullptr);
    return add_edge(edge, rows, width, C, columns, anew);
  }
  const Result result{C, columns, 0};
  if (anew)
    block_of_tiles<2, Start::zero>(K, A, B, result, nullptr);
  else
    block_of_tiles<2, Start::apart>(K, A, B, result, nullptr);
}

}  // namespace throughtime::ISA
