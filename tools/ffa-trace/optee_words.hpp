// SPDX-License-Identifier: BSD-3-Clause
// What OP-TEE and its driver say to each other in direct messages, in words. Recognised by the
// payload alone, so the words are a reading, not a fact: decode prints them in brackets behind the
// raw payload.
#pragma once

#include <string>

#include "ffa/regs.hpp"

namespace ffa_trace {

/// Of a DIRECT_REQ with w2 = 0; empty where nothing known fits.
std::string optee_request_words(const ffa::Regs& in);
/// Of the DIRECT_RESP to it.
std::string optee_response_words(const ffa::Regs& in, const ffa::Regs& out);

}  // namespace ffa_trace
