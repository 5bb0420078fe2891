// Who works on what: the sizes of a call, the chunks of time it is worked through in, and each thread's share.
#pragma once

#include <immintrin.h>
#include <omp.h>

#include <atomic>
#include <thread>
#include <vector>

#include "call.h"
#include "product.h"
#include "scratch.h"

namespace throughtime::ISA {

constexpr int64_t chunk_rows = 192;  // steps times rows of a chunk: its gates and gradients stay in a core's cache
constexpr int64_t rows_alone = 6;    // with fewer rows than this a thread, threads share units and not rows
constexpr int64_t rows_side_by_side = 32;  // so many rows of a step a thread are a product of their own
// Multiplications below which waking a second thread, or waiting for it at a step, costs more than it saves.
constexpr int64_t worth_a_thread = int64_t{1} << 18, worth_a_barrier = int64_t{1} << 16;

// A barrier that does not sleep: steps of small batches are shorter than waking a thread. When another program has
// taken a core, the others give theirs up after a while instead of burning it.
class Barrier {
 public:
  void wait(int threads) {
    const unsigned turn = turn_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; turn_.load(std::memory_order_acquire) == turn; ++spins)
      if (spins < 4096)
        _mm_pause();
      else
        std::this_thread::yield();
  }

 private:
  alignas(128) std::atomic<int> arrived_{0};
  alignas(128) std::atomic<unsigned> turn_{0};
};

// How threads share the work. By rows, no step waits for another thread: side by side where all rows go on to the end,
// so that no thread's rows lie next to another's, whose cache would have to hand them over; in turns (k, k + P, ...)
// where they end one by one, longest first. Batches too small for that are shared by units, with a barrier at every
// step.
enum class Split { side_by_side, in_turns, units };

// One thread's share.
struct Share {
  int thread, threads;
  Split split;
  int64_t B;
  Barrier& barrier;

  bool by_units() const { return split == Split::units; }
  // Its rows of a step: the first of them, how far apart they are, and how many of so many in all.
  int64_t first() const { return split == Split::side_by_side ? part(B).first : by_units() ? 0 : thread; }
  int64_t apart() const { return split == Split::in_turns ? threads : 1; }
  int64_t rows(int64_t all) const {
    const int64_t end = split == Split::side_by_side ? std::min(all, part(B).second) : all;
    return std::max<int64_t>(0, (end - first() + apart() - 1) / apart());
  }
  int64_t row(int64_t own) const { return first() + own * apart(); }
  // [first, second) of n: this thread's part, or its part of the units.
  std::pair<int64_t, int64_t> part(int64_t n) const { return {n * thread / threads, n * (thread + 1) / threads}; }
  std::pair<int64_t, int64_t> units(int64_t n) const {
    return by_units() ? part(n) : std::pair<int64_t, int64_t>{0, n};
  }
  void together() const { barrier.wait(threads); }
  void step() const {
    if (by_units()) barrier.wait(threads);
  }
};

// One chunk: steps begin, ..., end - 1 with `rows` rows, the first of which is row `base` of all.
struct Chunk {
  int64_t begin, end, base, rows;
};

// Sizes, and the steps as chunks; the same for forward and backward and for any number of threads.
template <class Cell>
struct Layout {
  const Call& call;
  int64_t T, I, H, S, B;        // as in `Call`
  int64_t U, Us, Hp;            // panels of units, of the hidden state; H padded to whole panels
  int64_t Iw, Sw, Hw, Hpw;      // I, S, H and Hp in words
  int64_t kept;                 // floats kept of each row and step
  int64_t largest = 0;          // rows of the largest chunk
  std::vector<int64_t> offsets; // (T + 1) where a step's rows begin
  std::vector<int64_t> chunks;  // steps at which chunks begin, and T

  explicit Layout(const Call& c)
      : call(c), T(c.steps), I(c.inputs), H(c.hidden), S(c.state), B(c.sizes[0]), U(panels_of(c.hidden)),
        Us(panels_of(c.state)), Hp(padded(c.hidden)), Iw(words_of(I)), Sw(words_of(S)), Hw(words_of(H)),
        Hpw(words_of(Hp)), kept(kept_of(c)), offsets(c.steps + 1), chunks{0} {
    for (int64_t t = 0; t < T; ++t) {
      offsets[t + 1] = offsets[t] + call.sizes[t];
      const int64_t rows = offsets[t + 1] - offsets[chunks.back()];
      if (rows < chunk_rows && t + 1 < T) continue;
      largest = std::max(largest, rows);
      chunks.push_back(t + 1);
    }
  }

  int64_t count() const { return static_cast<int64_t>(chunks.size()) - 1; }
  Chunk chunk(int64_t number) const {
    const int64_t begin = chunks[number], end = chunks[number + 1];
    return {begin, end, offsets[begin], offsets[end] - offsets[begin]};
  }

  // Whether a thread's rows of all steps of a chunk lie evenly, `apart` from one to the next.
  bool evenly(const Share& me, const Chunk& chunk) const {
    auto even = [&](int64_t rows) { return rows % me.apart() == 0; };
    return me.split != Split::side_by_side && std::all_of(call.sizes + chunk.begin, call.sizes + chunk.end, even);
  }

  // work(first, count) for a thread's rows of a chunk, each `apart` from the one before: of all steps at once where
  // they lie evenly, else step by step.
  template <class Work>
  void own_rows(const Share& me, const Chunk& chunk, Work work) const {
    if (evenly(me, chunk)) return work(me.first(), me.rows(chunk.rows));
    for (int64_t t = chunk.begin; t < chunk.end; ++t)
      work(offsets[t] - chunk.base + me.first(), me.rows(call.sizes[t]));
  }

  // Gates of a row and step, and with layer normalisation what it normalised and by how much.
  static int64_t kept_of(const Call& c) {
    const int64_t blocks = Cell::saved + (c.weights.norm_hh ? 2 * Cell::gates : 0);
    return blocks * padded(c.hidden) + (c.weights.norm_hh ? scale_width : 0);
  }
  // 1 / deviation of a row, kept behind the blocks: of the inputs' products, the state's products, the cell state.
  static constexpr int64_t scale_width = (2 * Cell::gates + 1 + 15) / 16 * 16;
};

// Tells the thread sanitizer what it cannot see in OpenMP's own library: that a team begins after what was done before
// it, and ends before what is done after it. Nothing in any other build.
struct Order {
#ifdef __SANITIZE_THREAD__
  std::atomic<int> done{0};
  void before() { done.fetch_add(1, std::memory_order_acq_rel); }
  void after() { done.load(std::memory_order_acquire); }
#else
  void before() {}
  void after() {}
#endif
};

// Runs work(thread, threads) in so many threads.
template <class Work>
void in_threads(int threads, Work work) {
  if (threads == 1) return work(0, 1);
  Order begins, ends;
  begins.before();
#pragma omp parallel num_threads(threads)
  {
    begins.after();
    work(omp_get_thread_num(), omp_get_num_threads());
    ends.before();
  }
  ends.after();
}

// Runs work(share) in every thread of a team.
template <class Cell, class Work>
void in_team(const Layout<Cell>& s, Work work) {
  const int64_t whole = s.offsets[s.T] * Cell::gates * s.H * (s.I + s.S), of_step = s.B * Cell::gates * s.H * s.S;
  const int64_t most = whole < worth_a_thread ? 1 : std::max<int64_t>(1, s.call.threads);
  const bool by_units = s.B < rows_alone * most && s.U > 1 && of_step >= worth_a_barrier && !s.call.weights.norm_hh;
  const int threads = static_cast<int>(std::min(most, by_units ? s.U : s.B));
  const bool enough = s.B >= rows_side_by_side * threads && s.offsets[s.T] == s.T * s.B;
  Barrier barrier;
  in_threads(threads, [&](int thread, int all) {
    const TilesInUse tiles;
    const bool units = by_units && all > 1, side_by_side = enough && all > 1;
    const Split split = units ? Split::units : side_by_side ? Split::side_by_side : Split::in_turns;
    work(Share{thread, all, split, s.B, barrier});
  });
}

}  // namespace throughtime::ISA
