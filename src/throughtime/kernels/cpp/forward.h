// One direction of one layer over time, forward.
#pragma once

#include "rows.h"

namespace throughtime::ISA {

template <class Cell>
void forward(const Call& call) {
  const Shared<Cell> s(call);
  static thread_local Arena shared_memory;
  const int64_t ih = Cell::gates * s.Hp * s.I, hh = Cell::gates * s.Hp * s.H;
  shared_memory.begin(ih + hh + s.saved() + 64);
  float* W_ih = shared_memory.take(ih);
  float* W_hh = shared_memory.take(hh);
  float* bias = shared_memory.take(s.saved());
  arrange_bias(s, bias);
#pragma omp parallel num_threads(s.threads)
  {
    pack_blocks_transposed(call.weight_ih, Cell::input_blocks, s.H, s.I, W_ih);
    pack_blocks_transposed(call.weight_hh, Cell::state_blocks, s.H, s.H, W_hh);
#pragma omp barrier
    const Rows<Cell> rows{s, omp_get_thread_num(), omp_get_num_threads()};
    const int64_t m0 = rows.count(0), chunk = rows.chunk(), Hp = s.Hp, width = s.saved();
    static thread_local Arena memory;
    memory.begin(m0 * Hp * 3 + (call.gates ? 0 : chunk * m0 * width) + 256);
    float* h = memory.take(m0 * Hp);
    float* c = memory.take(m0 * Hp);
    float* spare = memory.take(m0 * Hp);
    float* ring = call.gates ? nullptr : memory.take(chunk * m0 * width);
    for (int64_t i = 0; i < m0; ++i) {
      pad_row(call.h0 + rows.batch(i) * s.H, s.H, h + i * Hp, Hp);
      if (call.c0) pad_row(call.c0 + rows.batch(i) * s.H, s.H, c + i * Hp, Hp);
    }
    const int64_t row = call.gates ? rows.P * width : width;  // from one row of a step to the next
    auto gates = [&](int64_t n, int64_t first) {
      return call.gates ? call.gates + rows.packed(s.at(n), 0) * width : ring + (n - first) * m0 * width;
    };
    for (int64_t first = 0; first < s.T; first += chunk) {
      const int64_t last = std::min(first + chunk, s.T);
      // the inputs' product, panel by panel over the whole chunk, so that a panel is fetched once
      for (int64_t p = 0; p < Cell::gates * Hp / panel; ++p)
        for (int64_t n = first; n < last; ++n) {
          const int64_t t = s.at(n), column = Cell::input_first * Hp + p * panel;
          const Left x{call.x + rows.packed(t, 0) * s.I, rows.P * s.I, 1};
          product<Start::bias>(rows.count(t), s.I, x, W_ih + p * s.I * panel, 1, gates(n, first) + column, row,
                               bias + column);
        }
      for (int64_t n = first; n < last; ++n) {
        const int64_t t = s.at(n), m = rows.count(t);
        Cell::forward(call.variant, m, s.H, Hp, W_hh, bias, h, c, spare, gates(n, first), row);
        for (int64_t i = 0; i < m; ++i) {
          std::memcpy(call.output + rows.packed(t, i) * s.H, h + i * Hp, s.H * sizeof(float));
          if (call.cells) std::memcpy(call.cells + rows.packed(t, i) * s.H, c + i * Hp, s.H * sizeof(float));
        }
      }
    }
    for (int64_t i = 0; i < m0; ++i) {
      std::memcpy(call.hn + rows.batch(i) * s.H, h + i * Hp, s.H * sizeof(float));
      if (call.cn) std::memcpy(call.cn + rows.batch(i) * s.H, c + i * Hp, s.H * sizeof(float));
    }
  }
}

}  // namespace throughtime::ISA
