// SPDX-License-Identifier: BSD-3-Clause
// The endpoints that the calling VM may see and reach. Every chapter asks here. [DEN0077A 1.2 §6.2]
#pragma once

#include <optional>

#include "core/partition_table.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_reference.hpp"

namespace mediator {

/// The SP with this id, or nullptr where there is none that the caller may know of.
template <Platform P>
[[gnu::always_inline]] inline const Partition* reachable_sp(CallContext<P>& call,
                                                            ffa::EndpointId id) {
  return call.vm.access.names(id) ? call.mediator.partitions.find(id) : nullptr;
}

template <Platform P>
bool is_reachable(CallContext<P>& call, const VmSlot<P>& vm) {
  return vm.tee == TeeType::ffa && vm.life == VmLife::live && vm.id != call.vm.id() &&
         know_each_other(call.vm.access, call.vm.id(), vm.access, vm.id);
}

/// The other VM with this id, if it is served and the caller may know of it.
template <Platform P>
std::optional<VmSlot<P>> reachable_vm(CallContext<P>& call, ffa::EndpointId id) {
  auto vm = call.mediator.vms.find(id);
  if (vm && !is_reachable(call, *vm)) vm.reset();
  return vm;
}

/// Keeps the other VM with this id there, if it is served and the caller may know of it: asked
/// again once it is held, since another VM may have got the id.
template <Platform P>
class PeerReference {
 public:
  PeerReference(CallContext<P>& call, ffa::EndpointId id) {
    if (!reachable_vm(call, id)) return;
    reference_.emplace(call.mediator, id,
                       [&](const VmSlot<P>& vm) { return is_reachable(call, vm); });
  }
  /// The VM, or nullptr.
  [[nodiscard]] VmContext<P>* get() const { return reference_ ? reference_->get() : nullptr; }

 private:
  std::optional<VmReference<P>> reference_;
};

}  // namespace mediator
