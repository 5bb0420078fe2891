// a<t> = g(W_ax x + W_aa a<t-1> + b); what is kept is a.
#pragma once

#include "step.h"

namespace throughtime::ISA {

struct Rnn {
  static constexpr int saved = 1, gates = 1, gradients = 1, traced = 0, input_first = 0, state_first = 0, sums = 0;
  static constexpr int input_blocks[] = {0}, state_blocks[] = {0};
  enum { tanh, relu, logistic };

  static void forward(const Forward& s) {
    s.recur(0, 0, 1, s.input);
    auto apply = [&](auto g) {
      s.each([&](int64_t at, int64_t st, int64_t) {
        const vec a = g(load(s.gates + at));
        store(s.gates + at, a);
        store(s.h_new + st, a);
      });
    };
    if (s.variant == tanh) apply([](vec z) { return hyperbolic_tangent(z); });
    if (s.variant == relu) apply([](vec z) { return z < vec{} ? vec{} : z; });
    if (s.variant == logistic) apply([](vec z) { return sigmoid(z); });
  }

  static void backward(const Backward& s) {
    auto apply = [&](auto slope) {
      s.each_state([&](int64_t at, int64_t st, int64_t j, int64_t i) {
        store(s.D + at, slope(s.arriving(st, i, j), load(s.gates + at)));
      });
    };
    if (s.variant == tanh) apply([](vec d, vec a) { return d * (1.0f - a * a); });
    if (s.variant == relu) apply([](vec d, vec a) { return a > vec{} ? d : vec{}; });
    if (s.variant == logistic) apply([](vec d, vec a) { return d * a * (1.0f - a); });
    s.share.step();
    s.through<Start::zero>(0, 0, 1, s.d_h);
  }

  // Which of the chunk's panels the block of W_hh was multiplied with: the states, not a product of its own.
  static constexpr bool own_input(int) { return false; }
};

}  // namespace throughtime::ISA
