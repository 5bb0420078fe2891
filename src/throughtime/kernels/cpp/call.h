// What Python hands over: one direction of one layer, float32, rows packed longest first, time after time.
#pragma once

#include <cstdint>

namespace throughtime {

// A state that keeps part of its old value at a step (zoneout): where, or how much.
struct Zone {
  const uint8_t* mask;  // (N, S), 1 where it keeps it; null: `share` everywhere
  float share;
  bool there;
};

// The weights of a cell, as torch stores them, or their gradients; what a cell has not is null.
template <class Number>
struct Weights {
  Number *ih, *hh, *bias_ih, *bias_hh;  // (G*H, I), (G*H, S), (G*H,), (G*H,)
  Number *norm_ih, *norm_hh;            // (G*H,) gains of the layer normalisation
  Number *peephole, *hr;                // LSTM: (3, H), (P, H)
  Number *norm_cell, *norm_cell_bias;   // LSTM with layer normalisation: (H,)
};

struct Call {
  int64_t steps, inputs, hidden, state;  // T, I, H, S: the size of the hidden state, P if it is projected
  const int64_t* sizes;                  // (T,) rows that go on at each step, never increasing; sizes[0] is B
  bool reverse;                          // from the last step to the first
  int threads;
  int variant;                           // RNN: the activation

  const float* x;                        // (N, I), N the sum of sizes
  Weights<const float> weights;
  const float *h0, *c0;                  // (B, S), (B, H)
  const float* mask;                     // (B, S), the hidden state's factor on its way into a product; null: none
  Zone zone[2];                          // of hidden and cell state

  float* output;                         // (N, S)
  float* cells;                          // (N, H) cell states, LSTM only
  float* gates;                          // kept for the backward pass, laid out chunk by chunk; null: not kept
  float* trace;                          // (N, blocks, H) every gate of every step; null: not wanted
  float *hn, *cn;                        // (B, S), (B, H)

  const float *d_output, *d_hn, *d_cn;   // gradients that come in
  float* d_x;                            // null: not wanted
  Weights<float> d_weights;
  float *d_h0, *d_c0;
};

struct Kernel {
  const char* cell;
  void (*forward)(const Call&);
  void (*backward)(const Call&);
  int64_t (*kept)(const Call&);  // floats of `gates` per step and row
  int64_t traced;                // blocks of `trace`
};

struct InstructionSet {
  const char* name;
  const Kernel* kernels;  // ends with an entry whose cell is null
  double (*peak)();       // GFLOP/s of one core in the product's innermost loop
};

}  // namespace throughtime
