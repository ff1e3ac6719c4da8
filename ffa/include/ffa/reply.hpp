// SPDX-License-Identifier: BSD-3-Clause
// The replies that handlers give and the questions they ask about a reply. Every reply starts from
// all-zero registers, so that nothing of another world leaks through a result register.
// [DEN0077A 1.2 chapter 12]
#pragma once

#include "ffa/calls/generic.hpp"

namespace ffa {

/// FFA_ERROR with the status in w2, zero-extended, and no target information.
[[nodiscard]] constexpr Regs reply(Status status) { return FfaError{.status = status}.encode(); }

/// FFA_SUCCESS_32 with up to two result words in w2 and w3.
[[nodiscard]] constexpr Regs success32(uint32_t w2, uint32_t w3 = 0) {
  Regs regs = codec::start(Fid::success);
  regs.x[2] = w2;
  regs.x[3] = w3;
  return regs;
}
/// The one without results; a constant, since most calls end with it.
inline constexpr Regs success32_alone = success32(0);
[[nodiscard]] constexpr const Regs& success32() { return success32_alone; }

/// FFA_SUCCESS_64 with up to two result registers in x2 and x3.
[[nodiscard]] constexpr Regs success64(uint64_t x2 = 0, uint64_t x3 = 0) {
  return FfaSuccess{.convention = Convention::smc64, .results = {x2, x3}}.encode();
}

/// True if w0 of a reply is this function, in either width and with or without the SVE hint.
[[nodiscard]] constexpr bool is_function(const Regs& regs, Fid fid) {
  const uint32_t id = FunctionId{regs.x[0]}.raw;
  return id == fid32(fid) || id == fid64(fid);
}
[[nodiscard]] constexpr bool is_error(const Regs& regs) { return is_function(regs, Fid::error); }
[[nodiscard]] constexpr bool is_success(const Regs& regs) {
  return is_function(regs, Fid::success);
}

/// The status in an FFA_ERROR; never success, whatever w2 holds.
[[nodiscard]] constexpr Status error_status(const Regs& regs) {
  return status_from_word(regs.w(2));
}

}  // namespace ffa
