// The largest of a linear layer's outputs: products, sums of exponentials and the choice, block by block in the cache,
// so that the outputs themselves are never written down.
#pragma once

#include <cmath>
#include <limits>

#include "decoding.h"
#include "packing.h"

namespace throughtime::ISA {

constexpr int64_t block_rows = 96;   // rows at a time: they and a block of their outputs stay in a core's cache
constexpr int64_t block_panels = 24;  // panels of columns at a time

inline int64_t packed_size(int64_t columns, int64_t depth) { return padded(columns) * (depth + 1); }

inline void pack_linear(const float* weight, const float* bias, int64_t columns, int64_t depth, float* packed) {
  pack_transposed(weight, columns, depth, 0, panels_of(columns), packed);
  float* to = packed + padded(columns) * depth;
  for (int64_t j = 0; j < padded(columns); ++j) to[j] = j < columns ? bias[j] : -std::numeric_limits<float>::infinity();
}

inline float largest_lane(vec value) {
  float best = value[0];
  for (int i = 1; i < lanes; ++i) best = value[i] > best ? value[i] : best;
  return best;
}

// What is known of one row: its largest so far, and the sum of all exponentials, each divided by that of `top`.
struct Ranking {
  float* values;
  int64_t* places;
  float top, sum;

  // In order, after those that are as large.
  void insert(const Largest& asked, float value, int64_t place) {
    if (std::binary_search(asked.excluded, asked.excluded + asked.excluded_count, place)) return;
    int64_t i = asked.many - 1;
    for (; i > 0 && values[i - 1] < value; --i) values[i] = values[i - 1], places[i] = places[i - 1];
    values[i] = value, places[i] = place;
  }

  // Outputs of one row: `panels` panels, `stride` floats apart, the first of them column `first`.
  void read(const Largest& asked, const float* outputs, int64_t panels, int64_t stride, int64_t first) {
    vec most = load(outputs);
    for (int64_t p = 0; p < panels; ++p)
      most = at_least(at_least(most, load(outputs + p * stride)), load(outputs + p * stride + lanes));
    const float here = largest_lane(most);
    if (here > top) {
      sum *= std::exp(top - here);
      top = here;
    }
    vec total_here[2]{};
    const vec shift = splat(top);
    for (int64_t p = 0; p < panels; ++p)
      for (int v = 0; v < 2; ++v) {
        const vec below = load(outputs + p * stride + v * lanes) - shift;
        total_here[v] += Exponential(at_least(splat(-87.0f), below)).value();
      }
    sum += total(total_here[0] + total_here[1]);
    if (!(here > values[asked.many - 1])) return;
    for (int64_t p = 0; p < panels; ++p) {
      const float* from = outputs + p * stride;
      if (!any(at_least(load(from), load(from + lanes)) > splat(values[asked.many - 1]))) continue;
      for (int64_t i = 0; i < panel; ++i)
        if (from[i] > values[asked.many - 1]) insert(asked, from[i], first + p * panel + i);
    }
  }
};

// Rows from, ..., end - 1, at most `block_rows`.
inline void rank_rows(const Largest& asked, int64_t from, int64_t end, float* outputs) {
  const int64_t M = end - from, K = asked.depth, all = panels_of(asked.columns);
  constexpr float nothing = -std::numeric_limits<float>::infinity();
  Ranking rows[block_rows];
  for (int64_t r = 0; r < M; ++r) {
    rows[r] = {asked.values + (from + r) * asked.many, asked.places + (from + r) * asked.many, nothing, 0.0f};
    std::fill_n(rows[r].values, asked.many, nothing);
    std::fill_n(rows[r].places, asked.many, 0);
  }
  const float* bias = asked.packed + padded(asked.columns) * K;
  for (int64_t p = 0; p < all; p += block_panels) {
    const int64_t wide = std::min(block_panels, all - p);
    product<Start::bias>(M, K, Left{asked.hidden + from * K, K, panel}, Right{asked.packed + p * K * panel, K * panel},
                         wide, Result{outputs, panel, M * panel}, bias + p * panel);
    for (int64_t r = 0; r < M; ++r) rows[r].read(asked, outputs + r * panel, wide, M * panel, p * panel);
  }
  for (int64_t r = 0; r < M; ++r) asked.normaliser[from + r] = rows[r].top + std::log(rows[r].sum);
}

inline void largest(const Largest& asked) {
  const int64_t most = asked.rows * asked.depth * asked.columns < worth_a_thread ? 1 : asked.threads;
  const int threads = static_cast<int>(std::max<int64_t>(1, std::min(most, asked.rows / rows_alone)));
  in_threads(threads, [&](int thread, int all) {
    static thread_local Scratch memory;
    float* outputs;
    memory.lay([&](auto take) { outputs = take(block_rows * block_panels * panel); });
    const int64_t begin = asked.rows * thread / all, rows = asked.rows * (thread + 1) / all - begin;
    const int64_t blocks = (rows + block_rows - 1) / block_rows;
    for (int64_t b = 0; b < blocks; ++b)
      rank_rows(asked, begin + rows * b / blocks, begin + rows * (b + 1) / blocks, outputs);
  });
}

}  // namespace throughtime::ISA
