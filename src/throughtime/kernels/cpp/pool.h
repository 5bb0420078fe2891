// Memory for what a sweep keeps for its way back. A training step asks for as much as the one before, and blocks of
// that size the system would take back and clear in between: some per cent of the step.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "scratch.h"

namespace throughtime {

class Pool {
 public:
  // So much memory is kept when nobody uses it.
  static constexpr int64_t most_idle = int64_t{512} << 20;

  // The one of the process; never destroyed, since tensors may outlive everything else.
  static Pool& of_process() {
    static Pool& pool = *new Pool;
    return pool;
  }

  // At least so many bytes. std::bad_alloc if there is not that much memory.
  Block take(int64_t bytes) {
    const std::lock_guard<std::mutex> guard(lock_);
    auto best = idle_.end();  // the smallest that will do, of equals the one given back last
    for (auto block = idle_.begin(); block != idle_.end(); ++block)
      if (block->bytes >= bytes && block->bytes / 2 <= bytes && (best == idle_.end() || block->bytes <= best->bytes))
        best = block;
    Block taken{};
    if (best != idle_.end()) {
      taken = *best, idle_.erase(best), idle_bytes_ -= taken.bytes;
    } else {
      // idle blocks that are too small must not make the process larger than it has ever needed to be
      while (!idle_.empty() && used_ + idle_bytes_ + bytes > most_used_) drop_oldest();
      taken = allocate(bytes);
    }
    used_ += taken.bytes, most_used_ = std::max(most_used_, used_);
    return taken;
  }

  void give_back(Block block) {
    const std::lock_guard<std::mutex> guard(lock_);
    used_ -= block.bytes, idle_bytes_ += block.bytes;
    idle_.push_back(block);
    while (idle_bytes_ > most_idle) drop_oldest();
  }

 private:
  void drop_oldest() {
    idle_bytes_ -= idle_.front().bytes;
    std::free(idle_.front().start);
    idle_.erase(idle_.begin());
  }

  std::mutex lock_;
  std::vector<Block> idle_;  // given back longest ago first
  int64_t used_ = 0, most_used_ = 0, idle_bytes_ = 0;
};

}  // namespace throughtime
