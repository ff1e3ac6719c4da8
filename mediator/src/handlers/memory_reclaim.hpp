// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RECLAIM, and the reclaims of a VM's teardown. A share that the SPMC does not give back
// stays as it is; one that it refuses for good while the VM is torn down is quarantined: its pages
// stay pinned and never reach another VM. [DEN0077A 1.0 §11.7]
#pragma once

#include "core/share_table.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/memory_pages.hpp"
#include "handlers/spmc_send.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The SPMC did not give the share in `reclaiming` back. If it gave its handle to another share
/// meanwhile, this one can never be asked for again.
template <Platform P>
void refuse_reclaim(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot,
                    ffa::Handle handle) {
  const bool handle_lost = handle_is_live(mediator, vm, slot, handle);
  if (handle_lost) return quarantine_share(mediator, vm, slot);
  const Guard guard(vm.memory_lock);
  vm.memory.shares.refuse(slot);
}

/// shared -> reclaiming: the share is this call's. Rules: reclaim_handle, reclaim_zero_writable,
/// reclaim_not_borrowed.
template <Platform P>
Outcome<ShareSlot> begin_reclaim(CallContext<P>& call, const ffa::MemReclaim& request) {
  const Guard guard(call.vm.memory_lock);
  ShareTable& shares = call.vm.memory.shares;
  const auto slot = shares.begin_reclaim(request.handle);
  FFA_CHECK(call.rules.require(Rule::reclaim_handle, slot.has_value()));
  const Share& share = shares[*slot];
  const bool allowed = !request.flags.zero() || !share.read_only;
  const bool free = share.holders == 0;
  if (!allowed || !free) shares.refuse(*slot);
  FFA_CHECK(call.rules.require(Rule::reclaim_zero_writable, allowed));
  FFA_CHECK(call.rules.require(Rule::reclaim_not_borrowed, free));
  return *slot;
}

/// What only VMs borrowed comes back without the SPMC.
template <Platform P>
Reply reclaim_local(CallContext<P>& call, ShareSlot slot, bool zero) {
  if (zero) {
    const auto cleared = clear_pages(call.mediator, call.vm, own_share(call.vm, slot).first_range);
    if (!cleared.ok()) {
      const Guard guard(call.vm.memory_lock);
      call.vm.memory.shares.refuse(slot);
      return relay(cleared.error());
    }
  }
  release_share(call.mediator, call.vm, slot);
  return call.reply(ffa::success32());
}

/// FFA_MEM_RECLAIM. BUSY and RETRY of the SPMC are the caller's to handle.
template <Platform P>
[[gnu::flatten]] Reply mem_reclaim(CallContext<P>& call) {
  const auto request = *ffa::MemReclaim::decode(call.regs);  // never fails
  FFA_CHECK(call.rules.require(
      Rule::reclaim_flags,
      !request.flags.exceeds(ffa::MemoryFlags::zero_bit | ffa::MemoryFlags::time_slice_bit)));
  FFA_TRY(const ShareSlot slot, begin_reclaim(call, request));
  if (own_share(call.vm, slot).local) return reclaim_local(call, slot, request.flags.zero());
  const ffa::Regs answer = call.smc(request.encode());
  if (kind_of(answer) == AnswerKind::success) {
    release_share(call.mediator, call.vm, slot);
    return call.reply(ffa::success32());
  }
  refuse_reclaim(call.mediator, call.vm, slot, request.handle);
  FFA_CHECK(
      call.rules.require(Rule::reclaim_answer_expected, kind_of(answer) == AnswerKind::error));
  return relay(ffa::error_status(answer));
}

/// What reclaim_one() found to do. `later`: a round is over, what is left was refused.
enum class ReclaimStep : uint8_t { again, later, idle };

/// One step of giving back all shares of a VM that makes no calls any more: at most one SMC. Goes
/// round the shares, so that one that is refused does not keep the others waiting; a share refused
/// MediatorConfig::reclaim_retries times is quarantined, as is one whose handle is another's by
/// now. `idle`: nothing is left to do; shares that are still there are quarantined.
template <Platform P>
ReclaimStep reclaim_one(MediatorState<P>& mediator, VmContext<P>& vm) {
  ShareSlot slot = no_share;
  {
    const Guard guard(vm.memory_lock);
    ShareTable& shares = vm.memory.shares;
    slot = shares.find_state(SlotState::shared, vm.memory.teardown_cursor);
    if (slot == no_share) {
      vm.memory.teardown_cursor = ShareSlot{0};
      const bool left = shares.find_state(SlotState::shared) != no_share;
      return left ? ReclaimStep::later : ReclaimStep::idle;
    }
    vm.memory.teardown_cursor = ShareSlot{slot.raw() + 1};
    shares.begin_reclaim(slot);
  }
  const Share& share = own_share(vm, slot);
  if (share.local) {
    release_share(mediator, vm, slot);
    return ReclaimStep::again;
  }
  const ffa::Regs answer = mediator.smc(vm.id(), ffa::MemReclaim{.handle = share.handle}.encode());
  if (kind_of(answer) == AnswerKind::success) {
    release_share(mediator, vm, slot);
    return ReclaimStep::again;
  }
  // Under a handle that the SPMC gave to another share meanwhile, it would take that one back.
  const bool handle_lost = handle_is_live(mediator, vm, slot, share.handle);
  const bool again = ++own_share(vm, slot).refusals < mediator.config.reclaim_retries;
  if (!again || handle_lost) {
    quarantine_share(mediator, vm, slot);
    return ReclaimStep::again;
  }
  const Guard guard(vm.memory_lock);
  vm.memory.shares.refuse(slot);
  return ReclaimStep::again;
}

}  // namespace mediator
