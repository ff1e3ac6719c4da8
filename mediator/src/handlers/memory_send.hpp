// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_SHARE, _LEND and _DONATE: a VM gives SPs and VMs access to some of its pages, and may
// lose its own. The descriptor comes in one fragment or in several (memory_fragments.hpp); each is
// copied once. Header first, then range by range in the guest's order: checked for itself, pinned,
// entered; so the outcome does not depend on where a guest cuts. A call that fails has changed
// nothing. [DEN0077A 1.0 §11.3, DEN0140 1.2 §1.11]
#pragma once

#include "core/memory_transaction.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/memory_pages.hpp"
#include "handlers/spmc_send.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// A handle of our own: bit 63, the VM's incarnation, a count, so that none comes again that an
/// SPMC may still know of an earlier VM. For a send that is collected first, whose handle the SPMC
/// takes over, and for one that the SPMC never sees. [DEN0140 1.2 §1.10.2]
template <Platform P>
void preset_handle(CallContext<P>& call, IncomingSend& send) {
  while (true) {  // bound: the shares
    const ffa::Handle before = send.spmc.handle;
    {
      const Guard guard(call.vm.memory_lock);
      VmMemory& memory = call.vm.memory;
      const uint64_t of_vm = uint64_t{1} << 63 | uint64_t{call.vm.incarnation} << 32;
      send.spmc.handle = ffa::Handle{of_vm | memory.handles_preset++};
      if (before == ffa::invalid_handle) {
        memory.shares.name(send.slot, send.spmc.handle);
      } else {
        memory.shares.rename(send.slot, send.spmc.handle);
      }
    }
    if (before != ffa::invalid_handle) call.mediator.handles.take_off(before);
    // An SPMC may have given it away, for another VM's share too.
    if (is_only_handle(call.mediator, call.vm, send.slot, send.spmc.handle)) return;
  }
}

/// A send in the hands of one call. Drops it, here and at the SPMC, unless keep() was called.
template <Platform P>
class SendInHand {
 public:
  SendInHand(CallContext<P>& call, IncomingSend& send) : call_(call), send_(send) {}
  ~SendInHand() {
    if (!kept_ && send_.slot != no_share) drop_send(call_.mediator, call_.vm, send_, holds());
  }
  SendInHand(const SendInHand&) = delete;
  SendInHand& operator=(const SendInHand&) = delete;

  /// Takes the ranges of a fragment; with the first one, a slot.
  Outcome<void> add(const ConstituentView& ranges) {
    return RangeTaker<P>{call_, send_}.take(ranges);
  }
  /// All ranges came. A loan or a donation takes the owner's access away, and zeroes the memory if
  /// asked to, before an SP can have it. Rules: mem_page_sum.
  Outcome<void> finish_ranges() {
    FFA_CHECK(call_.rules.require(Rule::mem_page_sum,
                                  send_.pages == send_.transaction.total_pages.raw()));
    if (send_.kind == MemorySend::share) return {};
    const RangeIndex first = first_range();
    const auto withdrawn = withdraw_access(call_.mediator, call_.vm, first);
    if (!withdrawn.ok()) return relay(withdrawn.error());
    own_share(call_.vm, send_.slot).withdrawn = true;
    if (!send_.transaction.flags.zero()) return {};
    const auto cleared = clear_pages(call_.mediator, call_.vm, first);
    if (!cleared.ok()) return relay(cleared.error());
    return {};
  }
  /// All that the SPMC does not have of a send that came whole. One between VMs only is not its
  /// business: the handle is ours, and nobody but us is asked for the memory.
  Outcome<void> forward_all() {
    if (!send_.local) return forward(first_range(), send_.runs + open_runs(), 0);
    if (send_.spmc.handle == ffa::invalid_handle) preset_handle(call_, send_);
    return {};
  }
  /// The first fragment of a send that is streamed. What is still to come is declared page by page,
  /// a count that can be met whatever it is.
  Outcome<void> forward_first() {
    const uint64_t left = send_.transaction.total_pages.raw() - send_.pages;
    if (left == 0) return forward(no_range, 0, send_.pages);
    return forward(first_range(), send_.runs + open_runs(), left);
  }
  /// A later one, whose first range stands behind `last` in the list. The SPMC must not have all
  /// pages while more ranges, which can only be wrong ones, are to come.
  Outcome<void> forward_next(RangeIndex last, bool whole) {
    const uint64_t left = send_.transaction.total_pages.raw() - send_.pages;
    if (left == 0 && !whole) return {};
    const RangeIndex first =
        last == no_range ? first_range() : ranges_of_own_share(call_.vm).next(last);
    return forward(first, static_cast<uint32_t>(send_.pages - pages_before_), 0);
  }
  /// The SPMC has it whole: the share lives. The reply to the guest.
  Reply accept() {
    const Guard guard(call_.vm.memory_lock);
    ShareTable& shares = call_.vm.memory.shares;
    shares[send_.slot].transfer = no_transfer;
    shares.accept(send_.slot);
    kept_ = true;
    return call_.reply(ffa::MemSendSuccess{send_.spmc.handle}.encode());
  }
  /// More fragments are to come: the transfer has it.
  void keep() { kept_ = true; }
  /// The end of the list so far: what comes from here on is the next fragment's.
  RangeIndex last_range() {
    pages_before_ = send_.pages;
    return own_share(call_.vm, send_.slot).last_range;
  }

 private:
  /// What the SPMC holds where nothing went wrong there.
  SpmcHolds holds() const {
    if (holds_) return *holds_;
    return send_.spmc.sent_bytes == 0 ? SpmcHolds::nothing : SpmcHolds::half;
  }

  /// The run that may still grow counts from now on.
  uint32_t open_runs() const { return send_.merger.is_open() ? 1 : 0; }
  RangeIndex first_range() { return own_share(call_.vm, send_.slot).first_range; }
  /// `ranges` ranges for the SPMC, from the list that begins at `first`; `more` are declared
  /// besides.
  Outcome<void> forward(RangeIndex first, uint32_t ranges, uint64_t more) {
    const bool begins = send_.spmc.sent_bytes == 0;
    SpmcSender<P> sender{call_, send_, RunCursor<P>{call_, first, !begins}};
    if (begins) FFA_CHECK(sender.open(ranges + more));
    const SendResult sent = sender.send(ranges);
    if (sent.ok()) return {};
    holds_ = sent.error().holds;
    return ffa::Error{sent.error().why};
  }

  CallContext<P>& call_;
  IncomingSend& send_;
  std::optional<SpmcHolds> holds_;  ///< after a failure
  uint64_t pages_before_ = 0;       ///< that were taken before this fragment
  bool kept_ = false;
};

/// The registers of a send, and a snapshot of its first fragment.
struct FirstFragment {
  uint32_t total_bytes = 0;
  Snapshot bytes;
};

template <Platform P>
[[gnu::always_inline]] inline Outcome<FirstFragment> read_first_fragment(CallContext<P>& call) {
  // Never fails; the three calls have the same registers.
  const auto send = *ffa::MemShare::decode(call.regs);
  RuleTrace& rules = call.rules;
  const uint32_t total = send.total_length_bytes;
  const uint32_t fragment = send.fragment_length_bytes;
  FFA_CHECK(rules.require(Rule::mem_send_reserved_registers, !send.reserved_set));
  FFA_CHECK(rules.require(Rule::mem_send_no_dynamic_buffer, send.buffer_address == 0));
  FFA_CHECK(rules.require(Rule::mem_send_no_buffer_pages, send.buffer_pages == 0));
  FFA_CHECK(rules.require(Rule::mem_send_fragment_within_total, fragment <= total));
  FFA_CHECK(rules.require(Rule::mem_send_length_of_16, total % 16 == 0 && fragment % 16 == 0));
  FFA_TRY(const Snapshot bytes, snapshot_tx(call, fragment, Rule::mem_send_tx_mapped));
  const bool served = fragment == total || call.vm.switches.fragments;
  FFA_CHECK(rules.require(Rule::mem_send_one_fragment, served));
  return FirstFragment{total, bytes};
}

/// SPs that the SPMC reported receive memory, if it takes this kind of send, and VMs that can
/// borrow.
template <Platform P>
Outcome<void> check_receivers(CallContext<P>& call, MemorySend kind,
                              const MemoryTransaction& transaction) {
  RuleTrace& rules = call.rules;
  const bool forwarded = sends_memory(call.mediator.spmc.features, send_fid(kind));
  for (const Receiver& receiver : transaction.receiver_list()) {
    const bool component = receiver.id == ffa::hypervisor_id || receiver.id == ffa::spmd_id ||
                           receiver.id == call.mediator.spmc.id;
    FFA_CHECK(rules.require(Rule::mem_receiver_no_component, !component));
    if (!receiver.id.is_secure()) {
      const auto vm = reachable_vm(call, receiver.id);
      FFA_CHECK(rules.require(Rule::mem_receiver_vm_borrows, vm && vm->borrows));
      FFA_CHECK(rules.require(Rule::mem_donate_not_to_vm, kind != MemorySend::donate));
      continue;
    }
    const bool known = reachable_sp(call, receiver.id) != nullptr && forwarded;
    FFA_CHECK(rules.require(Rule::mem_receiver_known, known));
  }
  return {};
}

/// Where VMs are among the receivers, keeps all of them with the share, which is in `reserved`, and
/// leaves the SPs in the transaction: an SPMC refuses a receiver that is no SP. It sees what it
/// would see without the VMs, so a loan with one SP left leaves the attributes unspecified.
template <Platform P>
void keep_receivers(CallContext<P>& call, IncomingSend& send) {
  MemoryTransaction& transaction = send.transaction;
  bool vms = false;
  for (const Receiver& receiver : transaction.receiver_list()) {
    vms = vms || !receiver.id.is_secure();
  }
  if (!vms) return;
  const auto receivers = transaction.receivers;
  const uint32_t count = transaction.receiver_count;
  uint32_t sps = 0;
  for (uint32_t n = 0; n < count; ++n) {
    if (receivers[n].id.is_secure()) transaction.receivers[sps++] = receivers[n];
  }
  transaction.receiver_count = sps;
  send.local = sps == 0;
  std::array<uint32_t, MemoryTransaction::max_receivers> incarnations{};
  for (uint32_t n = 0; n < count; ++n) {
    const auto vm = call.mediator.vms.find(receivers[n].id);
    // One that has gone since it was checked: 0 is no VM's.
    if (vm) incarnations[n] = vm->incarnation;
  }
  {
    const Guard guard(call.vm.memory_lock);
    Share& share = call.vm.memory.shares[send.slot];
    share.local = send.local;
    share.receivers = static_cast<uint8_t>(count);
    share.terms = {send.kind, transaction.flags, transaction.tag};
    const std::span<ShareReceiver> kept = call.vm.memory.receivers(send.slot);
    for (uint32_t n = 0; n < count; ++n) kept[n] = {receivers[n], incarnations[n], false};
  }
  if (send.kind == MemorySend::lend && sps == 1) transaction.attributes = {};
}

}  // namespace mediator
