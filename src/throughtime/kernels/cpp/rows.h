// The rows of a packed batch as threads share them, scratch memory, and weights packed for products.
// Every thread sweeps through all steps with rows of its own (k, k + threads, ...), so that no step waits for
// another thread; weights are packed once and shared.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "call.h"
#include "product.h"

namespace throughtime::ISA {

// Scratch memory that outlives a call: fresh pages cost more than the arithmetic of a small one.
class Arena {
 public:
  void begin(int64_t floats) {
    if (floats > size_) {
      std::free(memory_);
      size_ = floats;
      memory_ = static_cast<float*>(std::aligned_alloc(64, (size_ * sizeof(float) + 63) / 64 * 64));
      if (memory_ == nullptr) std::abort();
    }
    used_ = 0;
  }
  float* take(int64_t floats) {
    float* start = memory_ + used_;
    used_ += (floats + 15) / 16 * 16;
    return start;
  }
  ~Arena() { std::free(memory_); }

 private:
  float* memory_ = nullptr;
  int64_t size_ = 0, used_ = 0;
};

constexpr int64_t chunk_rows = 256;  // steps times rows worked on before the next product over many steps

// What all threads share: where steps begin, and weights packed for the cell's products.
template <class Cell>
struct Shared {
  const Call& call;
  int64_t T, I, H, Hp, Ip;
  int threads;
  std::vector<int64_t> offsets;

  explicit Shared(const Call& c)
      : call(c), T(c.steps), I(c.inputs), H(c.hidden), Hp(padded(c.hidden)), Ip(padded(c.inputs)), offsets(c.steps + 1) {
    for (int64_t t = 0; t < T; ++t) offsets[t + 1] = offsets[t] + call.sizes[t];
    threads = static_cast<int>(std::max<int64_t>(1, std::min<int64_t>(call.threads, call.sizes[0])));
  }
  int64_t saved() const { return Cell::saved * Hp; }  // floats of gates per step and row
  int64_t at(int64_t n) const { return call.reverse ? T - 1 - n : n; }  // the n-th step of the sweep
};

// The rows of one thread.
template <class Cell>
struct Rows {
  const Shared<Cell>& s;
  int64_t k, P;

  int64_t count(int64_t t) const { return (s.call.sizes[t] - k + P - 1) / P; }
  int64_t packed(int64_t t, int64_t i) const { return s.offsets[t] + k + i * P; }
  int64_t batch(int64_t i) const { return k + i * P; }
  // Steps from the n-th of the sweep on that make a chunk.
  int64_t chunk() const { return std::max<int64_t>(1, chunk_rows / std::max<int64_t>(1, count(0))); }
};

// Copies between rows of H floats and rows padded with zeros.
inline void pad_row(const float* from, int64_t size, float* to, int64_t width) {
  std::memcpy(to, from, size * sizeof(float));
  std::memset(to + size, 0, (width - size) * sizeof(float));
}

// Panels whose columns are the rows of W, the blocks in the layout's order: for products with W^T.
template <int N>
void pack_blocks_transposed(const float* W, const int (&blocks)[N], int64_t H, int64_t K, float* to) {
  const int64_t each = padded(H) * K;
#pragma omp for schedule(static) nowait
  for (int b = 0; b < N; ++b) pack_transposed(W + blocks[b] * H * K, H, K, to + b * each);
}

// Panels of W itself, its rows by block and padded with zeros: for products with W.
template <int N>
void pack_blocks(const float* W, const int (&blocks)[N], int64_t H, int64_t columns, float* to) {
  const int64_t Hp = padded(H);
#pragma omp for schedule(static) nowait
  for (int64_t p = 0; p < padded(columns) / panel; ++p) {
    float* row = to + p * N * Hp * panel;
    const int64_t width = std::min<int64_t>(panel, columns - p * panel);
    for (int b = 0; b < N; ++b)
      for (int64_t j = 0; j < Hp; ++j, row += panel)
        if (j < H)
          pad_row(W + (blocks[b] * H + j) * columns + p * panel, width, row, panel);
        else
          std::memset(row, 0, panel * sizeof(float));
  }
}

// One bias a layout block: of the inputs' product, of the state's, or their sum where the two meet.
template <class Cell>
void arrange_bias(const Shared<Cell>& s, float* bias) {
  std::memset(bias, 0, s.saved() * sizeof(float));
  const Call& c = s.call;
  if (c.bias_ih == nullptr) return;
  for (int b = 0; b < Cell::gates; ++b)
    for (int64_t j = 0; j < s.H; ++j) {
      bias[(Cell::input_first + b) * s.Hp + j] += c.bias_ih[Cell::input_blocks[b] * s.H + j];
      bias[(Cell::state_first + b) * s.Hp + j] += c.bias_hh[Cell::state_blocks[b] * s.H + j];
    }
}

}  // namespace throughtime::ISA
