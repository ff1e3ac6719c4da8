// SPDX-License-Identifier: BSD-3-Clause
// EL2's own system registers.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" const std::byte el2_vectors[];

namespace ports::qemu {

/// MMU, caches and alignment checks off; exceptions go to EL2's vectors.
inline void prepare_el2() {
  constexpr uint64_t sctlr_el2 = 0x30c50830;  // RES1 bits
  asm volatile("msr sctlr_el2, %0; msr vbar_el2, %1; isb" ::"r"(sctlr_el2), "r"(el2_vectors));
}

}  // namespace ports::qemu
