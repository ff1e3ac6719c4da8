// SPDX-License-Identifier: BSD-3-Clause
// The few register idioms that every call shares: 16-bit pairs in a word, 64-bit values in two
// words, reserved words. Used by the headers of ffa/calls only. [DEN0077A 1.2 §11.2, SMCCC 1.3 §2]
#pragma once

#include <cstdint>
#include <type_traits>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/result.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"

namespace ffa::codec {

/// What decode() returns for a field that must be zero and is not.
inline constexpr Error<Status> must_be_zero{Status::invalid_parameters};

/// Zero, as a value that the compiler does not know when it runs: so it stores it word by word, and
/// leaves out words that are written afterwards. A block that it knows to be zero it clears by a
/// string instruction on x86, whose start costs more than all the stores.
constexpr uint64_t stored_zero() {
  uint64_t zero = 0;
  if (!std::is_constant_evaluated()) asm("" : "+r"(zero));
  return zero;
}

/// All-zero registers with the identifier of `fid` in w0. A call with one identifier only ignores
/// `convention`.
constexpr Regs start(Fid fid, Convention convention = Convention::smc32) {
  const uint64_t id = convention == Convention::smc64 ? fid64(fid) : fid32(fid);
  uint64_t z = stored_zero();
  return Regs{{id, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z}};
}

constexpr Convention convention_of(const Regs& regs) { return FunctionId{regs.x[0]}.convention(); }

/// `value` as a register of this convention can carry it: SMC32 has no bits 63:32. [SMCCC 1.3 §2.6]
constexpr uint64_t narrow(uint64_t value, Convention convention) {
  const uint64_t mask = convention == Convention::smc64 ? ~uint64_t{0} : ~uint32_t{0};
  return value & mask;
}
constexpr uint64_t argument(const Regs& regs, unsigned n, Convention convention) {
  return narrow(regs.x[n], convention);
}

/// True if registers first..last hold zero, as far as the convention sees them.
constexpr bool all_zero(const Regs& regs, unsigned first, unsigned last,
                        Convention convention = Convention::smc32) {
  for (unsigned n = first; n <= last; ++n) {
    if (argument(regs, n, convention) != 0) return false;
  }
  return true;
}

/// Two 16-bit fields in one word: sender and receiver, endpoint and vCPU.
constexpr uint32_t pair(uint16_t high, uint16_t low) {
  return static_cast<uint32_t>(high) << 16 | low;
}
constexpr uint16_t high16(uint32_t word) { return static_cast<uint16_t>(word >> 16); }
constexpr uint16_t low16(uint32_t word) { return static_cast<uint16_t>(word); }

/// w1 of every message and most notification calls: sender << 16 | receiver.
constexpr EndpointId sender_of(const Regs& regs) { return EndpointId{high16(regs.w(1))}; }
constexpr EndpointId receiver_of(const Regs& regs) { return EndpointId{low16(regs.w(1))}; }

/// A 64-bit value in two words, low word first, whatever the convention.
constexpr uint64_t dword_at(const Regs& regs, unsigned n) {
  return static_cast<uint64_t>(regs.w(n + 1)) << 32 | regs.w(n);
}
constexpr void put_dword(Regs& regs, unsigned n, uint64_t value) {
  regs.x[n] = static_cast<uint32_t>(value);
  regs.x[n + 1] = value >> 32;
}
constexpr Handle handle_at(const Regs& regs, unsigned n) { return Handle{dword_at(regs, n)}; }

}  // namespace ffa::codec
