// What a product reads and writes. All that a sweep works on lies in panels: `panel` columns side by side, one row of
// them after another, so that a factor is read (and a result written) from one end to the other, whichever of its
// sides a product runs along.
#pragma once

#include "bf16.h"

namespace throughtime::ISA {

constexpr int panel = 2 * lanes;
// Terms summed before the next tile, so that both factors' parts stay in the nearest cache.
constexpr int64_t product_depth = 256;

inline int64_t panels_of(int64_t size) { return (size + panel - 1) / panel; }
inline int64_t padded(int64_t size) { return panels_of(size) * panel; }

// What a product is added to: nothing, a bias (one a column), what stands in C; `apart` also adds to C, but only once
// the product is summed, so that a sum of many products is a sum of block sums: far smaller rounding errors.
enum class Start { zero, bias, keep, apart };

// A factor that is read by rows: element (r, k) at data[r * row + k / panel * block + k % panel].
// A matrix in panels has row = panel; one as torch stores it has block = panel.
template <class Number>
struct Factor {
  const Number* data;
  int64_t row, block;
};
using Rows = Factor<float>;  // as a sweep has it
using Left = Factor<word>;   // as a product reads it; all that follows counts its columns, K, in words

// The right factor: panel p at data + p * stride, its K rows one after another.
struct Right {
  const word* data;
  int64_t stride;
};

// Where the result goes: element (r, column) at data[column / panel * stride + r * row + column % panel].
struct Result {
  float* data;
  int64_t row, stride;
};

}  // namespace throughtime::ISA
