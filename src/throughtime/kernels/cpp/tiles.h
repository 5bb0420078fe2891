// Tiles of AMX: sixteen rows of sixteen words each, held by the processor, and a product of two of them that takes it
// sixteen cycles. A tile of a left factor is sixteen rows of sixteen words; one of a right factor sixteen of its rows,
// half a panel wide: both lie in memory as every other instruction set reads them (factors.h).
//
// Where there is no such processor the same code runs on tiles that are arrays (EMULATED_TILES): to test with.
#pragma once

#include <cstdlib>

#include "factors.h"

namespace throughtime::ISA {

#if defined(__AMX_BF16__) || defined(EMULATED_TILES)
constexpr bool tiled = true;
#else
constexpr bool tiled = false;
#endif

constexpr int64_t tile_side = 16;  // rows of a tile, and words of a row
static_assert(!tiled || (panel == 2 * tile_side && sizeof(word) == sizeof(uint32_t)));

#if defined(EMULATED_TILES)

struct EmulatedTiles {
  bool there = false;
  uint32_t words[8][tile_side][tile_side];
};
inline thread_local EmulatedTiles emulated;

inline uint32_t (&emulated_tile(int number))[tile_side][tile_side] {
  if (!emulated.there) std::abort();  // an illegal instruction
  return emulated.words[number];
}

template <int tile>
void tile_zero() {
  std::memset(emulated_tile(tile), 0, sizeof emulated.words[tile]);
}

template <int tile>
void tile_load(const void* from, int64_t stride) {
  for (int64_t r = 0; r < tile_side; ++r)
    std::memcpy(emulated_tile(tile)[r], static_cast<const char*>(from) + r * stride, sizeof(uint32_t) * tile_side);
}

template <int tile>
void tile_store(void* to, int64_t stride) {
  for (int64_t r = 0; r < tile_side; ++r)
    std::memcpy(static_cast<char*>(to) + r * stride, emulated_tile(tile)[r], sizeof(uint32_t) * tile_side);
}

// As Intel's manual has it: the first terms of all pairs are summed by themselves, and so are the second ones.
template <int sum, int left, int right>
void tile_multiply_add() {
  const auto &a = emulated_tile(left), &b = emulated_tile(right);
  auto& to = emulated_tile(sum);
  for (int64_t r = 0; r < tile_side; ++r) {
    float before[tile_side], first[tile_side]{}, second[tile_side]{};
    std::memcpy(before, to[r], sizeof before);
    for (int64_t k = 0; k < tile_side; ++k)
      for (int64_t j = 0; j < tile_side; ++j) {
        first[j] += first_of(a[r][k]) * first_of(b[k][j]);
        second[j] += second_of(a[r][k]) * second_of(b[k][j]);
      }
    for (int64_t j = 0; j < tile_side; ++j) before[j] += first[j] + second[j];
    std::memcpy(to[r], before, sizeof before);
  }
}

inline void tiles_begin() { emulated.there = true; }
inline void tiles_end() { emulated.there = false; }

#elif defined(__AMX_BF16__)

// Assembly of our own: the compilers' functions are macros that want a number written out.
template <int tile>
inline void tile_zero() {
  asm volatile("tilezero %%tmm%c0" ::"i"(tile));
}

template <int tile>
inline void tile_load(const void* from, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(tile) : "memory");
}

template <int tile>
inline void tile_store(void* to, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(tile) : "memory");
}

template <int sum, int left, int right>
inline void tile_multiply_add() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sum), "i"(left), "i"(right));
}

inline void tiles_begin() {
  struct {
    uint8_t palette = 1, start = 0, reserved[14]{};
    uint16_t bytes[16]{};
    uint8_t rows[16]{};
  } shape;
  for (int tile = 0; tile < 8; ++tile) shape.bytes[tile] = 4 * tile_side, shape.rows[tile] = tile_side;
  asm volatile("ldtilecfg %0" ::"m"(shape));
}

inline void tiles_end() { asm volatile("tilerelease"); }

#else

template <int tile>
void tile_zero();
template <int tile>
void tile_load(const void* from, int64_t stride);
template <int tile>
void tile_store(void* to, int64_t stride);
template <int sum, int left, int right>
void tile_multiply_add();
inline void tiles_begin() {}
inline void tiles_end() {}

#endif

// A thread has its tiles for as long as this lives.
struct TilesInUse {
  TilesInUse() { tiles_begin(); }
  ~TilesInUse() { tiles_end(); }
  TilesInUse(const TilesInUse&) = delete;
  TilesInUse& operator=(const TilesInUse&) = delete;
};

}  // namespace throughtime::ISA
