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

/// A message to one partition, until it gives its final answer. Bound: vm_message_retries
/// deferrals.
template <ffa::FrameworkMessage request, ffa::FrameworkMessage response, Platform P>
VmMessageResult tell(MediatorState<P>& mediator, size_t place, ffa::EndpointId vm) {
  const ffa::EndpointId sp = mediator.partitions.entries()[place].id;
  VmMessage message;
  VmMessageResult result{VmMessageStep::again};
  while (result.step == VmMessageStep::again) {
    result = step_vm_message<request, response>(mediator, message, sp, vm);
  }
  return result;
}

template <Platform P>
VmMessageResult tell_destroyed(MediatorState<P>& mediator, size_t place, ffa::EndpointId vm) {
  using enum ffa::FrameworkMessage;
  return tell<vm_destroyed_request, vm_destroyed_response>(mediator, place, vm);
}

/// An SP does not let go of a VM that is gone: before the next one with this id it is asked again.
template <Platform P>
void keep_id(MediatorState<P>& mediator, ffa::EndpointId vm) {
  mediator.vms.set_kept(vm, true);
  mediator.platform.log(LogLevel::error, "ffa: a partition does not accept the end of a VM");
}

/// A VM that could not be created: VM_DESTROYED to each partition that knows of it, the last one
/// first.
template <Platform P>
void take_back_created(MediatorState<P>& mediator, VmContext<P>& vm) {
  for (size_t place = mediator.partitions.entries().size(); place-- > 0;) {
    if (!vm.told_created.contains(place) || !is_told_destroyed(mediator, vm, place)) continue;
    const VmMessageResult told = tell_destroyed(mediator, place, vm.id());
    if (told.step != VmMessageStep::accepted) keep_id(mediator, vm.id());
    vm.told_created.erase(place);
  }
}

/// An earlier VM with this id was not forgotten by all SPs: each that asked for VM_DESTROYED is
/// sent it before the new VM comes to life. One that keeps the old VM keeps the new one from life.
template <Platform P>
ffa::Result<void> settle_earlier_vm(MediatorState<P>& mediator, ffa::EndpointId vm) {
  if (!mediator.vms.is_kept(vm) || !can_tell_partitions(mediator)) return {};
  for (size_t place = 0; place < mediator.partitions.entries().size(); ++place) {
    const Partition& sp = mediator.partitions.entries()[place];
    if (!mediator.partitions.is_first(place) || !sp.properties.wants_vm_destroyed()) continue;
    const VmMessageResult told = tell_destroyed(mediator, place, vm);
    if (told.step == VmMessageStep::accepted) continue;
    mediator.platform.log(LogLevel::warning, "ffa: a partition keeps an earlier VM with this id");
    return ffa::Error{told.status};
  }
  mediator.vms.set_kept(vm, false);
  return {};
}

/// VM_CREATED to every partition that asked for it. If one refuses, those told before are told that
/// the VM is gone, as is the one whose answer says neither.
template <Platform P>
ffa::Result<void> tell_all_created(MediatorState<P>& mediator, VmContext<P>& vm) {
  using enum ffa::FrameworkMessage;
  if (!can_tell_partitions(mediator)) return {};
  for (size_t place = 0; place < mediator.partitions.entries().size(); ++place) {
    const Partition& sp = mediator.partitions.entries()[place];
    if (!mediator.partitions.is_first(place) || !sp.properties.wants_vm_created()) continue;
    const VmMessageResult told =
        tell<vm_created_request, vm_created_response>(mediator, place, vm.id());
    if (told.step != VmMessageStep::refused) vm.told_created.insert(place);
    if (told.step == VmMessageStep::accepted) continue;
    mediator.platform.log(LogLevel::warning, "ffa: a partition refuses the new VM");
    take_back_created(mediator, vm);
    return ffa::Error{told.status};
  }
  return {};
}

}  // namespace mediator
