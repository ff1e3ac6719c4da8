// SPDX-License-Identifier: BSD-3-Clause
// What OP-TEE and its driver say to each other in direct messages, in words. Recognised by the
// payload alone, so the words are a reading, not a fact: decode prints them in brackets behind the
// raw payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace ffa_trace {

/// The service's UUID in the partition list: 486178e0-e7f8-11e3-bc5e-0002a5d5c51b.
inline constexpr ffa::Uuid optee_uuid =
    ffa::Uuid::from_words(0xe0786148, 0xe311f8e7, 0x02005ebc, 0x1bc5d5a5);

/// What a DIRECT_REQ with w2 = 0 asks of OP-TEE.
struct OpteeCall {
  enum class Kind : uint8_t { other, start, resume } kind = Kind::other;
  bool names_handle = false;  ///< w4 and w5 hold one
  uint32_t thread = 0;        ///< of a resume
};
/// Nothing where no known service fits.
std::optional<OpteeCall> optee_call(const ffa::Regs& in);

/// How a yielding call came back. The thread is w7.
enum class OpteeReturn : uint8_t { done, rpc, interrupted, no_thread };
OpteeReturn optee_return(const ffa::Regs& out);

/// Of a DIRECT_REQ with w2 = 0; empty where nothing known fits.
std::string optee_request_words(const ffa::Regs& in);
/// Of the DIRECT_RESP to it.
std::string optee_response_words(const ffa::Regs& in, const ffa::Regs& out);

}  // namespace ffa_trace
