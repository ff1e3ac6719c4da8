// SPDX-License-Identifier: BSD-3-Clause
// Telling the SPs that a VM is created or destroyed: one message to each partition that asked for
// it, one SMC a step. Only the hypervisor sends these. And the creation of a VM, made of such
// steps. [DEN0077A 1.2 §18.3]
#pragma once

#include "core/creation.hpp"
#include "core/partition_table.hpp"
#include "core/vm_message.hpp"
#include "handlers/aborted_partition.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// One SMC of a message, and what its answer means. An SP that answers ABORTED and is not there any
/// more has accepted whatever it is told; to know that takes one SMC more.
template <ffa::FrameworkMessage request, ffa::FrameworkMessage response, Platform P>
VmMessageResult step_vm_message(MediatorState<P>& mediator, VmMessage& message, ffa::EndpointId sp,
                                ffa::EndpointId vm) {
  const ffa::Regs smc = next_smc<request>(message, sp, vm, mediator.config.vm_message_handle);
  const ffa::Regs answer = mediator.smc(ffa::hypervisor_id, smc);
  if (status_of(answer) == ffa::Status::aborted) {
    note_aborted(mediator, sp);
    const Partition* const entry = mediator.partitions.find(sp);
    if (is_gone(mediator, static_cast<size_t>(entry - mediator.partitions.entries().data()))) {
      return {VmMessageStep::accepted, ffa::Status::success};
    }
  }
  return take_answer<response>(message, answer, sp, mediator.config.vm_message_retries);
}

/// True if what is sent once a partition goes to the entry at `place`: its first one, of an SP that
/// is there.
template <Platform P>
bool is_reached(const MediatorState<P>& mediator, size_t place) {
  return mediator.partitions.is_first(place) && !is_gone(mediator, place);
}

/// The place of who is told next. Of one that is gone since it was told, FFA_RUN is not owed to the
/// next one.
template <class IsTold>
size_t next_told(size_t place, size_t end, VmMessage& message, IsTold is_told) {
  for (; place < end && !is_told(place); ++place) message = {};
  return place;
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
  return is_reached(mediator, place) && sp.properties.wants_vm_destroyed() && knows;
}

/// An SP does not let go of a VM that is gone: before the next one with this id it is asked again.
template <Platform P>
void keep_id(MediatorState<P>& mediator, ffa::EndpointId vm) {
  mediator.vms.set_kept(vm, true);
  mediator.platform.log(LogLevel::error, "ffa: a partition does not accept the end of a VM");
}

/// There will be no VM: those that know of it are told.
template <Platform P>
void refuse(const MediatorState<P>& mediator, VmContext<P>& vm, ffa::Status why) {
  vm.creation.refusal = why;
  enter(vm.creation, CreationStep::undo, mediator.partitions.entries().size());
}

/// An earlier VM with this id was not forgotten by all SPs: each that asked for VM_DESTROYED is
/// sent it before the new VM comes to life. One that keeps the old VM keeps the new one from life.
template <Platform P>
void creation_settle(MediatorState<P>& mediator, VmContext<P>& vm) {
  using enum ffa::FrameworkMessage;
  Creation& creation = vm.creation;
  const auto partitions = mediator.partitions.entries();
  const bool kept = mediator.vms.is_kept(vm.id()) && can_tell_partitions(mediator);
  const auto is_told = [&](size_t place) {
    return is_reached(mediator, place) && partitions[place].properties.wants_vm_destroyed();
  };
  if (kept) {
    creation.place = next_told(creation.place, partitions.size(), creation.message, is_told);
  }
  if (!kept || creation.place >= partitions.size()) {
    if (kept) mediator.vms.set_kept(vm.id(), false);
    return enter(creation, CreationStep::vm_created);
  }
  const VmMessageResult told = step_vm_message<vm_destroyed_request, vm_destroyed_response>(
      mediator, creation.message, partitions[creation.place].id, vm.id());
  creation.later = told.step == VmMessageStep::again;
  if (creation.later) return;
  if (told.step == VmMessageStep::accepted) {
    return enter(creation, CreationStep::settle, creation.place + 1);
  }
  mediator.platform.log(LogLevel::warning, "ffa: a partition keeps an earlier VM with this id");
  refuse(mediator, vm, told.status);
}

/// VM_CREATED to the next partition that asked for it. If it refuses, those told before are told
/// that the VM is gone, as it is itself where its answer says neither.
template <Platform P>
void creation_tell(MediatorState<P>& mediator, VmContext<P>& vm) {
  using enum ffa::FrameworkMessage;
  Creation& creation = vm.creation;
  const auto partitions = mediator.partitions.entries();
  const auto is_told = [&](size_t place) {
    return is_reached(mediator, place) && partitions[place].properties.wants_vm_created();
  };
  creation.place = next_told(creation.place, partitions.size(), creation.message, is_told);
  if (creation.place >= partitions.size() || !can_tell_partitions(mediator)) {
    return enter(creation, CreationStep::bitmap);
  }
  const VmMessageResult told = step_vm_message<vm_created_request, vm_created_response>(
      mediator, creation.message, partitions[creation.place].id, vm.id());
  creation.later = told.step == VmMessageStep::again;
  if (creation.later) return;
  if (told.step != VmMessageStep::refused) vm.told_created.insert(creation.place);
  if (told.step == VmMessageStep::unclear && told.status == ffa::Status::interrupted) {
    mediator.platform.log(LogLevel::error, "ffa: a partition never ends the start of a VM");
  }
  if (told.step == VmMessageStep::accepted) {
    return enter(creation, CreationStep::vm_created, creation.place + 1);
  }
  mediator.platform.log(LogLevel::warning, "ffa: a partition refuses the new VM");
  refuse(mediator, vm, told.status);
}

/// DENIED means that the bitmap of an earlier VM with this id was left behind: it is destroyed,
/// once.
template <Platform P>
void creation_bitmap(MediatorState<P>& mediator, VmContext<P>& vm) {
  Creation& creation = vm.creation;
  if (!has_notifications(mediator.spmc.features)) return enter(creation, CreationStep::done);
  const bool creates = creation.step != CreationStep::bitmap_left;
  const auto answer = hypervisor_call(
      mediator, creates ? ffa::NotificationBitmapCreate{vm.id(), vm.config.vcpus}.encode()
                        : ffa::NotificationBitmapDestroy{vm.id()}.encode());
  if (answer.ok()) {
    vm.has_bitmap = creates;
    return enter(creation, creates ? CreationStep::done : CreationStep::bitmap_again);
  }
  if (answer.error() == ffa::Status::denied && creation.step == CreationStep::bitmap) {
    return enter(creation, CreationStep::bitmap_left);
  }
  creation.later = asks_for_patience(answer.error()) &&
                   creation.message.deferrals++ < mediator.config.vm_message_retries;
  if (!creation.later) refuse(mediator, vm, answer.error());
}

template <Platform P>
void creation_undo(MediatorState<P>& mediator, VmContext<P>& vm) {
  using enum ffa::FrameworkMessage;
  Creation& creation = vm.creation;
  const auto is_told = [&](size_t place) {
    return vm.told_created.contains(place) && is_told_destroyed(mediator, vm, place);
  };
  for (; creation.place > 0 && !is_told(creation.place - 1); --creation.place) {
    creation.message = {};
  }
  if (creation.place == 0) return enter(creation, CreationStep::done);
  const size_t place = creation.place - 1;
  const VmMessageResult told = step_vm_message<vm_destroyed_request, vm_destroyed_response>(
      mediator, creation.message, mediator.partitions.entries()[place].id, vm.id());
  creation.later = told.step == VmMessageStep::again;
  if (creation.later) return;
  if (told.step != VmMessageStep::accepted) keep_id(mediator, vm.id());
  vm.told_created.erase(place);
  enter(creation, CreationStep::undo, place);
}

template <Platform P>
void creation_step(MediatorState<P>& mediator, VmContext<P>& vm) {
  switch (vm.creation.step) {
    case CreationStep::settle:
      return creation_settle(mediator, vm);
    case CreationStep::vm_created:
      return creation_tell(mediator, vm);
    case CreationStep::bitmap:
    case CreationStep::bitmap_left:
    case CreationStep::bitmap_again:
      return creation_bitmap(mediator, vm);
    case CreationStep::undo:
      return creation_undo(mediator, vm);
    case CreationStep::done:
      return;
  }
}

}  // namespace mediator
