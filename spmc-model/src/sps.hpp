// SPDX-License-Identifier: BSD-3-Clause
// What the SPs do with a direct request. They run to completion inside the call.
// docs/software-sps.md
#pragma once

#include <array>
#include <cstdint>

#include "ffa/result.hpp"
#include "spmc-model/sp_protocol.hpp"
#include "src/state.hpp"

namespace spmc_model {

/// The 32-bit words that both conventions can carry.
using Payload = std::array<uint32_t, sp_protocol::payload_words>;

/// FFA_MSG_SEND2 of an SP: a message of the 8 bytes of `content` into the RX of a VM.
ffa::Status send_to_vm(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t content);

/// What a memory_user does with the indirect message in its RX.
ffa::Result<uint64_t> use_message(SpmcStorage& s, size_t sp, sp_protocol::Operation operation,
                                  uint32_t offset);

/// One request of `owner` to the memory_user SP with index `sp`.
Payload run_memory_user(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& request);

/// One request of `vm` to the notifier SP with index `sp`.
Payload run_notifier(SpmcStorage& s, size_t sp, ffa::EndpointId vm, const Payload& request);

}  // namespace spmc_model
