// How fast one core runs the product's innermost loop: what a sweep's speed is measured against.
#pragma once

#include <chrono>

#include "product.h"

namespace throughtime::ISA {

// GFLOP/s, the best of several tries.
inline double peak() {
  constexpr int64_t K = 128;
  constexpr int rows = tiled ? 2 * tile_side : tile_rows;
  alignas(64) static thread_local word A[rows * K], B[K * panel];
  alignas(64) static thread_local float C[rows * panel];
  const TilesInUse tiles;
  const Left left{A, panel, rows * panel};
  const Result result{C, panel, 0};
  const double operations = 2.0 * terms * rows * K * panel;
  double best = 0.0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    constexpr int64_t repeats = 2000;
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repeats; ++i)
      if constexpr (tiled)
        strip_by_tiles<Start::keep>(rows, K, left, Right{B, 0}, result, nullptr);
      else
        tile<tile_rows, 1, Start::keep, false>(K, left, Right{B, 0}, result, nullptr);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations * repeats / passed.count() * 1e-9);
  }
  return best;
}

}  // namespace throughtime::ISA
