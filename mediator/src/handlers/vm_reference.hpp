// SPDX-License-Identifier: BSD-3-Clause
// Another VM in the hands of a call: it stays while the reference does.
#pragma once

#include "handlers/state.hpp"

namespace mediator {

template <Platform P>
class VmReference {
 public:
  VmReference(MediatorState<P>& mediator, ffa::EndpointId id)
      : VmReference(mediator, id, [](const VmSlot<P>& vm) { return vm.life == VmLife::live; }) {}
  /// Only a VM that `accept(slot)` takes once it is held.
  template <class Accept>
  VmReference(MediatorState<P>& mediator, ffa::EndpointId id, Accept accept)
      : mediator_(mediator), id_(id), held_(mediator.platform.vm_get(id)) {
    if (!held_) return;
    const auto slot = mediator.vms.find(id);
    if (slot && accept(*slot)) context_ = slot->context;
  }
  ~VmReference() {
    if (held_) mediator_.platform.vm_put(id_);
  }
  VmReference(const VmReference&) = delete;
  VmReference& operator=(const VmReference&) = delete;

  /// The VM, or nullptr where there is none with TEE type ffa that is taken.
  [[nodiscard]] VmContext<P>* get() const { return context_; }

 private:
  MediatorState<P>& mediator_;
  ffa::EndpointId id_;
  bool held_;
  VmContext<P>* context_ = nullptr;
};

}  // namespace mediator
