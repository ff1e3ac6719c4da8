// SPDX-License-Identifier: BSD-3-Clause
// Notifications of one receiver, a VM or an SP, and the senders' side of them. [DEN0077A 1.2,
// notification interfaces]
#pragma once

#include <optional>

#include "ffa/result.hpp"
#include "src/state.hpp"

namespace spmc_model {

/// Without a vCPU: global ones.
using Target = std::optional<uint16_t>;

/// DENIED: one of them is bound.
ffa::Status bind_all(Notifications& receiver, ffa::EndpointId sender, uint64_t bitmap,
                     bool per_vcpu);
/// Those that are bound to this sender.
uint64_t bound_to(const Notifications& receiver, ffa::EndpointId sender);
void unbind_all(Notifications& receiver, uint64_t bitmap);
/// True if one of them is pending, for whatever vCPU.
bool is_pending(const Notifications& receiver, uint64_t bitmap);
/// INVALID_PARAMETERS: they are of the other kind, or there is no such vCPU.
ffa::Status pend(Notifications& receiver, uint64_t bitmap, const Target& target);
/// What is pending for all and for this vCPU; it is no longer.
uint64_t fetch(Notifications& receiver, uint16_t vcpu);

/// What an SP gets that sets notifications of a VM. INVALID_PARAMETERS: no such SP, or the VM has
/// no bitmap, or see pend(). DENIED: one of them is not bound to this SP.
ffa::Status set_by_sp(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap,
                      const Target& target);
/// The SPM's own. INVALID_PARAMETERS: the VM has no bitmap.
ffa::Status set_by_spm(SpmcStorage& s, ffa::EndpointId vm, uint32_t bitmap);
/// A VM is gone: no SP has anything bound to it.
void forget_notifier(SpmcStorage& s, ffa::EndpointId vm);

}  // namespace spmc_model
