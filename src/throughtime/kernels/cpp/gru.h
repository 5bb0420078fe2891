// The two gated recurrent units.
#pragma once

#include "step.h"

namespace throughtime::ISA {

// The textbook's; gates r, u, c~, in torch's order.
struct Gru {
  static constexpr int saved = 3, gates = 3, gradients = 3, traced = 3, input_first = 0, state_first = 0, sums = 0;
  static constexpr int input_blocks[] = {0, 1, 2}, state_blocks[] = {0, 1, 2};

  static void forward(const Forward& s) {
    float *r = s.gates, *u = r + s.block, *candidate = u + s.block;
    s.recur(0, 0, 2, s.input);
    s.each([&](int64_t at, int64_t st, int64_t) {
      const vec reset = sigmoid(load(r + at));
      store(r + at, reset);
      store(u + at, sigmoid(load(u + at)));
      store(s.spare + st, reset * load(s.input + st));  // the mask of the dropout is a factor of both
    });
    s.share.step();
    s.recur(2, 2, 1, s.spare);
    s.each([&](int64_t at, int64_t st, int64_t) {
      const vec fresh = hyperbolic_tangent(load(candidate + at)), old = load(s.h + st);
      store(candidate + at, fresh);
      store(s.h_new + st, old + load(u + at) * (fresh - old));
    });
  }

  static void backward(const Backward& s) {
    const float *gate_r = s.gates, *gate_u = gate_r + s.block, *gate_c = gate_u + s.block;
    float *d_r = s.D, *d_u = d_r + s.block, *d_candidate = d_u + s.block;
    s.each_state([&](int64_t at, int64_t st, int64_t j, int64_t i) {
      const vec u = load(gate_u + at), fresh = load(gate_c + at), old = load(s.before + at);
      const vec d = s.arriving(st, i, j), taken = d * u;
      store(d_u + at, taken * (fresh - old) * (1.0f - u));
      store(d_candidate + at, taken * (1.0f - fresh * fresh));
      store(s.d_h + st, d - taken);
      const vec kept = load(gate_r + at) * old;
      store(s.product_input + at, s.mask ? kept * load(s.mask + st) : kept);
    });
    s.share.step();
    s.through<Start::zero>(2, 2, 1, s.spare);  // to r * c<t-1>
    s.each_state([&](int64_t at, int64_t st, int64_t, int64_t) {
      const vec r = load(gate_r + at), d = load(s.spare + st) * r;
      store(d_r + at, d * load(s.before + at) * (1.0f - r));
      store(s.d_h + st, load(s.d_h + st) + d);
    });
    s.share.step();
    s.through<Start::keep>(0, 0, 2, s.d_h);
  }

  static constexpr bool own_input(int block) { return block == 2; }
};

// torch.nn's; gates n, r, z of the inputs' product and r, z, q of the state's, n = tanh(. + r * q).
struct GruResetAfter {
  static constexpr int saved = 4, gates = 3, gradients = 4, traced = 3, input_first = 0, state_first = 1, sums = 0;
  static constexpr int input_blocks[] = {2, 0, 1}, state_blocks[] = {0, 1, 2};

  static void forward(const Forward& s) {
    float *n = s.gates, *r = n + s.block, *z = r + s.block, *q = z + s.block;
    s.recur(1, 0, 2, s.input);
    s.recur<Start::bias>(3, 2, 1, s.input);
    s.each([&](int64_t at, int64_t, int64_t) {
      store(r + at, sigmoid(load(r + at)));
      store(z + at, sigmoid(load(z + at)));
    });
    // apart: this waits for the reset gate, and the units after it would wait with it
    s.each([&](int64_t at, int64_t st, int64_t) {
      const vec fresh = hyperbolic_tangent(load(n + at) + load(r + at) * load(q + at)), old = load(s.h + st);
      store(n + at, fresh);
      store(s.h_new + st, fresh + load(z + at) * (old - fresh));
    });
  }

  static void backward(const Backward& s) {
    const float *n = s.gates, *r = n + s.block, *z = r + s.block, *q = z + s.block;
    s.each_state([&](int64_t at, int64_t st, int64_t j, int64_t i) {
      const vec fresh = load(n + at), reset = load(r + at), keep = load(z + at);
      const vec d = s.arriving(st, i, j), kept = d * keep;
      const vec d_fresh = (d - kept) * (1.0f - fresh * fresh);
      store(s.D + at, d_fresh);
      store(s.D + s.block + at, d_fresh * load(q + at) * reset * (1.0f - reset));
      store(s.D + 2 * s.block + at, kept * (load(s.before + at) - fresh) * (1.0f - keep));
      store(s.D + 3 * s.block + at, d_fresh * reset);
      store(s.d_h + st, kept);
    });
    s.share.step();
    s.through<Start::keep>(1, 0, 3, s.d_h);
  }

  static constexpr bool own_input(int) { return false; }
};

}  // namespace throughtime::ISA
