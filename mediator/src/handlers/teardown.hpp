// SPDX-License-Identifier: BSD-3-Clause
// The end of a VM, as a list of steps of at most one SMC each: what VMs borrow taken back, sends
// that are not whole given up, notifications undone, SPs told, live transactions reclaimed, buffers
// taken back from the SPMC. Stops for its budget between any two, and after each refusal, so that
// whoever refuses has its time. [DEN0077A 1.2 §18.3]
#pragma once

#include "core/teardown.hpp"
#include "ffa/calls.hpp"
#include "handlers/memory_fragments.hpp"
#include "handlers/memory_reclaim.hpp"
#include "handlers/memory_relinquish.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/rxtx.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_availability.hpp"
#include "handlers/vm_dialogue.hpp"

namespace mediator {

inline void enter(Teardown& teardown, TeardownStep step) { teardown = {.step = step}; }

/// As enter(), but the refusals so far count on.
inline void enter_again(Teardown& teardown, TeardownStep step) {
  teardown.step = step;
  teardown.place = 0;
}

/// One refusal more. True: the same is tried again, after others had their turn.
template <Platform P>
bool try_later(const MediatorState<P>& mediator, Teardown& teardown) {
  teardown.later = teardown.message.deferrals < mediator.config.vm_message_retries;
  if (teardown.later) ++teardown.message.deferrals;
  return teardown.later;
}

/// DENIED: something is bound or pending. It is undone, then the bitmap goes; an SP that sends more
/// meanwhile has it undone again.
template <Platform P>
void teardown_bitmap(MediatorState<P>& mediator, VmContext<P>& vm) {
  Teardown& teardown = vm.teardown;
  if (!vm.has_bitmap) return enter(teardown, TeardownStep::vm_destroyed);
  const auto destroyed =
      hypervisor_call(mediator, ffa::NotificationBitmapDestroy{vm.id()}.encode());
  vm.has_bitmap = !destroyed.ok();
  if (destroyed.ok()) return enter(teardown, TeardownStep::vm_destroyed);
  const bool denied = destroyed.error() == ffa::Status::denied;
  if (denied && teardown.step == TeardownStep::bitmap) {
    return enter_again(teardown, TeardownStep::drain);
  }
  if ((denied || asks_for_patience(destroyed.error())) && try_later(mediator, teardown)) {
    if (denied) enter_again(teardown, TeardownStep::drain);
    return;
  }
  mediator.platform.log(LogLevel::error, "ffa: the SPMC keeps the bitmap of a dead VM");
  enter(teardown, TeardownStep::vm_destroyed);
}

/// What is pending for one vCPU is read and dropped.
template <Platform P>
void teardown_drain(MediatorState<P>& mediator, VmContext<P>& vm) {
  using ffa::NotificationGet;
  if (vm.teardown.place >= vm.vcpus.size()) return enter_again(vm.teardown, TeardownStep::unbind);
  const ffa::VcpuId vcpu{static_cast<uint16_t>(vm.teardown.place++)};
  const uint32_t sources = NotificationGet::from_sps | NotificationGet::from_spm;
  // Whatever the answer: the bitmap's end is tried once more anyway.
  (void)hypervisor_call(mediator, NotificationGet{vcpu, vm.id(), sources}.encode());
}

/// All notifications of the next sender. What the SPMC keeps is unbound again in the next round.
template <Platform P>
void teardown_unbind(MediatorState<P>& mediator, VmContext<P>& vm) {
  ffa::NotificationUnbind unbind{{}, vm.id(), 0};
  {
    const Guard guard(vm.state_lock);
    while (vm.teardown.place < Bindings::notifications && unbind.bitmap == 0) {
      const size_t n = vm.teardown.place++;
      unbind.sender = vm.bindings.sender(n);
      if (unbind.sender == ffa::hypervisor_id) continue;
      const uint64_t bound = vm.bindings.bound_to(unbind.sender);
      const bool first = (bound & ((uint64_t{1} << n) - 1)) == 0;
      if (first) unbind.bitmap = bound;
    }
  }
  if (unbind.bitmap == 0) return enter_again(vm.teardown, TeardownStep::bitmap_again);
  if (!hypervisor_call(mediator, unbind.encode()).ok()) return;
  const Guard guard(vm.state_lock);
  vm.bindings.unbind(unbind.bitmap);
}

/// The next SMC of the next VM_DESTROYED. A partition that never accepts it is given up after the
/// configured patience.
template <Platform P>
void teardown_vm_destroyed(MediatorState<P>& mediator, VmContext<P>& vm) {
  Teardown& teardown = vm.teardown;
  const auto partitions = mediator.partitions.entries();
  teardown.place = next_told(teardown.place, partitions.size(), teardown.message,
                             [&](size_t place) { return is_told_destroyed(mediator, vm, place); });
  if (teardown.place >= partitions.size() || !can_tell_partitions(mediator)) {
    return enter(teardown, TeardownStep::reclaim);
  }
  using enum ffa::FrameworkMessage;
  const VmMessageResult result = step_vm_message<vm_destroyed_request, vm_destroyed_response>(
      mediator, teardown.message, partitions[teardown.place].id, vm.id());
  teardown.later = result.step == VmMessageStep::again;
  if (teardown.later) return;
  if (result.step != VmMessageStep::accepted) keep_id(mediator, vm.id());
  if (result.step == VmMessageStep::unclear) {
    vm.request_kept = true;
    mediator.platform.log(LogLevel::error,
                          "ffa: an SP never ends its work for a dead VM: quarantined with it");
  }
  ++teardown.place;
  teardown.message = {};
}

template <Platform P>
void teardown_borrowing(MediatorState<P>& mediator, VmContext<P>& vm) {
  BorrowStep found = end_one_borrowing(mediator, vm);
  if (found == BorrowStep::idle) found = take_back_one(mediator, vm);
  if (found == BorrowStep::idle) return enter(vm.teardown, TeardownStep::transfers);
  enter(vm.teardown, TeardownStep::borrowing);
  vm.teardown.later = found == BorrowStep::wait;
}

template <Platform P>
void teardown_transfers(MediatorState<P>& mediator, VmContext<P>& vm) {
  const HalfSend step = step_transfers(mediator, vm);
  if (step == HalfSend::gone) return enter(vm.teardown, TeardownStep::bitmap);
  vm.teardown.later = step == HalfSend::later;
}

/// The next FFA_RUN: an SP must not stay preempted for a VM that will never resume it.
/// That it waits for none (or is not there) is believed when it is said again, that it aborted if
/// the SPMC does not list it any more. One that does not
/// come to its end is given up after the configured patience.
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
    const ffa::Regs answer = mediator.smc(vm.id(), run.encode());
    const AnswerKind kind = kind_of(answer);
    const bool stopped = kind == AnswerKind::interrupt || kind == AnswerKind::yield;
    if (stopped) request.context = ffa::VcpuId{ffa::codec::low16(answer.w(1))};
    const ffa::Status status = status_of(answer);
    const bool aborted = status == ffa::Status::aborted;
    const bool gone = aborted && note_aborted(mediator, request.receiver);
    const bool none = status == ffa::Status::invalid_parameters ||
                      status == ffa::Status::not_supported ||
                      (aborted && mediator.spmc.version < ffa::v1_1);
    const bool answered = (kind == AnswerKind::direct_resp || kind == AnswerKind::direct_resp2) &&
                          ffa::codec::high16(answer.w(1)) == request.receiver.raw();
    const bool over = answered || gone || (none && teardown.message.deferrals != 0);
    const bool again = stopped || !over;
    teardown.later =
        again && has_patience(teardown.message, stopped, mediator.config.vm_message_retries);
    request.active = teardown.later;
    if (request.active) return;
    if (again) {
      vm.request_kept = true;
      mediator.platform.log(LogLevel::error,
                            "ffa: an SP keeps a dead VM's request: quarantined with it");
    }
    teardown.message = {};
    return;
  }
  teardown_borrowing(mediator, vm);
}

/// False: shares are left, all of them quarantined.
template <Platform P>
bool reclaimed_all(VmContext<P>& vm) {
  const Guard guard(vm.memory_lock);
  return vm.memory.shares.size() == 0;
}

/// Those that the SPMC does not let go after the configured patience are quarantined.
template <Platform P>
void teardown_buffers(MediatorState<P>& mediator, VmContext<P>& vm) {
  const bool mapped = vm.buffers.tx.load() != static_cast<uint32_t>(TxState::unmapped);
  const bool told = (mapped && shares_buffers(mediator, vm)) || vm.buffers_kept;
  if (told && !take_buffers_back(mediator, vm).ok()) {
    if (try_later(mediator, vm.teardown)) return;
    vm.buffers_kept = true;
    mediator.platform.log(LogLevel::error,
                          "ffa: the SPMC keeps the buffers of a dead VM: quarantined");
  } else if (vm.buffers_kept) {
    release_buffer_pages(mediator.platform, vm);
  }
  enter(vm.teardown, TeardownStep::done);
}

template <Platform P>
void teardown_step(MediatorState<P>& mediator, VmContext<P>& vm) {
  switch (vm.teardown.step) {
    case TeardownStep::none:
      if (!vm.is_calling()) return enter(vm.teardown, TeardownStep::dialogues);
      vm.teardown.later = true;
      return;
    case TeardownStep::dialogues:
      end_dialogues(mediator, vm);
      return enter(vm.teardown, TeardownStep::requests);
    case TeardownStep::requests:
      return teardown_requests(mediator, vm);
    case TeardownStep::borrowing:
      return teardown_borrowing(mediator, vm);
    case TeardownStep::transfers:
      return teardown_transfers(mediator, vm);
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
      switch (reclaim_one(mediator, vm)) {
        case ReclaimStep::again:
          return;
        case ReclaimStep::later:
          vm.teardown.later = true;
          return;
        case ReclaimStep::idle:
          break;
      }
      if (!reclaimed_all(vm)) {
        mediator.platform.log(LogLevel::error,
                              "ffa: the SPMC keeps a dead VM's pages: quarantined");
      }
      return enter(vm.teardown, TeardownStep::buffers);
    case TeardownStep::buffers:
      return teardown_buffers(mediator, vm);
    case TeardownStep::done:
      return;
  }
}

}  // namespace mediator
