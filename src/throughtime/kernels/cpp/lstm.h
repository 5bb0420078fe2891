// The long short-term memory; gates i, f, c~, o, in torch's order.
#pragma once

#include "step.h"

namespace throughtime::ISA {

struct Lstm {
  static constexpr int saved = 4, gates = 4, gradients = 4, traced = 4, input_first = 0, state_first = 0, sums = 0;
  static constexpr int input_blocks[] = {0, 1, 2, 3}, state_blocks[] = {0, 1, 2, 3};

  static void forward(const Forward& s) {
    float *i = s.gates, *f = i + s.block, *g = f + s.block, *o = g + s.block;
    s.recur(0, 0, 4, s.input);
    s.each([&](int64_t at, int64_t st, int64_t) {
      const vec in = sigmoid(load(i + at)), forget = sigmoid(load(f + at)), fresh = hyperbolic_tangent(load(g + at));
      const vec out = sigmoid(load(o + at)), cell = forget * load(s.c + st) + in * fresh;
      store(i + at, in);
      store(f + at, forget);
      store(g + at, fresh);
      store(o + at, out);
      store(s.c_new + st, cell);
    });
    // apart: this waits for the cell state, and the units after it would wait with it
    s.each([&](int64_t at, int64_t st, int64_t) {
      store(s.h_new + st, load(o + at) * hyperbolic_tangent(load(s.c_new + st)));
    });
  }

  static void backward(const Backward& s) {
    const float *i = s.gates, *f = i + s.block, *g = f + s.block, *o = g + s.block;
    s.each_state([&](int64_t at, int64_t st, int64_t j, int64_t row) {
      const vec in = load(i + at), forget = load(f + at), fresh = load(g + at), out = load(o + at);
      const vec old = load(s.c_before + at), squashed = hyperbolic_tangent(forget * old + in * fresh);
      const vec d = s.arriving(st, row, j), d_cell = load(s.d_c + st) + d * out * (1.0f - squashed * squashed);
      store(s.D + at, d_cell * fresh * in * (1.0f - in));
      store(s.D + s.block + at, d_cell * old * forget * (1.0f - forget));
      store(s.D + 2 * s.block + at, d_cell * in * (1.0f - fresh * fresh));
      store(s.D + 3 * s.block + at, d * squashed * out * (1.0f - out));
      store(s.d_c + st, d_cell * forget);
    });
    s.share.step();
    s.through<Start::zero>(0, 0, 4, s.d_h);
  }

  static constexpr bool own_input(int) { return false; }
};

// With peepholes, projection and the normalised cell state, each if its weights are there. Block 4 of what is kept: the
// cell state on its way to the output, normalised but without gain and shift.
struct LstmWithOptions {
  static constexpr int saved = 5, gates = 4, gradients = 4, traced = 4, input_first = 0, state_first = 0;
  static constexpr int sums = 5;  // of the peepholes' gradients, of the cell's gain and shift
  static constexpr int input_blocks[] = {0, 1, 2, 3}, state_blocks[] = {0, 1, 2, 3};

  static vec squashed_input(const float* gain, const float* shift, const float* kept, int64_t at, int64_t j) {
    const vec value = load(kept + at);
    if (gain == nullptr) return value;
    return shift == nullptr ? value * load(gain + j) : value * load(gain + j) + load(shift + j);
  }

  static void forward(const Forward& s) {
    float *i = s.gates, *f = i + s.block, *g = f + s.block, *o = g + s.block, *kept = o + s.block;
    const float* p = s.peephole;
    s.recur(0, 0, 4, s.input);
    s.each([&](int64_t at, int64_t st, int64_t j) {
      const vec old = load(s.c + st);
      vec in = load(i + at), forget = load(f + at), out = load(o + at);
      if (p) in += load(p + j) * old, forget += load(p + s.Hp + j) * old;
      in = sigmoid(in), forget = sigmoid(forget);
      const vec fresh = hyperbolic_tangent(load(g + at)), cell = forget * old + in * fresh;
      if (p) out += load(p + 2 * s.Hp + j) * cell;
      store(i + at, in);
      store(f + at, forget);
      store(g + at, fresh);
      store(o + at, sigmoid(out));
      store(s.c_new + st, cell);
      store(kept + at, cell);
    });
    float* m = s.W_hr ? s.spare : s.h_new;
    if (s.norm_cell) normalise(s.all_units(), kept, s.cell_scale, s.kept_hh.scale_row, [](int64_t, int64_t, vec) {});
    s.each([&](int64_t at, int64_t st, int64_t j) {
      store(m + st, load(o + at) * hyperbolic_tangent(squashed_input(s.norm_cell, s.norm_cell_bias, kept, at, j)));
    });
    if (!s.W_hr) return;
    s.share.step();
    const int64_t us = s.states.first, K = words_of(s.H);
    const Left left = rounded(s.rows, s.H, Rows{m, s.apart, s.state_stride}, s.room);
    product<Start::zero>(s.rows, K, left, Right{s.W_hr + us * K * panel, K * panel}, s.states.second - us,
                         Result{s.h_new + us * s.state_stride, s.apart, s.state_stride});
  }

  static void backward(const Backward& s) {
    const float *i = s.gates, *f = i + s.block, *g = f + s.block, *o = g + s.block, *kept = o + s.block;
    const float* p = s.peephole;
    float *sum = s.sums, *d_output = s.spare;
    arrive(s, d_output);
    // on the way to the cell state; block 2 of D holds what comes to it until the candidate's gradient takes its place
    s.each([&](int64_t at, int64_t st, int64_t j) {
      const vec out = load(o + at), d = load(d_output + st);
      const vec squashed = hyperbolic_tangent(squashed_input(s.norm_cell, s.norm_cell_bias, kept, at, j));
      if (s.D_hr) store(s.projected + at, out * squashed);
      store(s.D + 3 * s.block + at, d * squashed * out * (1.0f - out));
      const vec back = d * out * (1.0f - squashed * squashed);
      store(s.D + 2 * s.block + at, back);
      if (!s.norm_cell) return;
      store(sum + 3 * s.Hp + j, load(sum + 3 * s.Hp + j) + back * load(kept + at));
      store(sum + 4 * s.Hp + j, load(sum + 4 * s.Hp + j) + back);
    });
    if (s.norm_cell)
      normalise_backward(s.all_units(), kept, s.cell_scale, s.kept_hh.scale_row, s.norm_cell, s.D + 2 * s.block,
                         s.D + 2 * s.block);
    s.each([&](int64_t at, int64_t st, int64_t j) {
      const vec in = load(i + at), forget = load(f + at), fresh = load(g + at), old = load(s.c_before + at);
      const vec d_out = load(s.D + 3 * s.block + at);
      vec d_cell = load(s.d_c + st) + load(s.D + 2 * s.block + at);
      if (p) d_cell += d_out * load(p + 2 * s.Hp + j);
      const vec d_in = d_cell * fresh * in * (1.0f - in), d_forget = d_cell * old * forget * (1.0f - forget);
      vec d_old = d_cell * forget;
      if (p) {
        d_old += d_in * load(p + j) + d_forget * load(p + s.Hp + j);
        store(sum + j, load(sum + j) + d_in * old);
        store(sum + s.Hp + j, load(sum + s.Hp + j) + d_forget * old);
        store(sum + 2 * s.Hp + j, load(sum + 2 * s.Hp + j) + d_out * (forget * old + in * fresh));
      }
      store(s.D + at, d_in);
      store(s.D + s.block + at, d_forget);
      store(s.D + 2 * s.block + at, d_cell * in * (1.0f - fresh * fresh));
      store(s.d_c + st, d_old);
    });
    s.share.step();
    s.through<Start::zero>(0, 0, 4, s.d_h);
  }

  // dL/d (o * tanh(c)): what arrives at the hidden state, back through the projection if there is one.
  static void arrive(const Backward& s, float* d_output) {
    s.each_state([&](int64_t at, int64_t st, int64_t j, int64_t row) {
      store(s.D_hr ? s.D_hr + at : d_output + st, s.arriving(st, row, j));
    });
    if (!s.D_hr) return;
    s.share.step();
    const int64_t u = s.units.first, K = words_of(padded(s.S));
    const Left left = rounded(s.rows, padded(s.S), Rows{s.D_hr, s.apart, s.stride}, s.room);
    product<Start::zero>(s.rows, K, left, Right{s.W_hr + u * K * panel, K * panel}, s.units.second - u,
                         Result{d_output + u * s.state_stride, s.apart, s.state_stride});
  }

  static constexpr bool own_input(int) { return false; }
};

}  // namespace throughtime::ISA
