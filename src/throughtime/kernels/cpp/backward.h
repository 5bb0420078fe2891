// One direction of one layer over time, backward: gradients of inputs, initial states and weights.
#pragma once

#include "rows.h"

namespace throughtime::ISA {

// What one step of a cell's backward pass reads and writes; m rows.
struct Back {
  int64_t m, H, Hp;
  const float* gates;           // saved in the forward pass
  int64_t row;                  // from one row of gates to the next
  const float* const* output;   // (m) rows of the state after the step
  const float* const* before;   // (m) rows of the state before it
  const float* const* cell;     // (m) rows of the cell state after the step, LSTM only
  const float* const* cell_before;
  const float* const* incoming;  // (m) rows of dL/d output
  const float* weights;          // W_hh packed for products with it
  float *d_h, *d_c;              // (m, Hp) in: from the step after; out: for the step before
  float* d_gates;                // (m, ..) gradients of the pre-activations, `d_row` floats a row
  int64_t d_row;
  float *spare, *product;        // (m, Hp); `product`: what stood in place of the state in the last gate's product
};

// dW += D^T S over K rows, where D are gradients of pre-activations and S rows of states or inputs.
inline void add_weight_gradient(int64_t K, const float* D, int64_t d_row, int64_t gate_columns,
                                const float* const* source, int64_t columns, float* panels, float* dW) {
  const int64_t wide = padded(columns);
  for (int64_t p = 0; p < wide / panel; ++p) {
    const int64_t width = std::min<int64_t>(panel, columns - p * panel);
    for (int64_t q = 0; q < K; ++q) pad_row(source[q] + p * panel, width, panels + (p * K + q) * panel, panel);
  }
  // gate columns outside, panels inside: a strip of D stays in the nearest cache
  for (int64_t m = 0; m < gate_columns; m += tile_rows)
    product<Start::apart, true>(std::min<int64_t>(tile_rows, gate_columns - m), K, Left{D + m, 1, d_row}, panels,
                               wide / panel, dW + m * wide, wide);
}

// Rows of packed blocks (padded) of several threads' gradients, summed into torch's layout.
template <int N>
void sum_blocks(const std::vector<float*>& parts, const int (&blocks)[N], int64_t H, int64_t columns, int64_t wide,
                float* to) {
  const int64_t Hp = padded(H);
#pragma omp for schedule(static)
  for (int64_t r = 0; r < N * H; ++r) {
    const int64_t b = r / H, j = r % H;
    float* out = to + (blocks[b] * H + j) * columns;
    for (int64_t i = 0; i < columns; ++i) {
      float total = 0.0f;
      for (const float* part : parts) total += part[(b * Hp + j) * wide + i];
      out[i] = total;
    }
  }
}

template <class Cell>
void backward(const Call& call) {
  const Shared<Cell> s(call);
  static thread_local Arena shared_memory;
  const int64_t Hp = s.Hp, GHp = Cell::gates * Hp;
  shared_memory.begin(GHp * s.Ip + GHp * Hp + 64);
  float* W_ih = shared_memory.take(GHp * s.Ip);
  float* W_hh = shared_memory.take(GHp * Hp);
  std::vector<float*> dW_ih(s.threads), dW_hh(s.threads), d_bias(s.threads);
#pragma omp parallel num_threads(s.threads)
  {
    if (call.d_x) pack_blocks(call.weight_ih, Cell::input_blocks, s.H, s.I, W_ih);
    Cell::pack_state(call.weight_hh, s.H, W_hh);
    const Rows<Cell> rows{s, omp_get_thread_num(), omp_get_num_threads()};
    const int64_t m0 = rows.count(0), chunk = rows.chunk(), width = s.saved();
    // a stride that is a power of two would crowd every row into the same cache sets
    const int64_t K = chunk * m0, d_row = width + 16, widest = std::max(Hp, s.Ip);
    static thread_local Arena memory;
    memory.begin(m0 * Hp * 3 + K * (d_row + Hp + s.Ip + widest) + GHp * (s.Ip + Hp) + width + 1024);
    float* d_h = memory.take(m0 * Hp);
    float* d_c = memory.take(m0 * Hp);
    float* spare = memory.take(m0 * Hp);
    float* D = memory.take(K * d_row);
    float* in_product = memory.take(K * Hp);
    float* d_x = memory.take(K * s.Ip);
    float* panels = memory.take(K * widest);
    float* mine_ih = dW_ih[rows.k] = memory.take(GHp * s.Ip);
    float* mine_hh = dW_hh[rows.k] = memory.take(GHp * Hp);
    float* mine_bias = d_bias[rows.k] = memory.take(width);
    std::memset(mine_ih, 0, GHp * s.Ip * sizeof(float));
    std::memset(mine_hh, 0, GHp * Hp * sizeof(float));
    std::memset(mine_bias, 0, width * sizeof(float));
    for (int64_t i = 0; i < m0; ++i) {
      pad_row(call.d_hn + rows.batch(i) * s.H, s.H, d_h + i * Hp, Hp);
      if (call.d_cn) pad_row(call.d_cn + rows.batch(i) * s.H, s.H, d_c + i * Hp, Hp);
    }
    std::vector<const float*> after(K), before(K), cell(K), cell_before(K), incoming(K), inputs(K), products(K);
    for (int64_t q = 0; q < K; ++q) products[q] = in_product + q * Hp;
    // the state before step t of one row: the step before in the sweep, or the initial one
    auto previous = [&](const float* all, const float* initial, int64_t t, int64_t i) {
      const int64_t b = t + (call.reverse ? 1 : -1);
      if (b < 0 || b >= s.T || rows.batch(i) >= call.sizes[b]) return initial + rows.batch(i) * s.H;
      return all + rows.packed(b, i) * s.H;
    };
#pragma omp barrier
    for (int64_t end = s.T; end > 0; end -= std::min(chunk, end)) {
      int64_t q = 0;
      for (int64_t n = end - 1; n >= std::max<int64_t>(0, end - chunk); --n) {
        const int64_t t = s.at(n), m = rows.count(t);
        for (int64_t i = 0; i < m; ++i) {
          const int64_t packed = rows.packed(t, i);
          after[q + i] = call.output + packed * s.H;
          before[q + i] = previous(call.output, call.h0, t, i);
          if (call.cells) {
            cell[q + i] = call.cells + packed * s.H;
            cell_before[q + i] = previous(call.cells, call.c0, t, i);
          }
          incoming[q + i] = call.d_output + packed * s.H;
          inputs[q + i] = call.x + packed * s.I;
        }
        Cell::backward(call.variant,
                       Back{m, s.H, Hp, call.gates + rows.packed(t, 0) * width, rows.P * width, &after[q], &before[q],
                            &cell[q], &cell_before[q], &incoming[q], W_hh, d_h, d_c, D + q * d_row, d_row, spare,
                            in_product + q * Hp});
        q += m;
      }
      if (q == 0) continue;
      const float* D_in = D + Cell::input_first * Hp;
      add_weight_gradient(q, D_in, d_row, GHp, inputs.data(), s.I, panels, mine_ih);
      Cell::add_state_gradient(q, D, d_row, Hp, before.data(), products.data(), s.H, panels, mine_hh);
      for (int64_t j = 0; j < width; j += lanes) {
        vec sum{};
        for (int64_t r = 0; r < q; ++r) sum += load(D + r * d_row + j);
        store(mine_bias + j, load(mine_bias + j) + sum);
      }
      if (call.d_x) {
        product<Start::zero>(q, GHp, Left{D_in, d_row, 1}, W_ih, s.Ip / panel, d_x, s.Ip);
        for (int64_t r = 0; r < q; ++r)
          std::memcpy(call.d_x + (inputs[r] - call.x), d_x + r * s.Ip, s.I * sizeof(float));
      }
    }
    for (int64_t i = 0; i < m0; ++i) {
      std::memcpy(call.d_h0 + rows.batch(i) * s.H, d_h + i * Hp, s.H * sizeof(float));
      if (call.d_c0) std::memcpy(call.d_c0 + rows.batch(i) * s.H, d_c + i * Hp, s.H * sizeof(float));
    }
#pragma omp barrier
    sum_blocks(dW_ih, Cell::input_blocks, s.H, s.I, s.Ip, call.d_weight_ih);
    sum_blocks(dW_hh, Cell::state_blocks, s.H, s.H, Hp, call.d_weight_hh);
    if (call.d_bias_ih) {
      std::vector<float*> of_input(d_bias), of_state(d_bias);
      for (float*& part : of_input) part += Cell::input_first * Hp;
      for (float*& part : of_state) part += Cell::state_first * Hp;
      sum_blocks(of_input, Cell::input_blocks, s.H, 1, 1, call.d_bias_ih);
      sum_blocks(of_state, Cell::state_blocks, s.H, 1, 1, call.d_bias_hh);
    }
  }
}

}  // namespace throughtime::ISA
