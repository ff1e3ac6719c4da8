// SPDX-License-Identifier: BSD-3-Clause
// Which general registers an A64 instruction reads, for what, and which it writes: as much as it
// takes to follow a value. [Arm ARM C4.1]
#pragma once

#include <cstdint>

namespace sim::unicorn {

/// Sets of registers: bit n stands for xn. x31, be it zero or the stack pointer, is in none.
struct Instruction {
  uint32_t sources = 0;    ///< that the result is made from
  uint32_t addresses = 0;  ///< that a load or store takes its address from
  uint32_t decides = 0;    ///< that flags, a branch or a system register depend on
  uint32_t results = 0;
  bool joins = false;  ///< the result is put together from bits of each source
  /// Of a load or store: what the first and the second access move, in the order of addresses.
  uint32_t moved[2] = {0, 0};
  /// Of a conditional select: the register for a condition that holds, and for one that does not.
  bool selects = false;
  uint32_t if_true = 0;
  uint32_t if_false = 0;
  uint8_t condition = 0;
};

/// Floating point and SIMD, which images do not use, come out without registers.
Instruction decode(uint32_t word);

/// Whether a condition holds with these flags, N in bit 31 to V in bit 28.
bool holds(uint8_t condition, uint64_t nzcv);

}  // namespace sim::unicorn
