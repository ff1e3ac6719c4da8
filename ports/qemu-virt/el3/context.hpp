// SPDX-License-Identifier: BSD-3-Clause
// One world as EL3 keeps it while the other runs: its general registers, where it goes on, and the
// EL1 system registers, which the two worlds share.
#pragma once

#include <array>
#include <cstdint>

namespace el3 {

struct El1Registers {
  uint64_t sctlr, cpacr, vbar, sp_el0, sp_el1, elr, spsr, esr, far, ttbr0, ttbr1, tcr, mair, tpidr,
      tpidr_el0;
};

/// vectors.S knows the offsets of the first four fields.
struct World {
  std::array<uint64_t, 31> x{};
  uint64_t elr = 0;
  uint64_t spsr = 0;
  uint64_t scr = 0;
  El1Registers el1{};
};
static_assert(sizeof(std::array<uint64_t, 31>) == 248);

}  // namespace el3
