// SPDX-License-Identifier: BSD-3-Clause
// The replies that any call can have: FFA_ERROR and FFA_SUCCESS. Handlers write them through
// ffa/reply.hpp. [DEN0077A 1.2 chapter 12]
#pragma once

#include <array>

#include "ffa/calls/codec.hpp"

namespace ffa {

/// FFA_ERROR. w1 = target information (endpoint << 16 | vCPU) or 0, w2 = status code, rest MBZ,
/// ignored here: an error with reserved bits set is still an error. Both widths are read (SMC64
/// exists since 1.3, firmware sends it earlier); an unknown or zero code reads as NOT_SUPPORTED.
/// [DEN0077A 1.2 §12.1]
struct FfaError {
  Convention convention = Convention::smc32;
  uint32_t target_information = 0;
  Status status = Status::not_supported;

  static constexpr Result<FfaError> decode(const Regs& regs) {
    return FfaError{codec::convention_of(regs), regs.w(1), status_from_word(regs.w(2))};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::error, convention);
    regs.x[1] = target_information;
    regs.x[2] = to_word(status);
    return regs;
  }
  friend constexpr bool operator==(const FfaError&, const FfaError&) = default;
};

/// FFA_SUCCESS of any call. w1 = target information or 0; w2-w7 (SMC32) or x2-x17 (SMC64) = results
/// of the call, which the …Success structs of the calls name. Never fails to decode.
/// [DEN0077A 1.2 §12.2]
struct FfaSuccess {
  Convention convention = Convention::smc32;
  uint32_t target_information = 0;
  std::array<uint64_t, 16> results{};  ///< results[n] is register n + 2

  static constexpr Result<FfaSuccess> decode(const Regs& regs) {
    FfaSuccess success{codec::convention_of(regs), regs.w(1), {}};
    for (unsigned n = 2; n <= success.last_register(); ++n) {
      success.results[n - 2] = codec::argument(regs, n, success.convention);
    }
    return success;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success, convention);
    regs.x[1] = target_information;
    for (unsigned n = 2; n <= last_register(); ++n)
      regs.x[n] = codec::narrow(results[n - 2], convention);
    return regs;
  }
  [[nodiscard]] constexpr unsigned last_register() const {
    return convention == Convention::smc64 ? 17 : 7;
  }
  friend constexpr bool operator==(const FfaSuccess&, const FfaSuccess&) = default;
};

}  // namespace ffa
