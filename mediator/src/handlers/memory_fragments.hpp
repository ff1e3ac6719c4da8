// SPDX-License-Identifier: BSD-3-Clause
// Sends whose descriptor comes in fragments: FFA_MEM_SHARE (_LEND, _DONATE) with the first one,
// FFA_MEM_FRAG_TX with each later one. Several may be under way in a VM; each is found by its
// handle and works for its owner only. The guest hands the handle of the first FFA_MEM_FRAG_RX to
// SPs, so the SPMC must know it: MediatorConfig::fragment_handles says how. Rule for abandoned
// ones: where a VM has as many under way as it may, the one that was used longest ago is given up
// for a new one; the rest goes with the VM. A later fragment that is refused for what it contains
// ends its send. [DEN0077A 1.0 §12.2]
#pragma once

#include "ffa/calls/memory.hpp"
#include "handlers/memory_send.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// Gives up the send in a busy place, if there is one.
template <Platform P>
void give_up_send(MediatorState<P>& mediator, VmContext<P>& vm, const IncomingSend& send) {
  if (send.slot == no_share) return;
  drop_send(mediator, vm, send, send.spmc.sent_bytes == 0 ? SpmcHolds::nothing : SpmcHolds::half);
}

/// One step of giving up the transfers of a VM that makes no calls any more, at most one SMC.
/// `gone`: none is left.
template <Platform P>
HalfSend step_transfers(MediatorState<P>& mediator, VmContext<P>& vm) {
  std::optional<uint16_t> place;
  Transfer* transfer = nullptr;
  {
    const Guard guard(vm.memory_lock);
    place = vm.memory.transfers.take_idle();
    if (!place) return HalfSend::gone;
    transfer = &vm.memory.transfers[*place];
  }
  IncomingSend& send = transfer->send;
  HalfSend step = HalfSend::gone;
  if (send.slot != no_share && send.spmc.sent_bytes != 0) {
    step = step_half_send(mediator, vm, send.slot, send.spmc);
  }
  const bool over = step == HalfSend::gone || step == HalfSend::kept;
  if (over && send.slot != no_share) {
    settle_send(mediator, vm, send.slot, step == HalfSend::gone);
  }
  const Guard guard(vm.memory_lock);
  if (over) {
    vm.memory.transfers.vacate(*place);
  } else {
    vm.memory.transfers.put_back(*place);
  }
  return step == HalfSend::later ? HalfSend::later : HalfSend::again;
}

/// A busy place of the table of transfers. Its send ends with the call unless put_back() was
/// called.
template <Platform P>
class TransferInHand {
 public:
  explicit TransferInHand(CallContext<P>& call) : call_(call) {}
  ~TransferInHand() {
    if (transfer_ == nullptr) return;
    const Guard guard(call_.vm.memory_lock);
    if (kept_) {
      call_.vm.memory.transfers.put_back(place_);
    } else {
      call_.vm.memory.transfers.vacate(place_);
    }
  }
  TransferInHand(const TransferInHand&) = delete;
  TransferInHand& operator=(const TransferInHand&) = delete;

  /// A place for a new send. Rules: mem_transfer_place.
  Outcome<void> take() {
    {
      const Guard guard(call_.vm.memory_lock);
      const auto place = call_.vm.memory.transfers.take();
      FFA_CHECK(call_.rules.require(Rule::mem_transfer_place, place.has_value()));
      hold(*place);
    }
    give_up_send(call_.mediator, call_.vm, transfer_->send);
    return {};
  }
  /// The place of the send with this handle. Rules: frag_tx_handle.
  Outcome<void> find(ffa::Handle handle) {
    const Guard guard(call_.vm.memory_lock);
    VmMemory& memory = call_.vm.memory;
    const auto slot = memory.shares.find_transfer(handle);
    const bool found = slot && memory.transfers.resume(memory.shares[*slot].transfer);
    FFA_CHECK(call_.rules.require(Rule::frag_tx_handle, found));
    hold(memory.shares[*slot].transfer);
    kept_ = true;
    return {};
  }
  void put_back() { kept_ = true; }
  void end() { kept_ = false; }
  [[nodiscard]] Transfer& operator*() { return *transfer_; }
  [[nodiscard]] Transfer* operator->() { return transfer_; }
  [[nodiscard]] uint16_t place() const { return place_; }

 private:
  void hold(uint16_t place) FFA_REQ(call_.vm.memory_lock) {
    place_ = place;
    transfer_ = &call_.vm.memory.transfers[place];
  }

  CallContext<P>& call_;
  uint16_t place_ = no_transfer;
  Transfer* transfer_ = nullptr;
  bool kept_ = false;
};

template <Platform P>
Reply next_fragment(const CallContext<P>& call, const Transfer& transfer) {
  return call.reply(
      ffa::MemFragRx{transfer.send.spmc.handle, transfer.received_bytes, {}}.encode());
}

/// The first fragment is checked and taken; the rest is to come.
template <Platform P>
[[gnu::noinline]] Reply begin_transfer(CallContext<P>& call, SendInHand<P>& in_hand,
                                       IncomingSend& send, const FirstFragment& fragment) {
  send.streamed = !send.local && call.mediator.config.fragment_handles == FragmentHandles::streamed;
  if (send.streamed) {
    FFA_CHECK(in_hand.forward_first());
  } else {
    preset_handle(call, send);
  }
  TransferInHand<P> place{call};
  FFA_CHECK(place.take());
  place->total_bytes = fragment.total_bytes;
  place->received_bytes = static_cast<uint32_t>(fragment.bytes.size());
  place->send = send;
  in_hand.keep();
  place.put_back();
  {
    const Guard guard(call.vm.memory_lock);
    call.vm.memory.shares[send.slot].transfer = place.place();
  }
  return next_fragment(call, *place);
}

/// A send with its first fragment, of any kind, either width. Flattened, as the two other calls
/// that guests make most: half of a short one would be calls and copied results.
template <Platform P>
[[gnu::flatten]] Reply memory_send(CallContext<P>& call, MemorySend kind) {
  FFA_TRY(const FirstFragment fragment, read_first_fragment(call));
  const SendContext context{.kind = kind,
                            .caller = call.vm.id(),
                            .version = call.version,
                            .max_receivers = call.vm.config.max_borrowers,
                            .total_length_bytes = fragment.total_bytes};
  IncomingSend send;
  send.kind = kind;
  FFA_CHECK(send.transaction.read(fragment.bytes, context, call.rules));
  FFA_CHECK(check_receivers(call, kind, send.transaction));
  FFA_CHECK(call.rules.require(
      Rule::mem_quota_pages, send.transaction.total_pages.raw() <= call.vm.config.max_share_pages));
  SendInHand<P> in_hand{call, send};
  send.writable = send.transaction.writable();
  FFA_CHECK(in_hand.add(send.transaction.ranges));
  keep_receivers(call, send);
  if (fragment.bytes.size() < fragment.total_bytes) {
    return begin_transfer(call, in_hand, send, fragment);
  }
  FFA_CHECK(in_hand.finish_ranges());
  FFA_CHECK(in_hand.forward_all());
  return in_hand.accept();
}

template <Platform P>
Reply mem_share(CallContext<P>& call) {
  return memory_send(call, MemorySend::share);
}

template <Platform P>
Reply mem_lend(CallContext<P>& call) {
  return memory_send(call, MemorySend::lend);
}

template <Platform P>
Reply mem_donate(CallContext<P>& call) {
  return memory_send(call, MemorySend::donate);
}

/// FFA_MEM_FRAG_TX: the next fragment of a send. What names no fragment of it leaves it as it is.
template <Platform P>
Reply mem_frag_tx(CallContext<P>& call) {
  const auto request = ffa::MemFragTx::decode(call.regs);
  const bool reserved = request.ok() && request->endpoint == ffa::hypervisor_id;
  FFA_CHECK(call.rules.require(Rule::frag_tx_reserved, reserved));
  TransferInHand<P> transfer{call};
  FFA_CHECK(transfer.find(request->handle));
  const uint32_t length = request->fragment_length_bytes;
  FFA_CHECK(call.rules.require(Rule::frag_tx_length, length != 0 && length % 16 == 0));
  FFA_TRY(const Snapshot bytes, snapshot_tx(call, length, Rule::mem_send_tx_mapped));

  transfer.end();
  IncomingSend& send = transfer->send;
  SendInHand<P> in_hand{call, send};
  const uint32_t left = transfer->total_bytes - transfer->received_bytes;
  FFA_CHECK(call.rules.require(Rule::frag_tx_within_total, length <= left));
  const RangeIndex before = in_hand.last_range();
  FFA_CHECK(in_hand.add(ConstituentView{bytes}));
  transfer->received_bytes += length;
  const bool whole = length == left;
  if (whole) FFA_CHECK(in_hand.finish_ranges());
  if (send.streamed) {
    FFA_CHECK(in_hand.forward_next(before, whole));
  } else if (whole) {
    FFA_CHECK(in_hand.forward_all());
  }
  if (whole) return in_hand.accept();
  in_hand.keep();
  transfer.put_back();
  return next_fragment(call, *transfer);
}

}  // namespace mediator
