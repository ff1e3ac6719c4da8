// SPDX-License-Identifier: BSD-3-Clause
// Telling the SPs that a VM is created or destroyed: one message to each partition that asked for
// it, one SMC a step. Only the hypervisor sends these. [DEN0077A 1.2 §18.3]
#pragma once

#include "core/partition_table.hpp"
#include "core/vm_message.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// One SMC of a message, and what its answer means.
template <ffa::FrameworkMessage request, ffa::FrameworkMessage response, Platform P>
VmMessageResult step_vm_message(MediatorState<P>& mediator, VmMessage& message, ffa::EndpointId sp,
                                ffa::EndpointId vm) {
  const ffa::Regs smc = next_smc<request>(message, sp, vm, mediator.config.vm_message_handle);
  const ffa::Regs answer = mediator.platform.smc(ffa::hypervisor_id, smc);
  return take_answer<response>(message, answer, sp, mediator.config.vm_message_retries);
}

template <Platform P>
VmMessageResult step_vm_destroyed(MediatorState<P>& mediator, VmMessage& message,
                                  ffa::EndpointId sp, ffa::EndpointId vm) {
  using enum ffa::FrameworkMessage;
  return step_vm_message<vm_destroyed_request, vm_destroyed_response>(mediator, message, sp, vm);
}

/// Framework messages need FFA_MSG_SEND_DIRECT_REQ_32. Without it no SP can be told, or called.
template <Platform P>
bool can_tell_partitions(const MediatorState<P>& mediator) {
  return mediator.spmc.features.has(ffa::fid32(ffa::Fid::msg_send_direct_req));
}

/// True if the partition at `place` is told that the VM ends: it asked for that, and knows of the
/// VM if it asked for that.
template <Platform P>
bool is_told_destroyed(const MediatorState<P>& mediator, const VmContext<P>& vm, size_t place) {
  const Partition& sp = mediator.partitions.entries()[place];
  const bool knows = !sp.properties.wants_vm_created() || vm.told_created.contains(place);
  return mediator.partitions.is_first(place) && sp.properties.wants_vm_destroyed() && knows;
}

/// VM_CREATED to one partition, until it gives its final answer. Bound: vm_message_retries
/// deferrals.
template <Platform P>
ffa::Result<void> tell_created(MediatorState<P>& mediator, ffa::EndpointId sp, ffa::EndpointId vm) {
  using enum ffa::FrameworkMessage;
  VmMessage message;
  for (uint32_t attempt = 0; attempt <= mediator.config.vm_message_retries; ++attempt) {
    const VmMessageResult result =
        step_vm_message<vm_created_request, vm_created_response>(mediator, message, sp, vm);
    if (result.step == VmMessageStep::accepted) return {};
    if (result.step == VmMessageStep::refused) return ffa::Error{result.status};
  }
  return ffa::Error{ffa::Status::retry};
}

/// VM_DESTROYED to each partition that accepted VM_CREATED: a VM that could not be created.
template <Platform P>
void take_back_created(MediatorState<P>& mediator, VmContext<P>& vm) {
  for (size_t place = 0; place < mediator.partitions.entries().size(); ++place) {
    if (!vm.told_created.contains(place) || !is_told_destroyed(mediator, vm, place)) continue;
    VmMessage message;
    VmMessageResult result{VmMessageStep::again};
    for (uint32_t attempt = 0; attempt <= mediator.config.vm_message_retries; ++attempt) {
      if (result.step != VmMessageStep::again) break;
      const ffa::EndpointId sp = mediator.partitions.entries()[place].id;
      result = step_vm_destroyed(mediator, message, sp, vm.id());
    }
    vm.told_created.erase(place);
  }
}

/// VM_CREATED to every partition that asked for it. If one refuses, those told before are told that
/// the VM is gone.
template <Platform P>
ffa::Result<void> tell_all_created(MediatorState<P>& mediator, VmContext<P>& vm) {
  if (!can_tell_partitions(mediator)) return {};
  for (size_t place = 0; place < mediator.partitions.entries().size(); ++place) {
    const Partition& sp = mediator.partitions.entries()[place];
    if (!mediator.partitions.is_first(place) || !sp.properties.wants_vm_created()) continue;
    const auto told = tell_created(mediator, sp.id, vm.id());
    if (!told.ok()) {
      mediator.platform.log(LogLevel::warning, "ffa: a partition refuses the new VM");
      take_back_created(mediator, vm);
      return told;
    }
    vm.told_created.insert(place);
  }
  return {};
}

}  // namespace mediator
