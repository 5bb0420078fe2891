// One direction of one layer over time, forward.
#pragma once

#include "step.h"

namespace throughtime::ISA {

constexpr int64_t few_rows = 4;  // steps times rows up to which weights are read as they are: packing would cost more

template <class Cell>
struct ForwardSweep {
  const Call& call;
  const Layout<Cell> s;
  const bool raw, raw_state;  // whether W_ih, W_hh are read as torch stores them: one row alone is quicker so
  word *W_ih, *W_hh, *W_hr;
  Room room;
  float *bias, *peephole, *gain_ih, *gain_hh, *gain_cell, *shift_cell, *mask;
  float *h[2], *c[2], *input, *spare, *spare2, *ring;

  explicit ForwardSweep(const Call& given, Scratch& memory)
      : call(given), s(given), raw(s.offsets[s.T] <= few_rows && !call.weights.norm_hh && !call.weights.hr),
        raw_state(raw || (terms == 1 && s.B == 1 && !call.weights.norm_hh)),
        room(s, std::max({s.I, s.S, s.H})) {
    const int64_t U = s.U, Hp = s.Hp, state = s.B * s.Us * panel, units = s.B * Hp;
    const Weights<const float>& w = call.weights;
    memory.lay([&](auto take) {
      auto maybe = [&](bool there, int64_t floats) { return there ? take(floats) : nullptr; };
      auto packed = [&](bool there, int64_t words) { return reinterpret_cast<word*>(maybe(there, words)); };
      W_ih = packed(!raw, Cell::gates * U * s.Iw * panel), W_hh = packed(!raw_state, Cell::gates * U * s.Sw * panel);
      W_hr = packed(w.hr, s.Us * s.Hw * panel), room.start = packed(terms > 1 && !raw, room.size(s));
      bias = take(Cell::saved * Hp), peephole = maybe(w.peephole, 3 * Hp);
      mask = maybe(call.mask, state), input = maybe(call.mask, state);
      gain_ih = maybe(w.norm_ih, Cell::gates * Hp), gain_hh = maybe(w.norm_hh, Cell::gates * Hp);
      gain_cell = maybe(w.norm_cell, Hp), shift_cell = maybe(w.norm_cell_bias, Hp);
      for (float*& buffer : h) buffer = take(state);
      for (float*& buffer : c) buffer = maybe(call.cn, units);
      spare = take(units), spare2 = take(units);
      ring = maybe(!call.gates, s.largest * s.kept);
    });
  }

  // Weights, biases and states as the sweep needs them.
  void pack(const Share& me) const {
    const Weights<const float>& w = call.weights;
    if (!raw) {
      const auto [first, end] = me.part(s.U);
      for (int b = 0; b < Cell::gates; ++b) {
        pack_transposed(w.ih + Cell::input_blocks[b] * s.H * s.I, s.H, s.I, first, end, W_ih + b * s.U * s.Iw * panel);
        if (raw_state) continue;
        pack_transposed(w.hh + Cell::state_blocks[b] * s.H * s.S, s.H, s.S, first, end, W_hh + b * s.U * s.Sw * panel);
      }
    }
    if (w.hr) {
      const auto [first, end] = me.part(s.Us);
      pack_transposed(w.hr, s.S, s.H, first, end, W_hr);
    }
    const auto [from, to] = me.part(s.B);
    for (int i = 0; i < 2; ++i) {  // in both buffers: rows whose turn has not come keep their state there
      spread(call.h0, s.S, s.B, from, to, h[i]);
      if (call.cn) spread(call.c0, s.H, s.B, from, to, c[i]);
    }
    if (call.mask) spread(call.mask, s.S, s.B, from, to, mask);
    if (me.thread == 0) pack_vectors();
  }

  // Of this thread's part of the units.
  void pack_biases(const Share& me) const {
    const Weights<const float>& w = call.weights;
    const auto [first, end] = me.part(s.U);
    for (int b = 0; b < Cell::saved; ++b) std::fill_n(bias + b * s.Hp + first * panel, (end - first) * panel, 0.0f);
    for (int b = 0; w.bias_ih && b < Cell::gates; ++b)
      for (int64_t j = first * panel; j < std::min(s.H, end * panel); ++j) {
        bias[(Cell::input_first + b) * s.Hp + j] += w.bias_ih[Cell::input_blocks[b] * s.H + j];
        bias[(Cell::state_first + b) * s.Hp + j] += w.bias_hh[Cell::state_blocks[b] * s.H + j];
      }
  }

  void pack_vectors() const {
    const Weights<const float>& w = call.weights;
    if (w.peephole) pad_blocks(w.peephole, 3, s.H, peephole);
    for (int b = 0; w.norm_ih && b < Cell::gates; ++b) {
      pad_blocks(w.norm_ih + Cell::input_blocks[b] * s.H, 1, s.H, gain_ih + b * s.Hp);
      pad_blocks(w.norm_hh + Cell::state_blocks[b] * s.H, 1, s.H, gain_hh + b * s.Hp);
    }
    if (w.norm_cell) pad_blocks(w.norm_cell, 1, s.H, gain_cell);
    if (w.norm_cell_bias) pad_blocks(w.norm_cell_bias, 1, s.H, shift_cell);
  }

  void run(const Share& me) const {
    pack_biases(me);
    if (!raw) pack(me);
    if (!raw || !me.by_units()) me.together();
    if (call.mask) {
      mask_input(me, h[0], s.B);
      me.step();
    }
    const int64_t chunks = s.count();
    int now = 0;
    // whether a place of a chunk is one thread's in every chunk of so many rows
    const bool fixed = me.split != Split::in_turns || s.evenly(me, Chunk{0, s.T, 0, s.offsets[s.T]});
    int64_t rows_before = 0;
    for (int64_t n = 0; n < chunks; ++n) {
      const Chunk chunk = s.chunk(call.reverse ? chunks - 1 - n : n);
      float* gates = call.gates ? call.gates + chunk.base * s.kept : ring;
      // else a place in the ring is another thread's now, and who had it before may not have read it yet
      if (n > 0 && !call.gates && !(fixed && chunk.rows == rows_before)) me.together();
      rows_before = chunk.rows;
      if (raw_state && s.H < s.Hp) {  // units beyond H are not computed there; they must not be what memory held
        const auto [from, to] = me.part(chunk.rows * s.kept);
        std::fill(gates + from, gates + to, 0.0f);
        me.together();
      }
      project(me, chunk, gates);
      for (int64_t i = 0; i < chunk.end - chunk.begin; ++i, now ^= 1)
        step(me, chunk, gates, call.reverse ? chunk.end - 1 - i : chunk.begin + i, now);
    }
    for (int64_t i = 0; i < me.rows(s.B); ++i) finish(me, me.row(i), now);
  }

  // The final states of one row: of this thread's panels.
  void finish(const Share& me, int64_t b, int now) const {
    const auto [first, end] = me.units(s.Us);
    for (int64_t p = first; p < end; ++p)
      from_panel(h[now] + (p * s.B + b) * panel, s.S - p * panel, call.hn + b * s.S + p * panel);
    if (!call.cn) return;
    const auto [from, to] = me.units(s.U);
    for (int64_t p = from; p < to; ++p)
      from_panel(c[now] + (p * s.B + b) * panel, s.H - p * panel, call.cn + b * s.H + p * panel);
  }

  // gates = bias + x W_ih for a whole chunk: the rows of all its steps in one product where they lie evenly.
  void project(const Share& me, const Chunk& chunk, float* gates) const {
    s.own_rows(me, chunk, [&](int64_t row, int64_t M) { project_rows(me, chunk, gates, row, M); });
  }

  void project_rows(const Share& me, const Chunk& chunk, float* gates, int64_t row, int64_t M) const {
    const int64_t stride = chunk.rows * panel;
    const auto [first, end] = me.units(s.U);
    const Rows x{call.x + (chunk.base + row) * s.I, me.apart() * s.I, panel};
    const Left left = raw ? Left{} : rounded(M, s.I, x, room.of(me));
    for (int64_t b = 0; b < Cell::gates; ++b) {
      const int64_t gate = Cell::input_first + b;
      float* to = gates + gate * s.U * stride + row * panel;
      const float* add = bias + gate * s.Hp;
      if (call.weights.norm_ih) {
        float* values = gates + (Cell::saved + b) * s.U * stride + row * panel;
        product<Start::zero>(M, s.Iw, left, Right{W_ih + b * s.U * s.Iw * panel, s.Iw * panel}, s.U,
                             Result{values, me.apart() * panel, stride});
        const Block block{M, me.apart() * panel, stride, s.U, s.H};
        normalise(block, values, scales(gates, chunk, row) + b, s.scale_width * me.apart(),
                  [&](int64_t at, int64_t j, vec value) {
                    store(to + at, value * load(gain_ih + b * s.Hp + j) + load(add + j));
                  });
      } else if (raw) {
        dot_rows(call.weights.ih + Cell::input_blocks[b] * s.H * s.I, s.I, first * panel,
                 std::min(s.H, end * panel), M, x, add, false, Result{to, me.apart() * panel, stride});
      } else {
        product<Start::bias>(M, s.Iw, left, Right{W_ih + (b * s.U + first) * s.Iw * panel, s.Iw * panel}, end - first,
                             Result{to + first * stride, me.apart() * panel, stride}, add + first * panel);
      }
    }
  }

  float* scales(float* gates, const Chunk& chunk, int64_t row) const {
    return gates + (Cell::saved + 2 * Cell::gates) * s.Hp * chunk.rows + row * s.scale_width;
  }

  void step(const Share& me, const Chunk& chunk, float* gates, int64_t t, int now) const {
    const int64_t rows = me.rows(call.sizes[t]), row = s.offsets[t] - chunk.base + me.first();
    const int64_t here = me.first() * panel, stride = chunk.rows * panel;
    Forward f{Place{rows, me.apart() * panel, me.units(s.U), me.units(s.Us), s.H, s.S, s.Hp, stride, s.U * stride,
                    s.B * panel, me, room.of(me)}};
    f.variant = call.variant, f.gates = gates + row * panel;
    f.h = h[now] + here, f.h_new = h[now ^ 1] + here;
    f.c = call.cn ? c[now] + here : nullptr, f.c_new = call.cn ? c[now ^ 1] + here : nullptr;
    f.mask = mask ? mask + here : nullptr, f.input = mask ? input + here : f.h;
    f.spare = spare + here, f.spare2 = spare2 + here;
    f.W_hh = W_hh, f.raw_hh = raw_state ? call.weights.hh : nullptr, f.bias = bias, f.W_hr = W_hr;
    f.peephole = peephole, f.norm_hh = gain_hh, f.norm_cell = gain_cell, f.norm_cell_bias = shift_cell;
    if (gain_hh) {
      float* scale = scales(gates, chunk, row);
      const int64_t between = s.scale_width * me.apart();
      f.kept_hh = Kept{f.gates + (Cell::saved + Cell::gates) * f.block, scale + Cell::gates, between};
      f.cell_scale = scale + 2 * Cell::gates;
    }
    Cell::forward(f);
    hold(f, t);
    write(me, f, t);
    if (!call.reverse && t > 0) keep_ended(f, me.rows(call.sizes[t - 1]));
    if (t == (call.reverse ? 0 : s.T - 1)) return;  // what remains, each thread does with what it wrote itself
    if (call.mask) {
      me.step();  // others may still multiply with what is overwritten here
      mask_input(me, h[now ^ 1], call.sizes[t]);
    }
    me.step();
  }

  void mask_input(const Share& me, const float* state, int64_t rows) const {
    const auto [first, end] = me.units(s.Us);
    for (int64_t p = first; p < end; ++p)
      for (int64_t i = 0; i < me.rows(rows); ++i) {
        const int64_t row = (p * s.B + me.row(i)) * panel;
        for (int64_t at = row; at < row + panel; at += lanes) store(input + at, load(state + at) * load(mask + at));
      }
  }

  // Zoneout: units that keep their old value, or a share of it.
  void hold(const Forward& f, int64_t t) const {
    const Zone& hidden = call.zone[0];
    const int64_t first = s.offsets[t] + f.share.first();
    if (hidden.there) hold_state(f, hidden, f.states, s.S, first, f.h, f.h_new);
    if (call.cn && call.zone[1].there) hold_state(f, call.zone[1], f.units, s.H, first, f.c, f.c_new);
  }

  static void hold_state(const Forward& f, const Zone& zone, std::pair<int64_t, int64_t> panels, int64_t size,
                         int64_t first, const float* old, float* fresh) {
    for (int64_t p = panels.first; p < panels.second; ++p)
      for (int64_t i = 0; i < f.rows; ++i) {
        const float* before = old + p * f.state_stride + i * f.apart;
        float* after = fresh + p * f.state_stride + i * f.apart;
        const uint8_t* keep = zone.mask ? zone.mask + (first + i * f.share.apart()) * size + p * panel : nullptr;
        for (int64_t v = 0; v < panel; v += lanes) {
          const vec o = load(before + v), n = load(after + v);
          if (keep)
            store(after + v, load_flags(keep + v, size - p * panel - v) ? o : n);
          else  // from the nearer end, so that a share of 1 is the old value exactly
            store(after + v, zone.share < 0.5f ? n + zone.share * (o - n) : o - (1.0f - zone.share) * (o - n));
        }
      }
  }

  // Output, cell states and trace of a step, as torch stores them.
  void write(const Share& me, const Forward& f, int64_t t) const {
    for (int64_t i = 0; i < f.rows; ++i) {
      const int64_t n = s.offsets[t] + me.row(i);
      for (int64_t p = f.states.first; p < f.states.second; ++p)
        from_panel(f.h_new + p * f.state_stride + i * f.apart, s.S - p * panel, call.output + n * s.S + p * panel);
      for (int64_t p = f.units.first; p < f.units.second; ++p) {
        const int64_t width = s.H - p * panel;
        if (call.cells)
          from_panel(f.c_new + p * f.state_stride + i * f.apart, width, call.cells + n * s.H + p * panel);
        for (int64_t b = 0; call.trace && b < Cell::traced; ++b)
          from_panel(f.gates + b * f.block + p * f.stride + i * f.apart, width,
                     call.trace + (n * Cell::traced + b) * s.H + p * panel);
      }
    }
  }

  // Rows that ended with the step before have their state in one buffer: put it in the other too.
  static void keep_ended(const Forward& f, int64_t rows_before) {
    for (int64_t i = f.rows; i < rows_before; ++i) {
      for (int64_t p = f.states.first; p < f.states.second; ++p)
        copy_row(f.h + p * f.state_stride + i * f.apart, f.h_new + p * f.state_stride + i * f.apart);
      for (int64_t p = f.units.first; f.c && p < f.units.second; ++p)
        copy_row(f.c + p * f.state_stride + i * f.apart, f.c_new + p * f.state_stride + i * f.apart);
    }
  }

  static void copy_row(const float* from, float* to) {
    store(to, load(from)), store(to + lanes, load(from + lanes));
  }
};

template <class Cell>
void forward(const Call& call) {
  static thread_local Scratch memory;
  const ForwardSweep<Cell> sweep(call, memory);
  const int64_t rows = sweep.s.offsets[sweep.s.T], floats = sizeof(float);
  in_huge_pages(call.output, rows * sweep.s.S * floats);
  if (call.gates) in_huge_pages(call.gates, rows * sweep.s.kept * floats);
  Barrier nobody;
  // so little that sharing it would only be waiting
  if (sweep.raw) sweep.pack(Share{0, 1, Split::in_turns, sweep.s.B, nobody});
  in_team(sweep.s, [&](const Share& me) { sweep.run(me); });
}

}  // namespace throughtime::ISA
