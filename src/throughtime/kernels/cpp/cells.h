// The cells: one step forward and one step backward for m rows. The equations are those of cells/*.py.
// Pre-activations of a step lie in blocks of padded H floats, in the order that each cell states.
#pragma once

#include "backward.h"
#include "forward.h"

namespace throughtime::ISA {

// a<t> = g(W_ax x + W_aa a<t-1> + b)
struct Rnn {
  static constexpr int saved = 1, gates = 1, input_first = 0, state_first = 0;
  static constexpr int input_blocks[] = {0}, state_blocks[] = {0};
  enum { tanh, relu, logistic };

  static void pack_state(const float* W, int64_t H, float* to) { pack_blocks(W, state_blocks, H, H, to); }

  static void forward(int g, int64_t m, int64_t H, int64_t Hp, const float* W, const float*, float* h, float*, float*,
                      float* gates, int64_t row) {
    product<Start::keep>(m, H, Left{h, Hp, 1}, W, Hp / panel, gates, row);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < Hp; j += lanes) {
        const vec z = load(gates + i * row + j);
        store(h + i * Hp + j, g == tanh ? hyperbolic_tangent(z) : g == relu ? select(z < vec{}, vec{}, z) : sigmoid(z));
      }
  }

  static void backward(int g, const Back& b) {
    for (int64_t i = 0; i < b.m; ++i)
      for (int64_t j = 0; j < b.Hp; j += lanes) {
        const int64_t left = b.H - j;
        const vec a = left > 0 ? load_some(b.output[i] + j, left) : vec{};
        vec d = load(b.d_h + i * b.Hp + j);
        if (left > 0) d += load_some(b.incoming[i] + j, left);
        d = g == tanh ? d * (1.0f - a * a) : g == relu ? select(a > vec{}, d, vec{}) : d * a * (1.0f - a);
        store(b.d_gates + i * b.d_row + j, d);
      }
    product<Start::zero>(b.m, b.Hp, Left{b.d_gates, b.d_row, 1}, b.weights, b.Hp / panel, b.d_h, b.Hp);
  }

  static void add_state_gradient(int64_t K, const float* D, int64_t d_row, int64_t Hp, const float* const* before,
                                 const float* const*, int64_t H, float* panels, float* dW) {
    add_weight_gradient(K, D, d_row, Hp, before, H, panels, dW);
  }
};

// The textbook's GRU; blocks r, u, c~.
struct Gru {
  static constexpr int saved = 3, gates = 3, input_first = 0, state_first = 0;
  static constexpr int input_blocks[] = {0, 1, 2}, state_blocks[] = {0, 1, 2};
  static constexpr int gate_blocks[] = {0, 1}, candidate_block[] = {2};

  static void pack_state(const float* W, int64_t H, float* to) {
    pack_blocks(W, gate_blocks, H, H, to);
    pack_blocks(W, candidate_block, H, H, to + 2 * padded(H) * padded(H));
  }

  static void forward(int, int64_t m, int64_t H, int64_t Hp, const float* W, const float*, float* h, float*,
                      float* reset, float* gates, int64_t row) {
    product<Start::keep>(m, H, Left{h, Hp, 1}, W, 2 * Hp / panel, gates, row);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < Hp; j += lanes) {
        float* z = gates + i * row + j;
        const vec r = sigmoid(load(z));
        store(z, r);
        store(z + Hp, sigmoid(load(z + Hp)));
        store(reset + i * Hp + j, r * load(h + i * Hp + j));
      }
    product<Start::keep>(m, H, Left{reset, Hp, 1}, W + 2 * Hp * H, Hp / panel, gates + 2 * Hp, row);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < Hp; j += lanes) {
        float* z = gates + i * row + j;
        const vec u = load(z + Hp), candidate = hyperbolic_tangent(load(z + 2 * Hp)), old = load(h + i * Hp + j);
        store(z + 2 * Hp, candidate);
        store(h + i * Hp + j, old + u * (candidate - old));
      }
  }

  static void backward(int, const Back& b) {
    for (int64_t i = 0; i < b.m; ++i)
      for (int64_t j = 0; j < b.Hp; j += lanes) {
        const int64_t left = b.H - j;
        const float* z = b.gates + i * b.row + j;
        const vec r = load(z), u = load(z + b.Hp), candidate = load(z + 2 * b.Hp);
        const vec old = left > 0 ? load_some(b.before[i] + j, left) : vec{};
        vec d = load(b.d_h + i * b.Hp + j);
        if (left > 0) d += load_some(b.incoming[i] + j, left);
        float* to = b.d_gates + i * b.d_row + j;
        store(to + b.Hp, d * (candidate - old) * u * (1.0f - u));
        store(to + 2 * b.Hp, d * u * (1.0f - candidate * candidate));
        store(b.d_h + i * b.Hp + j, d * (1.0f - u));
        store(b.product + i * b.Hp + j, r * old);
      }
    // through the candidate's product to r * c<t-1>
    product<Start::zero>(b.m, b.Hp, Left{b.d_gates + 2 * b.Hp, b.d_row, 1}, b.weights + 2 * b.Hp * b.Hp, b.Hp / panel,
                         b.spare, b.Hp);
    for (int64_t i = 0; i < b.m; ++i)
      for (int64_t j = 0; j < b.Hp; j += lanes) {
        const int64_t left = b.H - j;
        const vec r = load(b.gates + i * b.row + j), d = load(b.spare + i * b.Hp + j);
        const vec old = left > 0 ? load_some(b.before[i] + j, left) : vec{};
        store(b.d_gates + i * b.d_row + j, d * old * r * (1.0f - r));
        store(b.d_h + i * b.Hp + j, load(b.d_h + i * b.Hp + j) + d * r);
      }
    product<Start::keep>(b.m, 2 * b.Hp, Left{b.d_gates, b.d_row, 1}, b.weights, b.Hp / panel, b.d_h, b.Hp);
  }

  static void add_state_gradient(int64_t K, const float* D, int64_t d_row, int64_t Hp, const float* const* before,
                                 const float* const* products, int64_t H, float* panels, float* dW) {
    add_weight_gradient(K, D, d_row, 2 * Hp, before, H, panels, dW);
    add_weight_gradient(K, D + 2 * Hp, d_row, Hp, products, H, panels, dW + 2 * Hp * Hp);
  }
};

// torch.nn's GRU; blocks n, r, z of the inputs' product and r, z, q of the state's, n = tanh(. + r * q).
struct GruResetAfter {
  static constexpr int saved = 4, gates = 3, input_first = 0, state_first = 1;
  static constexpr int input_blocks[] = {2, 0, 1}, state_blocks[] = {0, 1, 2};

  static void pack_state(const float* W, int64_t H, float* to) { pack_blocks(W, state_blocks, H, H, to); }

  static void forward(int, int64_t m, int64_t H, int64_t Hp, const float* W, const float* bias, float* h, float*,
                      float*, float* gates, int64_t row) {
    product<Start::keep>(m, H, Left{h, Hp, 1}, W, 2 * Hp / panel, gates + Hp, row);
    product<Start::bias>(m, H, Left{h, Hp, 1}, W + 2 * Hp * H, Hp / panel, gates + 3 * Hp, row, bias + 3 * Hp);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < Hp; j += lanes) {
        float* at = gates + i * row + j;
        const vec r = sigmoid(load(at + Hp)), z = sigmoid(load(at + 2 * Hp));
        const vec candidate = hyperbolic_tangent(load(at) + r * load(at + 3 * Hp)), old = load(h + i * Hp + j);
        store(at, candidate);
        store(at + Hp, r);
        store(at + 2 * Hp, z);
        store(h + i * Hp + j, candidate + z * (old - candidate));
      }
  }

  static void backward(int, const Back& b) {
    for (int64_t i = 0; i < b.m; ++i)
      for (int64_t j = 0; j < b.Hp; j += lanes) {
        const int64_t left = b.H - j;
        const float* at = b.gates + i * b.row + j;
        const vec candidate = load(at), r = load(at + b.Hp), z = load(at + 2 * b.Hp), q = load(at + 3 * b.Hp);
        const vec old = left > 0 ? load_some(b.before[i] + j, left) : vec{};
        vec d = load(b.d_h + i * b.Hp + j);
        if (left > 0) d += load_some(b.incoming[i] + j, left);
        const vec d_candidate = d * (1.0f - z) * (1.0f - candidate * candidate);
        float* to = b.d_gates + i * b.d_row + j;
        store(to, d_candidate);
        store(to + b.Hp, d_candidate * q * r * (1.0f - r));
        store(to + 2 * b.Hp, d * (old - candidate) * z * (1.0f - z));
        store(to + 3 * b.Hp, d_candidate * r);
        store(b.d_h + i * b.Hp + j, d * z);
      }
    product<Start::keep>(b.m, 3 * b.Hp, Left{b.d_gates + b.Hp, b.d_row, 1}, b.weights, b.Hp / panel, b.d_h, b.Hp);
  }

  static void add_state_gradient(int64_t K, const float* D, int64_t d_row, int64_t Hp, const float* const* before,
                                 const float* const*, int64_t H, float* panels, float* dW) {
    add_weight_gradient(K, D + Hp, d_row, 3 * Hp, before, H, panels, dW);
  }
};

// Blocks i, f, g, o.
struct Lstm {
  static constexpr int saved = 4, gates = 4, input_first = 0, state_first = 0;
  static constexpr int input_blocks[] = {0, 1, 2, 3}, state_blocks[] = {0, 1, 2, 3};

  static void pack_state(const float* W, int64_t H, float* to) { pack_blocks(W, state_blocks, H, H, to); }

  static void forward(int, int64_t m, int64_t H, int64_t Hp, const float* W, const float*, float* h, float* c, float*,
                      float* gates, int64_t row) {
    product<Start::keep>(m, H, Left{h, Hp, 1}, W, 4 * Hp / panel, gates, row);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < Hp; j += lanes) {
        float* at = gates + i * row + j;
        const vec in = sigmoid(load(at)), forget = sigmoid(load(at + Hp));
        const vec candidate = hyperbolic_tangent(load(at + 2 * Hp)), out = sigmoid(load(at + 3 * Hp));
        const vec cell = forget * load(c + i * Hp + j) + in * candidate;
        store(at, in);
        store(at + Hp, forget);
        store(at + 2 * Hp, candidate);
        store(at + 3 * Hp, out);
        store(c + i * Hp + j, cell);
        store(h + i * Hp + j, out * hyperbolic_tangent(cell));
      }
  }

  static void backward(int, const Back& b) {
    for (int64_t i = 0; i < b.m; ++i)
      for (int64_t j = 0; j < b.Hp; j += lanes) {
        const int64_t left = b.H - j;
        const float* at = b.gates + i * b.row + j;
        const vec in = load(at), forget = load(at + b.Hp), candidate = load(at + 2 * b.Hp), out = load(at + 3 * b.Hp);
        const vec old = left > 0 ? load_some(b.cell_before[i] + j, left) : vec{};
        const vec squashed = left > 0 ? hyperbolic_tangent(load_some(b.cell[i] + j, left)) : vec{};
        vec d = load(b.d_h + i * b.Hp + j);
        if (left > 0) d += load_some(b.incoming[i] + j, left);
        const vec d_cell = load(b.d_c + i * b.Hp + j) + d * out * (1.0f - squashed * squashed);
        float* to = b.d_gates + i * b.d_row + j;
        store(to, d_cell * candidate * in * (1.0f - in));
        store(to + b.Hp, d_cell * old * forget * (1.0f - forget));
        store(to + 2 * b.Hp, d_cell * in * (1.0f - candidate * candidate));
        store(to + 3 * b.Hp, d * squashed * out * (1.0f - out));
        store(b.d_c + i * b.Hp + j, d_cell * forget);
      }
    product<Start::zero>(b.m, 4 * b.Hp, Left{b.d_gates, b.d_row, 1}, b.weights, b.Hp / panel, b.d_h, b.Hp);
  }

  static void add_state_gradient(int64_t K, const float* D, int64_t d_row, int64_t Hp, const float* const* before,
                                 const float* const*, int64_t H, float* panels, float* dW) {
    add_weight_gradient(K, D, d_row, 4 * Hp, before, H, panels, dW);
  }
};

}  // namespace throughtime::ISA
