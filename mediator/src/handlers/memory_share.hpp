// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_SHARE: a VM gives SPs access to some of its pages. The descriptor is copied once,
// checked, its pages are reserved and pinned, and the SPMC gets a descriptor of our own making with
// physical addresses. A call that fails has changed nothing. One fragment each way; a descriptor
// whose physical ranges do not fit the buffer towards the SPMC is refused. [DEN0077A 1.0 §11.3,
// DEN0140 1.2 §1.11]
#pragma once

#include "core/memory_transaction.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/memory_pages.hpp"
#include "handlers/memory_reclaim.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The slot and the ranges of a share under way. Gives them back unless keep() was called.
template <Platform P>
class ShareReservation {
 public:
  explicit ShareReservation(CallContext<P>& call) : call_(call) {}
  ~ShareReservation() {
    if (slot_ == no_share) return;
    const Guard guard(call_.vm.memory_lock);
    VmMemory& memory = call_.vm.memory;
    memory.ranges.release(memory.shares[slot_].first_range);
    memory.shares.vacate(slot_);
  }
  ShareReservation(const ShareReservation&) = delete;
  ShareReservation& operator=(const ShareReservation&) = delete;

  /// Takes a slot and enters every range. Rules: mem_quota_shares, mem_quota_ranges,
  /// mem_ranges_disjoint, mem_pages_not_shared, mem_pages_not_buffer.
  Outcome<ShareSlot> take(const MemoryTransaction& transaction) {
    const Guard guard(call_.vm.memory_lock);
    VmMemory& memory = call_.vm.memory;
    const auto slot = memory.shares.reserve(transaction.total_pages);
    FFA_CHECK(call_.rules.require(Rule::mem_quota_shares, slot.has_value()));
    slot_ = *slot;
    Share& share = memory.shares[slot_];
    for (uint32_t n = 0; n < transaction.range_count; ++n) {
      const auto claimed =
          memory.ranges.claim(transaction.ranges[n], holder_of(slot_), share.last_range);
      FFA_CHECK(accepted(claimed));
      share.last_range = *claimed;
      if (n == 0) share.first_range = *claimed;
    }
    return slot_;
  }
  void keep() { slot_ = no_share; }

 private:
  Outcome<void> accepted(const ffa::Result<RangeIndex, RangeConflict>& claimed) {
    const bool full = !claimed && claimed.error().full;
    const bool taken = !claimed && !full;
    const RangeHolder by = claimed ? holder_of(slot_) : claimed.error().holder;
    RuleTrace& rules = call_.rules;
    FFA_CHECK(rules.require(Rule::mem_ranges_disjoint, !taken || by != holder_of(slot_)));
    FFA_CHECK(rules.require(Rule::mem_pages_not_buffer, !taken || !by.is_buffer()));
    FFA_CHECK(rules.require(Rule::mem_pages_not_shared, !taken));
    return rules.require(Rule::mem_quota_ranges, !full);
  }

  CallContext<P>& call_;
  ShareSlot slot_ = no_share;
};

/// The registers of a send, a snapshot of its descriptor, and what the descriptor says.
template <class Call, Platform P>
Outcome<MemoryTransaction> read_send(CallContext<P>& call, MemorySend kind) {
  const auto send = *Call::decode(call.regs);  // never fails
  RuleTrace& rules = call.rules;
  const uint32_t total = send.total_length_bytes;
  const uint32_t fragment = send.fragment_length_bytes;
  FFA_CHECK(rules.require(Rule::mem_send_reserved_registers, !send.reserved_set));
  FFA_CHECK(rules.require(Rule::mem_send_no_dynamic_buffer, send.buffer_address == 0));
  FFA_CHECK(rules.require(Rule::mem_send_no_buffer_pages, send.buffer_pages == 0));
  FFA_CHECK(rules.require(Rule::mem_send_fragment_within_total, fragment <= total));
  FFA_CHECK(rules.require(Rule::mem_send_length_of_16, total % 16 == 0 && fragment % 16 == 0));
  FFA_TRY(const Snapshot descriptor, snapshot_tx(call, fragment, Rule::mem_send_tx_mapped));
  FFA_CHECK(rules.require(Rule::mem_send_one_fragment, fragment == total));
  const SendContext context{.kind = kind,
                            .caller = call.vm.id(),
                            .version = call.version,
                            .max_receivers = call.vm.config.max_borrowers,
                            .total_length_bytes = total};
  return parse_whole_transaction(descriptor, context, rules);
}

/// Only SPs that the SPMC reported receive memory.
template <Platform P>
Outcome<void> check_receivers(CallContext<P>& call, const MemoryTransaction& transaction) {
  RuleTrace& rules = call.rules;
  for (const Receiver& receiver : transaction.receiver_list()) {
    const bool component = receiver.id == ffa::hypervisor_id || receiver.id == ffa::spmd_id ||
                           receiver.id == call.mediator.spmc.id;
    FFA_CHECK(rules.require(Rule::mem_receiver_no_component, !component));
    FFA_CHECK(rules.require(Rule::mem_receiver_not_vm, receiver.id.is_secure()));
    FFA_CHECK(rules.require(Rule::mem_receiver_known,
                            call.mediator.partitions.find(receiver.id) != nullptr));
  }
  return {};
}

/// Sends the descriptor in the SPMC-facing TX page. Gives the handle that the SPMC answered.
template <Platform P>
Outcome<ffa::Handle> send_to_spmc(CallContext<P>& call, const MemoryTransaction& transaction,
                                  const DescriptorLayout& layout, uint32_t runs) {
  const auto length = static_cast<uint32_t>(layout.total_bytes(runs));
  RuleTrace& rules = call.rules;
  const bool has_64 = call.mediator.spmc.features.has(ffa::fid64(ffa::Fid::mem_share));
  const ffa::MemShare send{.convention = has_64 ? ffa::Convention::smc64 : ffa::Convention::smc32,
                           .total_length_bytes = length,
                           .fragment_length_bytes = length};
  ffa::Regs answer;
  {
    SpmcTx<P> tx{call.mediator};
    FFA_CHECK(write_descriptor(call, tx, transaction, runs));
    answer = call.smc(send.encode());
  }
  if (kind_of(answer) == AnswerKind::error) return relay(ffa::error_status(answer));
  FFA_CHECK(rules.require(Rule::mem_answer_expected, kind_of(answer) == AnswerKind::success));
  const ffa::Handle handle = ffa::MemSendSuccess::decode(answer)->handle;
  FFA_CHECK(rules.require(Rule::mem_answer_handle_valid, handle != ffa::invalid_handle));
  return handle;
}

/// True if the SPMC was asked and did not say that it refuses: an answer that is neither success
/// nor error, or a success without a valid handle.
constexpr bool may_be_held(const Rejection& rejection) {
  return rejection.rule == Rule::mem_answer_expected ||
         rejection.rule == Rule::mem_answer_handle_valid;
}

/// FFA_MEM_SHARE, both widths.
template <Platform P>
Reply mem_share(CallContext<P>& call) {
  FFA_TRY(const MemoryTransaction transaction, read_send<ffa::MemShare>(call, MemorySend::share));
  FFA_CHECK(check_receivers(call, transaction));
  FFA_CHECK(call.rules.require(Rule::mem_quota_pages,
                               transaction.total_pages.raw() <= call.vm.config.max_share_pages));

  ShareReservation<P> reservation{call};
  FFA_TRY(const ShareSlot slot, reservation.take(transaction));
  TransactionPins<P> pins{call, transaction};
  const auto layout =
      DescriptorLayout::make(call.mediator.spmc.version, transaction.receiver_count);
  FFA_TRY(const PagesFacts pages, pins.take(layout.max_ranges(call.mediator.spmc.buffer_bytes)));
  {
    const Guard guard(call.vm.memory_lock);
    call.vm.memory.shares[slot].read_only = pages.read_only;
    call.vm.memory.shares.send(slot);
  }
  const auto sent = send_to_spmc(call, transaction, layout, pages.runs);
  if (!sent.ok() && may_be_held(sent.error())) {
    // The SPMC may have taken the pages under a handle that nobody knows: they stay pinned for
    // good.
    const Guard guard(call.vm.memory_lock);
    call.vm.memory.shares.quarantine(slot);
    pins.keep();
    reservation.keep();
  }
  FFA_TRY(const ffa::Handle handle, sent);
  {
    const Guard guard(call.vm.memory_lock);
    call.vm.memory.shares.name(slot, handle);
  }
  // Named before it looks: of two calls that got the same handle at once, at least one sees it.
  const bool live = handle_is_live(call.mediator, call.vm, slot, handle);
  if (live &&
      kind_of(call.smc(ffa::MemReclaim{.handle = handle}.encode())) != AnswerKind::success) {
    // What the SPMC holds can't be told any more: the pages stay pinned for good.
    const Guard guard(call.vm.memory_lock);
    call.vm.memory.shares.quarantine(slot);
    pins.keep();
    reservation.keep();
  }
  FFA_CHECK(call.rules.require(Rule::mem_answer_handle_unused, !live));
  const Guard guard(call.vm.memory_lock);
  call.vm.memory.shares.accept(slot);
  pins.keep();
  reservation.keep();
  return ffa::MemSendSuccess{handle}.encode();
}

}  // namespace mediator
