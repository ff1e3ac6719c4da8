// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RELINQUISH: a VM gives back what it has borrowed; and the two ends that come without it:
// the borrower dies, or the owner does. [DEN0077A 1.0 §11.6]
#pragma once

#include "core/borrow_table.hpp"
#include "core/rollback.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/borrower_pages.hpp"
#include "handlers/memory_retrieve.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_reference.hpp"

namespace mediator {

/// The owner of a region in hand: the region keeps it.
template <Platform P>
VmContext<P>& owner_of(MediatorState<P>& mediator, VmContext<P>& borrower, BorrowedSlot slot) {
  const auto owner = mediator.vms.find(region_in_hand(borrower, slot).owner);
  FFA_ASSERT(owner && owner->context != nullptr);
  return *owner->context;
}

/// Zeroes the pages of the share that a region in hand is of.
template <Platform P>
ffa::Result<void> clear_region(MediatorState<P>& mediator, VmContext<P>& owner,
                               VmContext<P>& borrower, BorrowedSlot slot) {
  RangeIndex first = no_range;
  {
    const Guard guard(owner.memory_lock);
    first = owner.memory.shares[region_in_hand(borrower, slot).share].first_range;
  }
  return clear_pages(mediator, owner, first);
}

/// The region in hand is not its borrower's any more, who has lost its pages before. The mark in
/// the owner's share goes last: it keeps the owner.
template <Platform P>
void forget_region(VmContext<P>& owner, VmContext<P>& borrower, BorrowedSlot slot) {
  const BorrowedRegion region = region_in_hand(borrower, slot);
  release_region(borrower, slot);
  release_mark(owner, region.share, region.receiver);
}

/// Ends a region in hand where nobody can be told of a failure. It is zeroed when its borrower,
/// which may be running, can't write any more.
template <Platform P>
void force_end(MediatorState<P>& mediator, VmContext<P>& owner, VmContext<P>& borrower,
               BorrowedSlot slot) {
  const BorrowedRegion& region = region_in_hand(borrower, slot);
  unmap_pages(mediator.platform, borrower, slot, region.pages.raw());
  if (region.zero_after && !clear_region(mediator, owner, borrower, slot).ok()) {
    mediator.platform.log(LogLevel::warning, "ffa: borrowed memory could not be zeroed");
  }
  forget_region(owner, borrower, slot);
}

/// What the descriptor of FFA_MEM_RELINQUISH says, for one endpoint.
struct RelinquishRequest {
  ffa::Handle handle{};
  ffa::MemoryFlags flags{};
};

/// Rules: mem_send_tx_mapped, relinquish_count, relinquish_caller.
template <Platform P>
Outcome<RelinquishRequest> read_relinquish(CallContext<P>& call) {
  using ffa::wire::MemoryRelinquish;
  constexpr uint32_t length = sizeof(MemoryRelinquish) + sizeof(ffa::wire::RelinquishEndpoint);
  FFA_TRY(const Snapshot bytes, snapshot_tx(call, length, Rule::mem_send_tx_mapped));
  const auto& wire = bytes.at<MemoryRelinquish>(0);
  const ffa::EndpointId endpoint{bytes.at<ffa::wire::RelinquishEndpoint>(sizeof wire).id};
  FFA_CHECK(call.rules.require(Rule::relinquish_count, wire.endpoint_count == 1));
  FFA_CHECK(call.rules.require(Rule::relinquish_caller, endpoint == call.vm.id()));
  return RelinquishRequest{ffa::Handle{wire.handle}, ffa::MemoryFlags{wire.flags}};
}

/// FFA_MEM_RELINQUISH. The memory is zeroed before it is taken away, so that a failure leaves the
/// borrower with it.
template <Platform P>
Reply mem_relinquish(CallContext<P>& call) {
  RuleTrace& rules = call.rules;
  FFA_TRY(const RelinquishRequest request, read_relinquish(call));
  FFA_TRY(const BorrowedSlot slot, hold_region(call, request.handle, Rule::relinquish_handle));
  Rollback settle{[&] { settle_region(call.vm, slot); }};
  const BorrowedRegion& region = region_in_hand(call.vm, slot);
  const bool zero = request.flags.zero();
  const bool writes = region.permissions.data() == ffa::DataAccess::read_write;
  FFA_CHECK(rules.require(Rule::relinquish_whole, region.served_end == region.total_bytes));
  FFA_CHECK(
      rules.require(Rule::relinquish_flags, !request.flags.exceeds(ffa::MemoryFlags::zero_bit)));
  FFA_CHECK(rules.require(Rule::relinquish_zero_not_shared, !zero || !region.shared));
  FFA_CHECK(rules.require(Rule::relinquish_zero_writable, !zero || writes));
  VmContext<P>& owner = owner_of(call.mediator, call.vm, slot);
  if (zero || region.zero_after) {
    const auto cleared = clear_region(call.mediator, owner, call.vm, slot);
    if (!cleared.ok()) return relay(cleared.error());
  }
  settle.commit();
  unmap_pages(call.platform(), call.vm, slot, region.pages.raw());
  forget_region(owner, call.vm, slot);
  return call.reply(ffa::success32());
}

/// What one step of a teardown found. wait: a call of another VM has to come to its end first.
enum class BorrowStep : uint8_t { again, wait, idle };

/// Ends one region that a VM, which makes no calls any more, has borrowed.
template <Platform P>
BorrowStep end_one_borrowing(MediatorState<P>& mediator, VmContext<P>& vm) {
  BorrowedSlot slot = no_borrowed;
  {
    const Guard guard(vm.memory_lock);
    const auto held = vm.memory.borrowed.hold_any();
    if (!held) return vm.memory.borrowed.size() == 0 ? BorrowStep::idle : BorrowStep::wait;
    slot = *held;
  }
  force_end(mediator, owner_of(mediator, vm, slot), vm, slot);
  return BorrowStep::again;
}

/// Takes one region of a VM that makes no calls any more away from a VM that borrows it. One that
/// is dying does it itself.
template <Platform P>
BorrowStep take_back_one(MediatorState<P>& mediator, VmContext<P>& vm) {
  ffa::EndpointId holder{};
  ffa::Handle handle{};
  {
    const Guard guard(vm.memory_lock);
    VmMemory& memory = vm.memory;
    const ShareSlot share = memory.shares.find_borrowed(memory.teardown_cursor);
    // A call may have found the owner alive before: it must not retrieve what is reclaimed next.
    memory.closed = true;
    if (share == no_share) return BorrowStep::idle;
    memory.teardown_cursor = share;
    handle = memory.shares[share].handle;
    for (const ShareReceiver& receiver : memory.receivers(share)) {
      if (receiver.holds) holder = receiver.given.id;
    }
  }
  const VmReference<P> borrower{mediator, holder};
  if (borrower.get() == nullptr) return BorrowStep::wait;
  BorrowedSlot slot = no_borrowed;
  {
    const Guard guard(borrower.get()->memory_lock);
    const auto held = borrower.get()->memory.borrowed.hold(handle);
    if (!held) return BorrowStep::wait;
    slot = *held;
  }
  force_end(mediator, vm, *borrower.get(), slot);
  return BorrowStep::again;
}

}  // namespace mediator
