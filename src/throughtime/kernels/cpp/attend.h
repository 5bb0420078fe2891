// Additive attention of a decoder's step (Bahdanau et al., 2015): score, softmax, weighted sum and tanh, row by row.
#pragma once

#include <cmath>

#include "decoding.h"
#include "packing.h"

namespace throughtime::ISA {

// tanh(q + k) = 1 - 2 / (exp 2q exp 2k + 1), so that a key's exponential serves all beams and a quotient does for tanh.
// Exponentials of more than 80 would not be numbers: what is beyond 40 counts as 40.
inline vec doubled_exponential(vec x) {
  return Exponential(2.0f * at_most(splat(40.0f), at_least(splat(-40.0f), x))).value();
}

inline void exponentials(const float* from, int64_t count, float* to) {
  for (int64_t j = 0; j < count; j += lanes)
    store_some(to + j, doubled_exponential(load_some(from + j, count - j)), count - j);
}

// Σ_k v_k tanh(q_k + k_k) of the exponentials of both, where v adds up to `whole`.
inline float score_of(const float* query, const float* key, const float* score, int64_t features, float whole) {
  vec sum{};
  for (int64_t j = 0; j < features; j += lanes) {
    const int64_t left = features - j;
    sum += load_some(score + j, left) / (load_some(query + j, left) * load_some(key + j, left) + 1.0f);
  }
  return whole - 2.0f * total(sum);
}

// Softmax in place of scores, of which minus infinity counts as nothing.
inline void softmax(float* scores, int64_t count) {
  float top = scores[0], sum = 0.0f;
  for (int64_t s = 1; s < count; ++s) top = std::max(top, scores[s]);
  for (int64_t s = 0; s < count; ++s) sum += scores[s] = std::exp(scores[s] - top);
  for (int64_t s = 0; s < count; ++s) scores[s] /= sum;
}

// All beams of one sentence.
inline void attend_sentence(const Attend& asked, int64_t sentence, float whole, float* keys, float* query) {
  const int64_t S = asked.steps, K = asked.features, A = asked.size, at = asked.sentences[sentence];
  const float* mask = asked.mask + at * S;
  for (int64_t s = 0; s < S; ++s)
    if (mask[s] == 0.0f) exponentials(asked.keys + (at * S + s) * K, K, keys + s * K);
  for (int64_t n = sentence * asked.beams; n < (sentence + 1) * asked.beams; ++n) {
    float* alpha = asked.alpha + n * S;
    exponentials(asked.queries + n * asked.row, K, query);
    for (int64_t s = 0; s < S; ++s)
      alpha[s] = mask[s] == 0.0f ? score_of(query, keys + s * K, asked.score, K, whole) : mask[s];
    softmax(alpha, S);
    for (int64_t j = 0; j < A; j += lanes) {
      const int64_t left = A - j;
      vec sum = load_some(asked.own + n * asked.row + j, left);
      for (int64_t s = 0; s < S; ++s)
        if (mask[s] == 0.0f) sum += alpha[s] * load_some(asked.values + (at * S + s) * A + j, left);
      store_some(asked.vector + n * A + j, hyperbolic_tangent(sum), left);
    }
  }
}

inline void attend(const Attend& asked) {
  const int64_t sentences = asked.rows / asked.beams, K = asked.features;
  const int64_t work = asked.rows * asked.steps * (asked.features + asked.size);
  const int64_t most = work < worth_a_thread ? 1 : asked.threads;
  const int threads = static_cast<int>(std::max<int64_t>(1, std::min(most, sentences)));
  float whole = 0.0f;
  for (int64_t j = 0; j < K; ++j) whole += asked.score[j];
  in_threads(threads, [&](int thread, int all) {
    static thread_local Scratch memory;
    float *keys, *query;
    memory.lay([&](auto take) { keys = take(asked.steps * K), query = take(K); });
    for (int64_t b = sentences * thread / all; b < sentences * (thread + 1) / all; ++b)
      attend_sentence(asked, b, whole, keys, query);
  });
}

}  // namespace throughtime::ISA
