// What Python hands over: one direction of one layer, float32, rows packed longest first, time after time.
#pragma once

#include <cstdint>

namespace throughtime {

struct Call {
  int64_t steps, inputs, hidden;  // T, I, H
  const int64_t* sizes;           // (T,) rows that go on at each step, never increasing; sizes[0] is B
  bool reverse;                   // from the last step to the first
  int threads;
  int variant;                    // RNN: the activation

  const float *x;                 // (N, I), N the sum of sizes
  const float *weight_ih, *weight_hh, *bias_ih, *bias_hh;  // as torch.nn; biases may be null
  const float *h0, *c0;           // (B, H)

  float *output;                  // (N, H)
  float *cells;                   // (N, H) cell states, LSTM only
  float *gates;                   // (N, saved * padded H) for the backward pass; null: not kept
  float *hn, *cn;                 // (B, H)

  const float *d_output, *d_hn, *d_cn;                     // gradients that come in
  float *d_x;                                              // null: not wanted
  float *d_weight_ih, *d_weight_hh, *d_bias_ih, *d_bias_hh, *d_h0, *d_c0;
};

struct Kernel {
  const char* cell;
  void (*forward)(const Call&);
  void (*backward)(const Call&);
  int64_t (*saved)(int64_t hidden);  // floats of `gates` per step and row
};

struct InstructionSet {
  const char* name;
  const Kernel* kernels;  // ends with an entry whose cell is null
};

}  // namespace throughtime
