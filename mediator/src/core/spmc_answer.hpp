// SPDX-License-Identifier: BSD-3-Clause
// What came back from the SPMC, sorted by function id. An answer that a caller did not ask for is
// an error, never a success. [DEN0077A 1.2 chapter 12]
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ffa/reply.hpp"
#include "mediator/rules.hpp"

namespace mediator {

enum class AnswerKind : uint8_t {
  success,
  error,
  interrupt,
  yield,
  direct_resp,
  direct_resp2,
  mem_frag_rx,
  mem_frag_tx,
  mem_retrieve_resp,
  other
};

constexpr AnswerKind kind_of(const ffa::Regs& answer) {
  using ffa::Fid;
  constexpr uint32_t width_bit = 0x40000000U;  // both widths of a function mean the same here
  switch (static_cast<Fid>(ffa::FunctionId{answer.x[0]}.raw & ~width_bit)) {
    case Fid::success:
      return AnswerKind::success;
    case Fid::error:
      return AnswerKind::error;
    case Fid::interrupt:
      return AnswerKind::interrupt;
    case Fid::yield:
      return AnswerKind::yield;
    case Fid::msg_send_direct_resp:
      return AnswerKind::direct_resp;
    case Fid::mem_frag_rx:
      return AnswerKind::mem_frag_rx;
    case Fid::mem_frag_tx:
      return AnswerKind::mem_frag_tx;
    case Fid::mem_retrieve_resp:
      return AnswerKind::mem_retrieve_resp;
    default:  // this one has 64 bits only
      return ffa::is_function(answer, Fid::msg_send_direct_resp2) ? AnswerKind::direct_resp2
                                                                  : AnswerKind::other;
  }
}

/// The status of an answer that is not what was expected: that of an FFA_ERROR (never success,
/// whatever its w2), else `unexpected`.
constexpr ffa::Status status_of(const ffa::Regs& answer,
                                ffa::Status unexpected = ffa::Status::not_supported) {
  return kind_of(answer) == AnswerKind::error ? ffa::error_status(answer) : unexpected;
}

/// FFA_SUCCESS, or the reason why there is none. A function id that nobody expects means
/// NOT_SUPPORTED.
constexpr Outcome<void> expect_success(const ffa::Regs& answer) {
  if (ffa::is_success(answer)) [[likely]]
    return {};
  return relay(status_of(answer));
}

/// The status as a VM of `version` knows it: NO_DATA came with 1.1, NOT_READY with 1.3; to others
/// the call was simply not done. [DEN0077A 1.2 table 12.2]
constexpr ffa::Status known_status(ffa::Status status, ffa::Version version) {
  const bool unknown =
      status == ffa::Status::not_ready || (status == ffa::Status::no_data && version < ffa::v1_1);
  return unknown ? ffa::Status::aborted : status;
}

}  // namespace mediator
