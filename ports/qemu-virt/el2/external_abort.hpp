// SPDX-License-Identifier: BSD-3-Clause
// An abort that EL2 has taken from a guest, as the external abort that the guest takes at EL1
// instead. [DDI 0487, AArch64.TakeException; D1.3.1 vector offsets; D1.3.4 process state]
#pragma once

#include <cstdint>

namespace ports::qemu {

/// What the guest was doing when EL2 took the abort.
struct Aborted {
  uint64_t spsr = 0;  ///< of EL2
  uint64_t esr = 0;   ///< of EL2: an instruction or a data abort from a lower level
};

/// How the guest goes on.
struct Exception {
  uint64_t vector = 0;  ///< added to VBAR_EL1
  uint64_t spsr = 0;    ///< the process state at the vector
  uint64_t esr = 0;     ///< of EL1
};

/// `sctlr`: SCTLR_EL1.
constexpr Exception external_abort(const Aborted& aborted, uint64_t sctlr) {
  constexpr uint64_t mode = 0xf;
  constexpr uint64_t el0 = 0;
  constexpr uint64_t el1_with_sp_el0 = 4;
  constexpr uint64_t is_aarch32 = 1 << 4;
  constexpr uint64_t el1h_masked = 0x3c5;
  constexpr uint64_t ssbs = 1 << 12;
  constexpr uint64_t pan = 1 << 22;
  constexpr uint64_t sctlr_span = 1 << 23;  // an exception leaves PAN as it is
  constexpr uint64_t sctlr_dssbs = 1ULL << 44;
  constexpr uint64_t long_instruction = 1 << 25;
  constexpr uint64_t was_write = 1 << 6;
  constexpr uint64_t external = 0x10;
  constexpr unsigned class_shift = 26;

  const bool from_el0 = (aborted.spsr & mode) == el0;
  Exception taken;
  if (from_el0) {
    taken.vector = (aborted.spsr & is_aarch32) != 0 ? 0x600 : 0x400;
  } else {
    taken.vector = (aborted.spsr & mode) == el1_with_sp_el0 ? 0x000 : 0x200;
  }
  taken.spsr = el1h_masked;
  if ((sctlr & sctlr_span) == 0 || (aborted.spsr & pan) != 0) taken.spsr |= pan;
  if ((sctlr & sctlr_dssbs) != 0) taken.spsr |= ssbs;
  // The classes of EL1 are those of EL2; one more is an abort without a change of level.
  const uint64_t from_lower = aborted.esr >> class_shift & 0x3f;
  taken.esr = (from_el0 ? from_lower : from_lower + 1) << class_shift |
              (aborted.esr & (long_instruction | was_write)) | external;
  return taken;
}

}  // namespace ports::qemu
