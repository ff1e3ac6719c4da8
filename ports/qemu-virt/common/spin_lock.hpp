// SPDX-License-Identifier: BSD-3-Clause
// A lock between CPUs. [DDI0487 B2.17, K14.3.1]
#pragma once

#include <cstdint>

namespace ports::qemu {

/// The owner of a word that is 0 while nobody has it. Who waits sleeps until the word is stored to:
/// the load-exclusive watches it.
inline void take_lock(uint32_t& word) {
  uint32_t taken = 0;
  asm volatile(
      "b 2f\n"
      "1: wfe\n"
      "2: ldaxr %w0, [%1]\n"
      "cbnz %w0, 1b\n"
      "stxr %w0, %w2, [%1]\n"
      "cbnz %w0, 2b"
      : "=&r"(taken)
      : "r"(&word), "r"(1)
      : "memory");
}

inline void release_lock(uint32_t& word) { asm volatile("stlr wzr, [%0]" ::"r"(&word) : "memory"); }

}  // namespace ports::qemu
