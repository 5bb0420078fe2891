// Memory for one call.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace throughtime {

constexpr int64_t huge_page = int64_t{2} << 20;

// Fresh memory of this size comes in pages of 2 MB where the system has them: thousands of small ones cost more than
// the arithmetic that fills them.
inline void in_huge_pages(void* start, int64_t bytes) {
  const auto first = (reinterpret_cast<uintptr_t>(start) + huge_page - 1) / huge_page * huge_page;
  const auto end = (reinterpret_cast<uintptr_t>(start) + bytes) / huge_page * huge_page;
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

struct Block {
  void* start;
  int64_t bytes;
};

// At least so many bytes on lines of their own, in huge pages if they fill one. std::bad_alloc if there are not.
inline Block allocate(int64_t bytes) {
  const int64_t page = bytes >= huge_page ? huge_page : 128, whole = (bytes + page - 1) / page * page;
  void* start = std::aligned_alloc(page, whole);
  if (start == nullptr) throw std::bad_alloc();
  in_huge_pages(start, whole);
  return {start, whole};
}

// Scratch memory that outlives a call, one for each calling thread.
class Scratch {
 public:
  // Runs `lay` twice with a function that takes floats: first to count them, then to hand them out, each part on cache
  // lines of its own. std::bad_alloc if there is not that much memory.
  template <class Lay>
  void lay(Lay lay) {
    int64_t needed = 0, used = 0;
    lay([&](int64_t floats) {
      needed += in_lines(floats);
      return static_cast<float*>(nullptr);
    });
    if (needed > size_) grow(needed);
    lay([&](int64_t floats) {
      float* start = memory_ + used;
      used += in_lines(floats);
      return start;
    });
  }
  ~Scratch() { std::free(memory_); }

 private:
  static int64_t in_lines(int64_t floats) { return (floats + 31) / 32 * 32; }

  void grow(int64_t floats) {
    std::free(memory_);
    memory_ = nullptr, size_ = 0;
    const Block block = allocate(floats * static_cast<int64_t>(sizeof(float)));
    memory_ = static_cast<float*>(block.start), size_ = block.bytes / static_cast<int64_t>(sizeof(float));
  }

  float* memory_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace throughtime
