// SPDX-License-Identifier: BSD-3-Clause
// An SP as a caller of its SPMC: it writes descriptors into its own TX buffer, calls, and reads
// what comes back in RX. Requests can be prepared to be wrong.
#pragma once

#include "ffa/result.hpp"
#include "src/call.hpp"
#include "src/state.hpp"

namespace spmc_model {

/// One call of the SP at the secure instance.
Answer call_spmc(SpmcStorage& s, size_t sp, const Call& call);

/// FFA_MEM_RETRIEVE_REQ with the rights `access`, and every fragment of the response. Errors: the
/// SPMC's; ABORTED: the response does not say what the SPMC was told.
ffa::Result<void> retrieve_region(SpmcStorage& s, size_t sp, ffa::EndpointId owner,
                                  ffa::Handle handle, DataAccess access);
/// FFA_MEM_RELINQUISH. Errors: the SPMC's.
ffa::Result<void> relinquish_region(SpmcStorage& s, size_t sp, ffa::Handle handle);

}  // namespace spmc_model
