// How fast one core runs the product's innermost loop: what a sweep's speed is measured against.
#pragma once

#include <chrono>

#include "product.h"

namespace throughtime::ISA {

// GFLOP/s, the best of several tries.
inline double peak() {
  constexpr int64_t K = 128;
  alignas(64) static thread_local word A[tile_rows * K], B[K * panel];
  alignas(64) static thread_local float C[tile_rows * panel];
  const double operations = 2.0 * terms * tile_rows * K * panel;
  double best = 0.0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    constexpr int64_t repeats = 2000;
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repeats; ++i)
      tile<tile_rows, 1, Start::keep, false>(K, Left{A, panel, tile_rows * panel}, Right{B, 0}, Result{C, panel, 0},
                                             nullptr);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations * repeats / passed.count() * 1e-9);
  }
  return best;
}

}  // namespace throughtime::ISA
