// Whether this process may multiply tiles of bfloat16: the processor must have AMX, and the system must allow it.
#pragma once

#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace throughtime {

// Asks Linux once for the whole process: a tile's 8 KB belong to a thread's state only in processes that ask.
inline bool amx_bf16_at_hand() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  static const bool there = [] {
    constexpr unsigned bfloat16 = 1u << 22, tiles = 1u << 24;  // of leaf 7's edx
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
    if (!(edx & bfloat16) || !(edx & tiles)) return false;
    constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
  }();
  return there;
#else
  return false;
#endif
}

}  // namespace throughtime
