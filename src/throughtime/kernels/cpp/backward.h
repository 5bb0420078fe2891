// One direction of one layer over time, backward: gradients of inputs, initial states and weights.
#pragma once

#include "step.h"

namespace throughtime::ISA {

template <class Cell>
struct BackwardSweep {
  const Call& call;
  const Layout<Cell> s;
  const bool normed;
  word *W_ih, *W_hh, *W_hr;
  Room room;
  float *peephole, *gain_ih, *gain_hh, *gain_cell, *shift_cell, *mask;
  float *d_h, *d_c, *spare, *spare2, *kept_h, *kept_c;  // a row a sequence
  float *D, *D_ih, *D_hh, *D_hr, *projected;            // gradients of a chunk
  float *before, *masked, *c_before, *product_input, *inputs;  // what they are multiplied with
  float *edge, *sums, *bias_sums, *gain_sums;

  explicit BackwardSweep(const Call& given, Scratch& memory)
      : call(given), s(given), normed(call.weights.norm_hh), room(s, std::max(Cell::gates * s.Hp, s.Us * panel)) {
    const int64_t Hp = s.Hp, Sp = s.Us * panel, Ip = padded(s.I), N = s.largest, G = Cell::gates;
    const Weights<const float>& w = call.weights;
    memory.lay([&](auto take) {
      auto maybe = [&](bool there, int64_t floats) { return there ? take(floats) : nullptr; };
      auto packed = [&](bool there, int64_t words) { return reinterpret_cast<word*>(maybe(there, words)); };
      W_ih = packed(call.d_x, G * s.Hpw * Ip), W_hh = packed(true, G * s.Hpw * Sp);
      W_hr = packed(w.hr, words_of(Sp) * Hp), room.start = packed(terms > 1, room.size(s));
      peephole = maybe(w.peephole, 3 * Hp), mask = maybe(call.mask, s.B * Sp);
      gain_ih = maybe(normed, G * Hp), gain_hh = maybe(normed, G * Hp);
      gain_cell = maybe(w.norm_cell, Hp), shift_cell = maybe(w.norm_cell_bias, Hp);
      const int64_t widest = s.B * std::max(Hp, Sp);
      d_h = take(s.B * Sp), d_c = maybe(call.c0, s.B * Hp), spare = take(widest), spare2 = take(widest);
      kept_h = maybe(call.zone[0].there, s.B * Sp), kept_c = maybe(call.zone[1].there, s.B * Hp);
      D = take(Cell::gradients * N * Hp), D_ih = maybe(normed, G * N * Hp), D_hh = maybe(normed, G * N * Hp);
      D_hr = maybe(w.hr, N * Sp), projected = maybe(w.hr, N * Hp);
      before = take(N * Sp), masked = maybe(call.mask, N * Sp), c_before = maybe(call.c0, N * Hp);
      product_input = maybe(Cell::own_input(G - 1), N * Hp), inputs = take(N * Ip);
      edge = maybe(call.d_x && s.I % panel, N * panel);
      sums = maybe(Cell::sums, call.threads * Cell::sums * Hp);
      bias_sums = take(Cell::gradients * Hp), gain_sums = maybe(normed, 2 * G * Hp);
    });
  }

  void pack(const Share& me) const {
    const Weights<const float>& w = call.weights;
    const auto [first, end] = me.part(s.Us);
    // rows of the blocks in the order of the gates
    auto blocks = [&](const float* W, const int(&order)[Cell::gates], int64_t columns, int64_t p, word* to) {
      for (int b = 0; b < Cell::gates; ++b)
        pack_panel(W + order[b] * s.H * columns, 1, s.H, columns, p, to + (p * Cell::gates + b) * s.Hpw * panel);
    };
    for (int64_t p = first; p < end; ++p) blocks(w.hh, Cell::state_blocks, s.S, p, W_hh);
    const auto [from, to] = me.part(panels_of(s.I));
    for (int64_t p = from; call.d_x && p < to; ++p) blocks(w.ih, Cell::input_blocks, s.I, p, W_ih);
    const auto [begin, stop] = me.part(s.U);
    for (int64_t p = begin; w.hr && p < stop; ++p)
      pack_panel(w.hr, 1, s.S, s.H, p, W_hr + p * words_of(s.Us * panel) * panel);
    const auto [row, last] = me.part(s.B);
    spread(call.d_hn, s.S, s.B, row, last, d_h);  // what does not come in is zero
    if (call.c0) spread(call.d_cn, s.H, s.B, row, last, d_c);
    if (call.mask) spread(call.mask, s.S, s.B, row, last, mask);
    if (Cell::sums) std::fill_n(sums + me.thread * Cell::sums * s.Hp, Cell::sums * s.Hp, 0.0f);
    if (me.thread == 0) pack_vectors();
  }

  void pack_vectors() const {
    const Weights<const float>& w = call.weights;
    if (w.peephole) pad_blocks(w.peephole, 3, s.H, peephole);
    for (int b = 0; normed && b < Cell::gates; ++b) {
      pad_blocks(w.norm_ih + Cell::input_blocks[b] * s.H, 1, s.H, gain_ih + b * s.Hp);
      pad_blocks(w.norm_hh + Cell::state_blocks[b] * s.H, 1, s.H, gain_hh + b * s.Hp);
    }
    if (w.norm_cell) pad_blocks(w.norm_cell, 1, s.H, gain_cell);
    if (w.norm_cell_bias) pad_blocks(w.norm_cell_bias, 1, s.H, shift_cell);
    std::fill_n(bias_sums, Cell::gradients * s.Hp, 0.0f);
    if (normed) std::fill_n(gain_sums, 2 * Cell::gates * s.Hp, 0.0f);
  }

  void run(const Share& me) const {
    pack(me);
    me.together();
    const int64_t chunks = s.count();
    for (int64_t n = 0; n < chunks; ++n) {
      const Chunk chunk = s.chunk(call.reverse ? n : chunks - 1 - n);
      for (int64_t t = chunk.begin; t < chunk.end; ++t) states_before(me, chunk, t);
      const auto [first, end] = me.part(panels_of(s.I));
      for (int64_t p = first; p < end; ++p)
        for (int64_t q = 0; q < chunk.rows; ++q)
          to_panel(call.x + (chunk.base + q) * s.I + p * panel, s.I - p * panel, inputs + (p * chunk.rows + q) * panel);
      for (int64_t i = 0; i < chunk.end - chunk.begin; ++i)
        step(me, chunk, call.reverse ? chunk.begin + i : chunk.end - 1 - i);
      if (me.by_units()) me.together();  // else each thread goes on with its own rows
      if (call.d_x) into_inputs(me, chunk);
      if (!me.by_units()) me.together();
      if (terms > 1) fold_states(me, chunk), me.together();
      weights(me, chunk, n == 0);
      me.together();  // before the next chunk takes the place of this one
    }
    for (int64_t i = 0; i < me.rows(s.B); ++i) finish(me, me.row(i));
    if (me.thread == 0) small_gradients(me.threads);
  }

  // The states before step t: those after the step before it in the sweep, or the initial ones.
  void states_before(const Share& me, const Chunk& chunk, int64_t t) const {
    const int64_t b = t + (call.reverse ? 1 : -1);
    const int64_t there = b < 0 || b >= s.T ? 0 : call.sizes[b];
    for (int64_t own = 0; own < me.rows(call.sizes[t]); ++own) {
      const int64_t i = me.row(own);
      const int64_t q = s.offsets[t] - chunk.base + i;
      const float* h = i < there ? call.output + (s.offsets[b] + i) * s.S : call.h0 + i * s.S;
      const auto [first, end] = me.units(s.Us);
      for (int64_t p = first; p < end; ++p) {
        float* to = before + (p * chunk.rows + q) * panel;
        to_panel(h + p * panel, s.S - p * panel, to);
        for (int64_t v = 0; mask && v < panel; v += lanes)
          store(masked + (p * chunk.rows + q) * panel + v, load(to + v) * load(mask + (p * s.B + i) * panel + v));
      }
      if (!call.c0) continue;
      const float* c = i < there ? call.cells + (s.offsets[b] + i) * s.H : call.c0 + i * s.H;
      const auto [from, to] = me.units(s.U);
      for (int64_t p = from; p < to; ++p)
        to_panel(c + p * panel, s.H - p * panel, c_before + (p * chunk.rows + q) * panel);
    }
  }

  void step(const Share& me, const Chunk& chunk, int64_t t) const {
    const int64_t rows = me.rows(call.sizes[t]), q = s.offsets[t] - chunk.base + me.first();
    const int64_t stride = chunk.rows * panel, row = q * panel, here = me.first() * panel;
    auto at = [](auto* base, int64_t offset) { return base ? base + offset : nullptr; };
    Backward b{Place{rows, me.apart() * panel, me.units(s.U), me.units(s.Us), s.H, s.S, s.Hp, stride, s.U * stride,
                     s.B * panel, me, room.of(me)}};
    b.variant = call.variant, b.gate_blocks = Cell::gates;
    b.gates = call.gates + chunk.base * s.kept + row;
    b.D = D + row, b.D_hh = at(D_hh, row), b.D_hr = at(D_hr, row), b.projected = at(projected, row);
    b.before = before + row, b.c_before = at(c_before, row), b.product_input = at(product_input, row);
    b.incoming = at(call.d_output, (s.offsets[t] + me.first()) * s.S), b.incoming_row = me.apart() * s.S;
    b.d_h = d_h + here, b.d_c = at(d_c, here), b.spare = spare + here, b.spare2 = spare2 + here;
    b.W_hh = W_hh, b.W_hr = W_hr, b.mask = at(mask, here);
    b.peephole = peephole, b.norm_hh = gain_hh, b.norm_cell = gain_cell, b.norm_cell_bias = shift_cell;
    b.sums = at(sums, me.thread * Cell::sums * s.Hp);
    if (normed) {
      float* chunk_gates = call.gates + chunk.base * s.kept;
      float* scale = chunk_gates + (Cell::saved + 2 * Cell::gates) * s.Hp * chunk.rows + q * s.scale_width;
      const int64_t between = s.scale_width * me.apart();
      b.kept_hh = Kept{chunk_gates + row + (Cell::saved + Cell::gates) * b.block, scale + Cell::gates, between};
      b.cell_scale = scale + 2 * Cell::gates;
    }
    const bool zoned = call.zone[0].there, zoned_cell = d_c && call.zone[1].there;
    if (zoned) {
      b.each_state([&](int64_t, int64_t st, int64_t j, int64_t i) { store(b.d_h + st, b.arriving(st, i, j)); });
      b.incoming = nullptr;
      hold(b, call.zone[0], b.states, s.S, t, b.d_h, kept_h + here);
    }
    if (zoned_cell) hold(b, call.zone[1], b.units, s.H, t, b.d_c, kept_c + here);
    Cell::backward(b);
    if (normed) inputs_norm(me, chunk, q, rows);
    if (zoned) add(b, b.states, kept_h + here, b.d_h);
    if (zoned_cell) add(b, b.units, kept_c + here, b.d_c);
  }

  // Zoneout: the part of a state's gradient that passes the step by, taken out of it and kept.
  void hold(const Backward& b, const Zone& zone, std::pair<int64_t, int64_t> panels, int64_t size, int64_t t, float* d,
            float* kept) const {
    for (int64_t p = panels.first; p < panels.second; ++p)
      for (int64_t i = 0; i < b.rows; ++i) {
        float *from = d + p * b.state_stride + i * b.apart, *to = kept + p * b.state_stride + i * b.apart;
        const int64_t row = s.offsets[t] + b.share.first() + i * b.share.apart();
        const uint8_t* mask = zone.mask ? zone.mask + row * size + p * panel : nullptr;
        for (int64_t v = 0; v < panel; v += lanes) {
          const vec all = load(from + v);
          const vec passing = mask ? (load_flags(mask + v, size - p * panel - v) ? all : vec{}) : zone.share * all;
          store(to + v, passing);
          store(from + v, all - passing);
        }
      }
  }

  static void add(const Backward& b, std::pair<int64_t, int64_t> panels, const float* kept, float* d) {
    for (int64_t p = panels.first; p < panels.second; ++p)
      for (int64_t i = 0; i < b.rows; ++i)
        for (int64_t v = 0; v < panel; v += lanes) {
          const int64_t at = p * b.state_stride + i * b.apart + v;
          store(d + at, load(d + at) + load(kept + at));
        }
  }

  // Back through the layer normalisation of the inputs' products.
  void inputs_norm(const Share& me, const Chunk& chunk, int64_t q, int64_t rows) const {
    const int64_t stride = chunk.rows * panel;
    const Block block{rows, me.apart() * panel, stride, s.U, s.H};
    float* gates = call.gates + chunk.base * s.kept;
    const float* scale = gates + (Cell::saved + 2 * Cell::gates) * s.Hp * chunk.rows + q * s.scale_width;
    for (int b = 0; b < Cell::gates; ++b)
      normalise_backward(block, gates + (Cell::saved + b) * s.U * stride + q * panel, scale + b,
                         s.scale_width * me.apart(), gain_ih + b * s.Hp,
                         D + (Cell::input_first + b) * s.U * stride + q * panel, D_ih + b * s.U * stride + q * panel);
  }

  // What the weights' gradients are multiplied with; threads share the panels.
  void fold_states(const Share& me, const Chunk& chunk) const {
    auto each = [&](float* panels, int64_t count) {
      const auto [first, end] = me.part(count);
      for (int64_t p = first; panels && p < end; ++p) fold(panels + p * chunk.rows * panel, chunk.rows);
    };
    each(before, s.Us), each(masked, s.Us), each(inputs, panels_of(s.I));
    each(product_input, s.U), each(projected, s.U);
  }

  // Gradients of the weights from a whole chunk; threads share the rows of the weights.
  void weights(const Share& me, const Chunk& chunk, bool first_chunk) const {
    const int64_t Q = chunk.rows, high = Q * panel;
    const auto [first, end] = me.part(Cell::gradients * s.U);
    for (int64_t d = first; d < end; ++d) {
      const int64_t block = d / s.U, u = d % s.U, unit = u * panel, rows = std::min<int64_t>(panel, s.H - unit);
      float* from = D + d * high;
      const int64_t of_input = block - Cell::input_first, of_state = block - Cell::state_first;
      vec sum[2]{};
      for (int64_t q = 0; q < Q; ++q) sum[0] += load(from + q * panel), sum[1] += load(from + q * panel + lanes);
      float* to = bias_sums + block * s.Hp + unit;
      store(to, load(to) + sum[0]), store(to + lanes, load(to + lanes) + sum[1]);
      if (!normed) fold(from, Q);
      if (of_input >= 0 && of_input < Cell::gates) {
        float* gradient = normed ? D_ih + (of_input * s.U + u) * high : from;
        if (normed) fold(gradient, Q);
        add_outer(Q, gradient, rows, inputs, s.I,
                  call.d_weights.ih + (Cell::input_blocks[of_input] * s.H + unit) * s.I, first_chunk);
        if (normed) gain(chunk, from, Cell::saved + of_input, u, gain_sums + of_input * s.Hp + unit);
      }
      if (of_state >= 0 && of_state < Cell::gates) {
        float* gradient = normed ? D_hh + (of_state * s.U + u) * high : from;
        if (normed) fold(gradient, Q);
        const float* source = Cell::own_input(static_cast<int>(of_state)) ? product_input : mask ? masked : before;
        add_outer(Q, gradient, rows, source, s.S,
                  call.d_weights.hh + (Cell::state_blocks[of_state] * s.H + unit) * s.S, first_chunk);
        if (normed)
          gain(chunk, from, Cell::saved + Cell::gates + of_state, u,
               gain_sums + (Cell::gates + of_state) * s.Hp + unit);
      }
    }
    if (!D_hr) return;
    const auto [from, to] = me.part(s.Us);
    for (int64_t p = from; p < to; ++p) {
      fold(D_hr + p * high, Q);
      add_outer(Q, D_hr + p * high, std::min<int64_t>(panel, s.S - p * panel), projected, s.H,
                call.d_weights.hr + p * panel * s.H, first_chunk);
    }
  }

  // Gradient of a gain: sum over the chunk's rows of d times what was normalised, for one panel of units.
  void gain(const Chunk& chunk, const float* d, int64_t block, int64_t u, float* to) const {
    const float* values = call.gates + chunk.base * s.kept + (block * s.U + u) * chunk.rows * panel;
    vec sum[2]{};
    for (int64_t q = 0; q < chunk.rows * panel; q += panel) {
      sum[0] += load(d + q) * load(values + q);
      sum[1] += load(d + q + lanes) * load(values + q + lanes);
    }
    store(to, load(to) + sum[0]), store(to + lanes, load(to + lanes) + sum[1]);
  }

  // d_x of a whole chunk: each thread its rows, or its part of them where threads share units.
  void into_inputs(const Share& me, const Chunk& chunk) const {
    if (!me.by_units())
      return s.own_rows(me, chunk, [&](int64_t first, int64_t rows) { into_rows(me, chunk, first, rows); });
    const auto [first, end] = me.part(chunk.rows);
    into_rows(me, chunk, first, end - first);
  }

  void into_rows(const Share& me, const Chunk& chunk, int64_t first, int64_t rows) const {
    const int64_t apart = me.apart();
    const float* from = normed ? D_ih : D + Cell::input_first * s.U * chunk.rows * panel;
    const int64_t K = Cell::gates * s.Hpw, whole = s.I / panel;
    const Rows given{from + first * panel, apart * panel, chunk.rows * panel};
    const Left left = rounded(rows, Cell::gates * s.Hp, given, room.of(me));
    float* to = call.d_x + (chunk.base + first) * s.I;
    product<Start::zero>(rows, K, left, Right{W_ih, K * panel}, whole, Result{to, apart * s.I, panel});
    if (whole * panel == s.I) return;
    float* last = edge + first * panel;
    const Result narrow{last, apart * panel, 0};
    product<Start::zero>(rows, K, left, Right{W_ih + whole * K * panel, 0}, 1, narrow);
    for (int64_t q = 0; q < rows; ++q)
      from_panel(last + q * apart * panel, s.I - whole * panel, to + q * apart * s.I + whole * panel);
  }

  void finish(const Share& me, int64_t b) const {
    const auto [first, end] = me.units(s.Us);
    for (int64_t p = first; p < end; ++p)
      from_panel(d_h + (p * s.B + b) * panel, s.S - p * panel, call.d_h0 + b * s.S + p * panel);
    if (!call.d_c0) return;
    const auto [from, to] = me.units(s.U);
    for (int64_t p = from; p < to; ++p)
      from_panel(d_c + (p * s.B + b) * panel, s.H - p * panel, call.d_c0 + b * s.H + p * panel);
  }

  // Gradients that are vectors, from the sums that the threads have made.
  void small_gradients(int threads) const {
    const Weights<float>& d = call.d_weights;
    for (int b = 0; b < Cell::gates; ++b) {
      auto put = [&](float* to, int block, const float* from) {
        if (to) std::copy_n(from, s.H, to + block * s.H);
      };
      put(d.bias_ih, Cell::input_blocks[b], bias_sums + (Cell::input_first + b) * s.Hp);
      put(d.bias_hh, Cell::state_blocks[b], bias_sums + (Cell::state_first + b) * s.Hp);
      put(d.norm_ih, Cell::input_blocks[b], gain_sums + b * s.Hp);
      put(d.norm_hh, Cell::state_blocks[b], gain_sums + (Cell::gates + b) * s.Hp);
    }
    auto total_of = [&](float* to, int64_t block) {
      for (int64_t j = 0; to && j < s.H; ++j) {
        float total = 0.0f;
        for (int k = 0; k < threads; ++k) total += sums[(k * Cell::sums + block) * s.Hp + j];
        to[j] = total;
      }
    };
    for (int64_t b = 0; b < 3; ++b) total_of(d.peephole ? d.peephole + b * s.H : nullptr, b);
    total_of(d.norm_cell, 3);
    total_of(d.norm_cell_bias, 4);
  }
};

template <class Cell>
void backward(const Call& call) {
  static thread_local Scratch memory;
  const BackwardSweep<Cell> sweep(call, memory);
  if (call.d_x) in_huge_pages(call.d_x, sweep.s.offsets[sweep.s.T] * sweep.s.I * static_cast<int64_t>(sizeof(float)));
  in_team(sweep.s, [&](const Share& me) { sweep.run(me); });
}

}  // namespace throughtime::ISA
