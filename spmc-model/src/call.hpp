// SPDX-License-Identifier: BSD-3-Clause
// A call as it arrived and the replies to it. Written anew here instead of taken from ffa/, so that
// a wrong register table cannot agree with itself on both sides. [DEN0077A 1.2 chapter 11]
#pragma once

#include <cstdint>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"

namespace spmc_model {

/// x0-x17 of the caller. An SMC32 call has no upper halves.
struct Call {
  ffa::Regs in;
  uint32_t function;  ///< w0 without the SVE hint
  bool smc64;
  [[nodiscard]] uint32_t w(unsigned n) const { return in.w(n); }
  [[nodiscard]] uint64_t x(unsigned n) const { return smc64 ? in.x[n] : in.w(n); }
  [[nodiscard]] uint64_t pair(unsigned low) const {
    return w(low) | static_cast<uint64_t>(w(low + 1)) << 32;
  }
  /// True if w[first] to w7 are all zero in the width of the call.
  [[nodiscard]] bool zero_from(unsigned first) const {
    for (unsigned n = first; n <= 7; ++n) {
      if (x(n) != 0) return false;
    }
    return true;
  }
};

/// x0-x17 to give back. `extended`: x8-x17 are results too.
struct Answer {
  ffa::Regs out;
  bool extended = false;
};

inline Answer reply(uint32_t x0, uint64_t x1 = 0, uint64_t x2 = 0, uint64_t x3 = 0) {
  Answer answer;
  answer.out.x[0] = x0;
  answer.out.x[1] = x1;
  answer.out.x[2] = x2;
  answer.out.x[3] = x3;
  return answer;
}
inline Answer error(ffa::Status status) {
  return reply(ffa::fid32(ffa::Fid::error), 0, ffa::to_word(status));
}
inline Answer success(uint32_t w2 = 0, uint32_t w3 = 0) {
  return reply(ffa::fid32(ffa::Fid::success), 0, w2, w3);
}
/// SUCCESS, or the error that the status is.
inline Answer status_reply(ffa::Status status) {
  return status == ffa::Status::success ? success() : error(status);
}

/// w1 of the response to a message: who sent it receives, and the other way round.
inline uint32_t swapped_ids(uint32_t w1) { return (w1 >> 16) | (w1 << 16); }

inline ffa::EndpointId high_id(uint32_t word) {
  return ffa::EndpointId{static_cast<uint16_t>(word >> 16)};
}
inline ffa::EndpointId low_id(uint32_t word) {
  return ffa::EndpointId{static_cast<uint16_t>(word)};
}

}  // namespace spmc_model
