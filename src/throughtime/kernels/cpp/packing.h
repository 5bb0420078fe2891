// Copies between matrices as torch stores them and panels.
#pragma once

#include "team.h"

namespace throughtime::ISA {

// Up to `panel` floats, the rest of the panel's row zero.
inline void to_panel(const float* from, int64_t width, float* to) {
  if (width >= panel) {
    store(to, load(from)), store(to + lanes, load(from + lanes));
    return;
  }
  for (int64_t j = 0; j < panel; ++j) to[j] = j < width ? from[j] : 0.0f;
}

inline void from_panel(const float* from, int64_t width, float* to) {
  if (width >= panel) {
    store(to, load(from)), store(to + lanes, load(from + lanes));
    return;
  }
  for (int64_t j = 0; j < width; ++j) to[j] = from[j];
}

// Where threads round what they multiply, each its rows of at most one chunk.
struct Room {
  int64_t rows, width;  // of a chunk at most, of a row at most, in words
  word* start;

  template <class Cell>
  Room(const Layout<Cell>& s, int64_t K) : rows(s.largest), width(padded(words_of(K))), start(nullptr) {}

  template <class Cell>
  int64_t size(const Layout<Cell>& s) const {
    const int64_t threads = s.call.threads, shared_by_units = s.B < rows_alone * threads;
    return terms == 1 ? 0 : (shared_by_units ? rows * threads : rows + threads) * width;
  }
  word* of(const Share& me) const {
    const int64_t own = me.by_units() ? rows : (rows + me.threads - 1) / me.threads;
    return start ? start + me.thread * own * width : nullptr;
  }
};

// The first K columns of M rows as a product reads them: as they lie, or in pairs that are put into `room`.
template <class Word = word>
Factor<Word> rounded(int64_t M, int64_t K, Rows A, [[maybe_unused]] word* room) {
  if constexpr (std::is_same_v<Word, float>) {
    return A;
  } else {
    word* to = room;
    for (int64_t k = 0; k < K; k += 2 * panel)
      for (int64_t r = 0; r < M; ++r, to += panel) {
        const float* from = A.data + k / panel * A.block + r * A.row;
        store(to, load_words(from, std::min<int64_t>(panel, K - k)));
        store(to + lanes, load_words(from + A.block, std::min<int64_t>(panel, K - k - panel)));
      }
    return {room, panel, M * panel};
  }
}

// A panel's row of each of two floats' rows: in pairs.
inline void fold_two(const float* first, const float* second, uint32_t* to) {
  for (int64_t v = 0; v < panel; v += lanes) store(to + v, pair_up(load(first + v), load(second + v)));
}

// One panel of Q rows on its way into a product whose sums run over them: in pairs of rows, in its own place.
inline void fold(float* rows, int64_t Q) {
  if (terms == 1) return;
  alignas(64) static constexpr float zeros[panel]{};
  for (int64_t q = 0; q < Q; q += 2)
    fold_two(rows + q * panel, q + 1 < Q ? rows + (q + 1) * panel : zeros,
             reinterpret_cast<uint32_t*>(rows + q / 2 * panel));
}

// Panels first, ..., end-1 of W^T, W (rows x K): column j of a panel is row j of W.
inline void pack_transposed(const float* W, int64_t rows, int64_t K, int64_t first, int64_t end, word* to) {
  const int64_t high = words_of(K);
  for (int64_t p = first; p < end; ++p)
    for (int64_t j = 0; j < panel; j += lanes)
      for (int64_t k = 0; k < high; k += lanes) {
        words block[lanes];
        for (int64_t l = 0; l < lanes; ++l) {
          const int64_t row = p * panel + j + l;
          block[l] = load_words(W + row * K + terms * k, row < rows ? K - terms * k : 0);
        }
        transpose(block);
        word* out = to + (p * high + k) * panel + j;
        for (int64_t l = 0; l < std::min<int64_t>(lanes, high - k); ++l) store(out + l * panel, block[l]);
      }
}

// Panel p of W (rows x columns), for sums over its rows: one after another, each block of H of them padded to whole
// panels.
inline void pack_panel(const float* W, int64_t blocks, int64_t H, int64_t columns, int64_t p, word* to) {
  const int64_t width = std::min<int64_t>(panel, columns - p * panel), Hp = padded(H);
  alignas(64) float rows[2 * panel];
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t j = 0; j < Hp; j += terms, to += panel) {
      for (int64_t i = 0; i < terms; ++i)
        to_panel(W + (b * H + j + i) * columns + p * panel, j + i < H ? width : 0,
                 terms == 1 ? reinterpret_cast<float*>(to) : rows + i * panel);
      if (terms == 2) fold_two(rows, rows + panel, reinterpret_cast<uint32_t*>(to));
    }
}

// Rows from, ..., to-1 of a (B, size) tensor into panels of B rows; zeros for no tensor.
inline void spread(const float* rows, int64_t size, int64_t B, int64_t from, int64_t to, float* out) {
  for (int64_t p = 0; p < panels_of(size); ++p)
    for (int64_t b = from; b < to; ++b)
      to_panel(rows + b * size + p * panel, rows ? size - p * panel : 0, out + (p * B + b) * panel);
}

// A vector of `blocks` times H numbers, each block padded.
inline void pad_blocks(const float* from, int64_t blocks, int64_t H, float* to) {
  for (int64_t b = 0; b < blocks; ++b)
    for (int64_t j = 0; j < padded(H); ++j) to[b * padded(H) + j] = j < H ? from[b * H + j] : 0.0f;
}

}  // namespace throughtime::ISA
