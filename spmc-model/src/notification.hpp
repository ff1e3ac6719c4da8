// SPDX-License-Identifier: BSD-3-Clause
// The SP's side of notifications, for test control. [DEN0077A 1.2, notification interfaces]
#pragma once

#include "src/state.hpp"

namespace spmc_model {

/// What an SP gets that sets global notifications of a VM. INVALID_PARAMETERS: no such SP, or the
/// VM has no bitmap. DENIED: one of them is not bound to this SP.
ffa::Status set_by_sp(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap);

}  // namespace spmc_model
