// What a search asks of the kernels at each step of a decoder, without gradients: N rows, float32.
#pragma once

#include <cstdint>

namespace throughtime {

// The largest of W h + b, and the logarithm of the sum of all exponentials.
struct Largest {
  int64_t rows, depth, columns, many;  // N, K, V, how many are wanted of each row
  int threads;
  const float* hidden;                 // (N, K)
  const float* packed;                 // W^T in panels, then b padded with minus infinity: as `pack_linear` lays them
  const int64_t* excluded;             // ascending; what is never among the largest, though it counts in the sum
  int64_t excluded_count;
  float* values;                       // (N, many), descending; minus infinity where there are fewer
  int64_t* places;                     // (N, many)
  float* normaliser;                   // (N,)
};

// Additive attention, and the attention vector: tanh(own + Σ_s α_s values_s).
struct Attend {
  int64_t rows, beams, steps, features, size;  // N, beams of a sentence (N / beams sentences), S, K, A
  int threads;
  const float *own, *queries;   // (N, A) and (N, K), `row` floats from one row to the next
  int64_t row;
  const float *keys, *values;   // (B, S, K), (B, S, A)
  const float* mask;            // (B, S), 0, or minus infinity where a sentence has ended
  const int64_t* sentences;     // (N / beams,), the row of the memory that each sentence looks at
  const float* score;           // (K,)
  float *alpha, *vector;        // (N, S), (N, A)
};

struct DecodingKernels {
  int64_t (*packed_size)(int64_t columns, int64_t depth);  // floats of `packed`
  void (*pack_linear)(const float* weight, const float* bias, int64_t columns, int64_t depth, float* packed);
  void (*largest)(const Largest&);
  void (*attend)(const Attend&);
};

}  // namespace throughtime
