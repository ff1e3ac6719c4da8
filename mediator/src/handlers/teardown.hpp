// SPDX-License-Identifier: BSD-3-Clause
// The end of a VM, as a list of steps of at most one SMC each: what VMs borrow taken back, sends
// that are not whole given up (an SMC for each fragment that the SPMC waits for), notifications
// undone, SPs told, live transactions reclaimed, buffers taken back from the SPMC. Stops for its
// budget between any two.
// [DEN0077A 1.2 §18.3]
#pragma once

#include "core/teardown.hpp"
#include "ffa/calls.hpp"
#include "handlers/memory_fragments.hpp"
#include "handlers/memory_reclaim.hpp"
#include "handlers/memory_relinquish.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_availability.hpp"
#include "handlers/vm_dialogue.hpp"

namespace mediator {

inline void enter(Teardown& teardown, TeardownStep step) { teardown = {.step = step}; }

/// DENIED: something is bound or pending. It is undone, then the bitmap goes.
template <Platform P>
void teardown_bitmap(MediatorState<P>& mediator, VmContext<P>& vm) {
  const bool last_try = vm.teardown.step == TeardownStep::bitmap_again;
  if (!vm.has_bitmap) return enter(vm.teardown, TeardownStep::vm_destroyed);
  const auto destroyed =
      hypervisor_call(mediator, ffa::NotificationBitmapDestroy{vm.id()}.encode());
  if (destroyed.ok()) vm.has_bitmap = false;
  if (!destroyed.ok() && destroyed.error() == ffa::Status::denied && !last_try) {
    return enter(vm.teardown, TeardownStep::drain);
  }
  if (!destroyed.ok()) {
    mediator.platform.log(LogLevel::warning, "ffa: the SPMC keeps the bitmap of a dead VM");
  }
  enter(vm.teardown, TeardownStep::vm_destroyed);
}

/// What is pending for one vCPU is read and dropped.
template <Platform P>
void teardown_drain(MediatorState<P>& mediator, VmContext<P>& vm) {
  using ffa::NotificationGet;
  if (vm.teardown.place >= vm.vcpus.size()) return enter(vm.teardown, TeardownStep::unbind);
  const ffa::VcpuId vcpu{static_cast<uint16_t>(vm.teardown.place++)};
  const uint32_t sources = NotificationGet::from_sps | NotificationGet::from_spm;
  // Whatever the answer: the bitmap's end is tried once more anyway.
  (void)hypervisor_call(mediator, NotificationGet{vcpu, vm.id(), sources}.encode());
}

/// All notifications of the next sender.
template <Platform P>
void teardown_unbind(MediatorState<P>& mediator, VmContext<P>& vm) {
  ffa::NotificationUnbind unbind{{}, vm.id(), 0};
  {
    const Guard guard(vm.state_lock);
    for (size_t n = 0; n < Bindings::notifications && unbind.bitmap == 0; ++n) {
      unbind.sender = vm.bindings.sender(n);
      if (unbind.sender != ffa::hypervisor_id) unbind.bitmap = vm.bindings.bound_to(unbind.sender);
    }
    vm.bindings.unbind(unbind.bitmap);
  }
  if (unbind.bitmap == 0) return enter(vm.teardown, TeardownStep::bitmap_again);
  (void)hypervisor_call(mediator, unbind.encode());
}

/// The next SMC of the next VM_DESTROYED. A partition that never accepts it is given up after the
/// configured patience.
template <Platform P>
void teardown_vm_destroyed(MediatorState<P>& mediator, VmContext<P>& vm) {
  Teardown& teardown = vm.teardown;
  const auto partitions = mediator.partitions.entries();
  while (teardown.place < partitions.size() && !is_told_destroyed(mediator, vm, teardown.place)) {
    ++teardown.place;
  }
  if (teardown.place >= partitions.size() || !can_tell_partitions(mediator)) {
    return enter(teardown, TeardownStep::reclaim);
  }
  const auto result =
      step_vm_destroyed(mediator, teardown.message, partitions[teardown.place].id, vm.id());
  if (result.step == VmMessageStep::again) return;
  if (result.step == VmMessageStep::refused) {
    mediator.platform.log(LogLevel::warning, "ffa: a partition does not accept the end of a VM");
  }
  ++teardown.place;
  teardown.message = {};
}

template <Platform P>
void teardown_borrowing(MediatorState<P>& mediator, VmContext<P>& vm) {
  BorrowStep found = end_one_borrowing(mediator, vm);
  if (found == BorrowStep::idle) found = take_back_one(mediator, vm);
  if (found == BorrowStep::idle) return enter(vm.teardown, TeardownStep::transfers);
  vm.teardown.step = TeardownStep::borrowing;
  vm.teardown.waits = found == BorrowStep::wait;
}

/// The next FFA_RUN: an SP must not stay preempted for a VM that will never resume it.
/// One that does not come to its end is given up after the configured patience.
template <Platform P>
void teardown_requests(MediatorState<P>& mediator, VmContext<P>& vm) {
  Teardown& teardown = vm.teardown;
  while (teardown.place < vm.vcpus.size()) {
    OutstandingRequest& request = vm.vcpus[teardown.place].request;
    if (!request.active || !request.receiver.is_secure()) {
      ++teardown.place;
      continue;
    }
    const ffa::Run run{request.receiver, request.context};
    const ffa::Regs answer = mediator.platform.smc(vm.id(), run.encode());
    const AnswerKind kind = kind_of(answer);
    const bool stopped = kind == AnswerKind::interrupt || kind == AnswerKind::yield;
    if (stopped) request.context = ffa::VcpuId{ffa::codec::low16(answer.w(1))};
    const bool again = stopped || asks_for_patience(status_of(answer));
    request.active = again && teardown.message.deferrals++ < mediator.config.vm_message_retries;
    if (request.active) return;
    if (again) mediator.platform.log(LogLevel::warning, "ffa: an SP keeps a dead VM's request");
    teardown.message = {};
    return;
  }
  teardown_borrowing(mediator, vm);
}

/// One that the SPMC does not let go after the configured patience is quarantined.
template <Platform P>
void teardown_buffers(MediatorState<P>& mediator, VmContext<P>& vm) {
  const bool mapped = vm.buffers.tx.load() != static_cast<uint32_t>(TxState::unmapped);
  if (mapped && shares_buffers(mediator, vm)) {
    const auto unmapped = hypervisor_call(mediator, ffa::RxtxUnmap{vm.id()}.encode());
    const bool again = !unmapped.ok() && asks_for_patience(unmapped.error());
    const uint32_t patience = mediator.config.reclaim_retries;
    if (again && vm.teardown.message.deferrals++ < patience) return;
    vm.buffers_kept = !unmapped.ok();
    if (vm.buffers_kept) {
      mediator.platform.log(LogLevel::warning, "ffa: the SPMC keeps the buffers of a dead VM");
    }
  }
  enter(vm.teardown, TeardownStep::done);
}

template <Platform P>
void teardown_step(MediatorState<P>& mediator, VmContext<P>& vm) {
  switch (vm.teardown.step) {
    case TeardownStep::none:
      return enter(vm.teardown, TeardownStep::dialogues);
    case TeardownStep::dialogues:
      end_dialogues(mediator, vm);
      return enter(vm.teardown, TeardownStep::requests);
    case TeardownStep::requests:
      return teardown_requests(mediator, vm);
    case TeardownStep::borrowing:
      return teardown_borrowing(mediator, vm);
    case TeardownStep::transfers:
      if (give_up_one_transfer(mediator, vm)) return;
      return enter(vm.teardown, TeardownStep::bitmap);
    case TeardownStep::bitmap:
    case TeardownStep::bitmap_again:
      return teardown_bitmap(mediator, vm);
    case TeardownStep::drain:
      return teardown_drain(mediator, vm);
    case TeardownStep::unbind:
      return teardown_unbind(mediator, vm);
    case TeardownStep::vm_destroyed:
      return teardown_vm_destroyed(mediator, vm);
    case TeardownStep::reclaim:
      if (reclaim_one(mediator, vm) == ReclaimStep::again) return;
      return enter(vm.teardown, TeardownStep::buffers);
    case TeardownStep::buffers:
      return teardown_buffers(mediator, vm);
    case TeardownStep::done:
      return;
  }
}

}  // namespace mediator
