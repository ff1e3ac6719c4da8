// SPDX-License-Identifier: BSD-3-Clause
// What the SPs do with a direct request. They run to completion inside the call.
// docs/software-sps.md
#pragma once

#include <array>

#include "spmc-model/sp_protocol.hpp"
#include "src/state.hpp"

namespace spmc_model {

/// The 32-bit words that both conventions can carry.
using Payload = std::array<uint32_t, sp_protocol::payload_words>;

/// One request of `owner` to the memory_user SP with index `sp`.
Payload run_memory_user(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& request);

}  // namespace spmc_model
