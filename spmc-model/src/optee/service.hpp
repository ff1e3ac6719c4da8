// SPDX-License-Identifier: BSD-3-Clause
// The SP kind `optee`, as the rest of the SPMC sees it.
#pragma once

#include "src/sps.hpp"

namespace spmc_model::optee {

/// One request of `owner` to the service with SP index `sp`: w3-w7 in, w3-w7 out.
Payload run_service(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& request);
/// Its threads, sessions and notifications are gone.
void forget_vm(SpmcStorage& s, size_t sp, ffa::EndpointId id);

}  // namespace spmc_model::optee
