// One step of one thread: what a cell reads and writes. Gates, gradients and states lie in panels; block b of the gates
// of a step begins at gates + b * block.
#pragma once

#include "norm.h"
#include "packing.h"

namespace throughtime::ISA {

// The thread's rows and units in one step.
struct Place {
  int64_t rows, apart;            // rows that are this thread's; floats from one to the next
  std::pair<int64_t, int64_t> units, states;  // its panels of units, of the hidden state
  int64_t H, S, Hp;               // units, size of the hidden state; H padded
  int64_t stride, block;          // floats from panel to panel in the chunk, from block to block
  int64_t state_stride;           // floats from panel to panel of what has one row a sequence
  const Share& share;
  word* room;                     // where it rounds what it multiplies

  // f(place in a block, place in a state, first unit) for every vector of this thread's part.
  template <class F>
  void each(F f) const {
    for (int64_t u = units.first; u < units.second; ++u)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t v = 0; v < panel; v += lanes)
          f(u * stride + i * apart + v, u * state_stride + i * apart + v, u * panel + v);
  }
  // The same over the hidden state, with the row.
  template <class F>
  void each_state(F f) const {
    for (int64_t u = states.first; u < states.second; ++u)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t v = 0; v < panel; v += lanes)
          f(u * stride + i * apart + v, u * state_stride + i * apart + v, u * panel + v, i);
  }
  Block all_units() const { return {rows, apart, stride, Hp / panel, H}; }
};

// x W^T for rows first, ..., end-1 of W as torch stores it: no packing, for one step of very few rows. Four parts of W
// are read side by side, each from one end to the other: x is loaded once for four rows, and the processor fetches
// ahead.
template <int M>
void dots(const float* W, int64_t K, int64_t first, int64_t end, Rows x, const float* bias, bool keep, Result to) {
  constexpr int parts = 4;
  constexpr int apart = M == 1 ? 2 : 1;  // sums of a row side by side, so that none waits for its own addition
  const int64_t part = (end - first + parts - 1) / parts;
  for (int64_t j = first; j < first + part; ++j) {
    const float* rows[parts];
    for (int64_t r = 0; r < parts; ++r) rows[r] = W + std::min(j + r * part, end - 1) * K;
    vec sum[parts][M][apart]{};
    const float* right = x.data;
    int64_t k = 0;
    auto add = [&](int64_t column, int v, auto load_word) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i) {
        const vec other = load_word(right + i * x.row + column);
#pragma GCC unroll 4
        for (int r = 0; r < parts; ++r) sum[r][i][v] += load_word(rows[r] + k + column) * other;
      }
    };
    auto all_lanes = [](const float* from) { return load(from); };
    for (; k + panel <= K; k += panel, right += x.block) add(0, 0, all_lanes), add(lanes, apart - 1, all_lanes);
    for (int64_t column = 0; k + column < K; column += lanes)
      add(column, 0, [&](const float* from) { return load_some(from, K - k - column); });
#pragma GCC unroll 4
    for (int r = 0; r < parts; ++r)
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i) {
        const float all = total(apart == 2 ? sum[r][i][0] + sum[r][i][apart - 1] : sum[r][i][0]);
        const int64_t unit = j + r * part;
        if (unit >= end) continue;
        float* out = to.data + unit / panel * to.stride + i * to.row + unit % panel;
        *out = all + (bias ? bias[unit] : 0.0f) + (keep ? *out : 0.0f);
      }
  }
}

inline void dot_rows(const float* W, int64_t K, int64_t first, int64_t end, int64_t M, Rows x, const float* bias,
                     bool keep, Result to) {
  switch (M) {
    case 1: return dots<1>(W, K, first, end, x, bias, keep, to);
    case 2: return dots<2>(W, K, first, end, x, bias, keep, to);
    case 3: return dots<3>(W, K, first, end, x, bias, keep, to);
    case 4: return dots<4>(W, K, first, end, x, bias, keep, to);
  }
}

// What a layer normalisation keeps of one product: block b of the normalised values at values + b * block, and
// 1 / deviation of block b at scale + b, `scale_row` floats from row to row.
struct Kept {
  float *values, *scale;
  int64_t scale_row;
};

struct Forward : Place {
  int variant;
  float* gates;
  const float *h, *c;        // states before the step
  float *h_new, *c_new;      // after it
  const float* input;        // h on its way into a product
  const float* mask;         // factor of a state on its way into a product; null: none
  float *spare, *spare2;
  const word *W_hh, *W_hr;     // packed
  const float* raw_hh;         // as torch stores it: taken instead of the packed one, if it is not null
  const float* bias;           // block by block of the gates
  const float *peephole, *norm_hh, *norm_cell, *norm_cell_bias;
  Kept kept_hh;
  float* cell_scale;         // LSTM with layer normalisation: 1 / deviation of c, kept_hh.scale_row apart

  // Blocks gate, gate+1, ... of the gates += (or = bias +) state * rows of block first, first+1, ... of W_hh.
  template <Start start = Start::keep>
  void recur(int64_t gate, int64_t first, int64_t count, const float* state) const {
    const Rows given{state, apart, state_stride};
    const Left left = raw_hh ? Left{} : rounded(rows, S, given, room);
    const int64_t U = Hp / panel, wide = units.second - units.first, K = words_of(S);
    for (int64_t b = 0; b < count; ++b) {
      float* to = gates + (gate + b) * block;
      const float* add = start == Start::bias ? bias + (gate + b) * Hp : nullptr;
      const Right right{W_hh + ((first + b) * U + units.first) * K * panel, K * panel};
      if (norm_hh) {
        float* values = kept_hh.values + (first + b) * block;
        product<Start::zero>(rows, K, left, right, wide, Result{values, apart, stride});
        const float* gain = norm_hh + (first + b) * Hp;
        normalise(all_units(), values, kept_hh.scale + first + b, kept_hh.scale_row,
                  [&](int64_t at, int64_t j, vec value) {
                    store(to + at, load(gain + j) * value + load(start == Start::bias ? add + j : to + at));
                  });
      } else if (raw_hh) {
        dot_rows(raw_hh + (first + b) * H * S, S, units.first * panel, std::min(H, units.second * panel), rows, given,
                 add, start == Start::keep, Result{to, apart, stride});
      } else {
        product<start>(rows, K, left, right, wide, Result{to + units.first * stride, apart, stride},
                       add ? add + units.first * panel : nullptr);
      }
    }
  }
};

struct Backward : Place {
  int variant, gate_blocks;
  const float* gates;
  float* D;                   // gradients of the pre-activations, block by block
  float* D_hh;                // the same before the layer normalisation of the state's product, by block of W_hh
  const float *before, *c_before;  // states before the step, in the chunk's panels
  float* product_input;       // (chunk) what stood in place of the state in the last product of the textbook GRU
  float *D_hr, *projected;    // (chunk) LSTM with projection: gradient of the output, and what was projected
  const float* incoming;      // dL/d output as torch stores it, `incoming_row` floats from row to row; null: in d_h already
  int64_t incoming_row;
  float *d_h, *d_c;           // in: from the step after; out: for the step before
  float *spare, *spare2;
  const word *W_hh, *W_hr;
  const float* mask;
  const float *peephole, *norm_hh, *norm_cell, *norm_cell_bias;
  Kept kept_hh;
  const float* cell_scale;
  float* sums;                // this thread's sums over rows and steps: LSTM, 5 blocks

  // All of dL/d hidden state at row i, unit j: from the step after and from the output.
  vec arriving(int64_t at_state, int64_t i, int64_t j) const {
    const vec d = load(d_h + at_state);
    return incoming && j < S ? d + load_some(incoming + i * incoming_row + j, S - j) : d;
  }

  // to = (or +=) gradients of gates `gate`, gate+1, ... times blocks first, first+1, ... of W_hh.
  template <Start start>
  void through(int64_t gate, int64_t first, int64_t count, float* to) const {
    const float* from = D + gate * block;
    if (norm_hh) {
      for (int64_t b = first; b < first + count; ++b)
        normalise_backward(all_units(), kept_hh.values + b * block, kept_hh.scale + b, kept_hh.scale_row,
                           norm_hh + b * Hp, D + (gate + b - first) * block, D_hh + b * block);
      from = D_hh + first * block;
    }
    const int64_t block_words = words_of(Hp) * panel, high = gate_blocks * block_words, us = states.first;
    const Right right{W_hh + us * high + first * block_words, high};
    float* out = mask ? spare2 : to;
    const Result result{out + us * state_stride, apart, state_stride};
    const int64_t K = count * words_of(Hp);
    const Left left = rounded(rows, count * Hp, Rows{from, apart, stride}, room);
    if (!mask) return product<start>(rows, K, left, right, states.second - us, result);
    product<Start::zero>(rows, K, left, right, states.second - us, result);
    each_state([&](int64_t, int64_t st, int64_t, int64_t) {
      const vec value = load(out + st) * load(mask + st);
      store(to + st, start == Start::keep ? value + load(to + st) : value);
    });
  }
};

}  // namespace throughtime::ISA
