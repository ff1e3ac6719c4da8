// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RETRIEVE_REQ and FFA_MEM_FRAG_RX: a VM borrows what another VM shares with it or lends to
// it. The pages appear in its borrow window; the answer in its RX buffer says where, in fragments
// where they lie in many pieces. A borrower retrieves a region once before it gives it back.
//
// Two VMs take part. Their memory locks are never held at once: the owner's share is marked first
// (ShareReceiver::holds), then the borrower's region is made, and the end goes the other way round.
// Between the two, the mark keeps the share, its pages and the owner's context; a region that is
// there stands for the mark. [DEN0077A 1.0 §11.4, §11.5, §12.2]
#pragma once

#include <algorithm>
#include <array>

#include "core/borrow_table.hpp"
#include "core/retrieve_request.hpp"
#include "core/rollback.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/borrower_pages.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_reference.hpp"

namespace mediator {

/// A share of another VM that this call marked for the caller. Ends what it began unless keep().
template <Platform P>
class Retrieval {
 public:
  Retrieval(CallContext<P>& call, VmContext<P>& owner) : call_(call), owner_(owner) {}
  ~Retrieval() {
    if (kept_ || share_ == no_share) return;
    if (region_ != no_borrowed) {
      unmap_pages(call_.platform(), call_.vm, region_, mapped_);
      release_region(call_.vm, region_);
    }
    release_mark(owner_, share_, own_);
  }
  Retrieval(const Retrieval&) = delete;
  Retrieval& operator=(const Retrieval&) = delete;

  /// Finds the share and marks it. Rules: retr_handle and all of check_retrieve().
  Outcome<void> begin(const RetrieveRequest& request, uint32_t incarnation) {
    const Guard guard(owner_.memory_lock);
    VmMemory& memory = owner_.memory;
    const auto found = memory.shares.find_shared(request.handle);
    std::optional<uint32_t> own;
    if (found && !memory.closed)
      own = find_receiver(memory.receivers(*found), call_.vm.id(), incarnation);
    FFA_CHECK(call_.rules.require(Rule::retr_handle, own.has_value()));
    Share& share = memory.shares[*found];
    FFA_TRY(grant_, check_retrieve(request, call_.version, share.terms, memory.receivers(*found),
                                   *own, call_.rules));
    memory.receivers(*found)[*own].holds = true;
    ++share.holders;
    own_ = *own;
    share_ = *found;
    handle_ = share.handle;
    pages_ = share.pages;
    first_range_ = share.first_range;
    shared_ = share.terms.kind == MemorySend::share;
    return {};
  }
  /// Makes the caller's region and maps the pages there. Rules: retr_window.
  Outcome<void> map() {
    {
      const Guard guard(call_.vm.memory_lock);
      BorrowTable& borrowed = call_.vm.memory.borrowed;
      const auto taken = borrowed.take(pages_, handle_);
      FFA_CHECK(call_.rules.require(Rule::retr_window, taken.has_value()));
      region_ = *taken;
      BorrowedRegion& region = borrowed[region_];
      region.zero_after = grant_.zero_after;
      region.shared = shared_;
      region.permissions = grant_.permissions;
      region.owner = owner_.id();
      region.receiver = own_;
      region.share = share_;
    }
    const bool writes = grant_.permissions.data() == ffa::DataAccess::read_write;
    return map_pages(call_.platform(), owner_, first_range_, call_.vm, region_,
                     writes ? BorrowerAccess::read_write : BorrowerAccess::read_only, mapped_);
  }
  [[nodiscard]] BorrowedSlot region() const { return region_; }
  void keep() { kept_ = true; }

 private:
  CallContext<P>& call_;
  VmContext<P>& owner_;
  Grant grant_{};
  ShareSlot share_ = no_share;
  uint32_t own_ = 0;
  ffa::Handle handle_{};
  ffa::PageCount pages_{};
  RangeIndex first_range_ = no_range;
  bool shared_ = false;
  BorrowedSlot region_ = no_borrowed;
  uint64_t mapped_ = 0;
  bool kept_ = false;
};

/// What FFA_MEM_RETRIEVE_RESP says of a region that the caller has in hand.
template <Platform P>
MemoryTransaction describe(CallContext<P>& call, VmContext<P>& owner, BorrowedSlot slot) {
  MemoryTransaction said;
  {
    const Guard guard(owner.memory_lock);
    const BorrowedRegion& region = region_in_hand(call.vm, slot);
    const ShareTerms& terms = owner.memory.shares[region.share].terms;
    said.receivers[0] = owner.memory.receivers(region.share)[region.receiver].given;
    said.receivers[0].permissions = region.permissions;
    const auto type =
        terms.kind == MemorySend::share ? ffa::TransactionType::share : ffa::TransactionType::lend;
    said.flags = ffa::MemoryFlags::of_type(type, terms.flags.raw() & ffa::MemoryFlags::zero_bit);
    said.tag = terms.tag;
    said.total_pages = region.pages;
  }
  said.sender = owner.id();
  said.receiver_count = 1;
  const uint16_t ns = call.version < ffa::v1_1 ? 0 : ffa::MemoryAttributes::ns_bit;
  said.attributes =
      ffa::MemoryAttributes{static_cast<uint16_t>(ffa::normal_write_back_inner.raw() | ns)};
  return said;
}

/// Writes the fragment of the answer that begins at `begin` into RX. A fragment ends with a range.
template <Platform P>
uint32_t deliver(CallContext<P>& call, RxWriter<P>& rx, VmContext<P>& owner, BorrowedSlot slot,
                 uint32_t begin) {
  using ffa::wire::Constituent;
  BorrowedRegion& region = region_in_hand(call.vm, slot);
  const BorrowTable& borrowed = pieces_of_own_region(call.vm);
  const auto layout = DescriptorLayout::make(call.version, 1);
  region.total_bytes = static_cast<uint32_t>(layout.total_bytes(region.piece_count));
  const uint32_t length = std::min(region.total_bytes - begin, rx.size_bytes());
  DescriptorPart part;
  if (begin == 0) {
    part.add_head(describe(call, owner, slot), call.version, region.piece_count, region.handle);
  }
  const uint32_t first = std::max(begin, layout.ranges_offset);
  PieceIndex at = region.first;
  for (uint32_t skip = (first - layout.ranges_offset) / sizeof(Constituent); skip > 0; --skip) {
    at = borrowed.piece(at).next;
  }
  for (uint32_t offset = 0; offset < length; part.clear()) {  // bound: the pieces
    const size_t left = (length - offset - part.size()) / sizeof(Constituent);
    for (Constituent& range : part.add_ranges(std::min(left, DescriptorPart::max_ranges))) {
      const WindowPiece& piece = borrowed.piece(at);
      range = {piece.base, piece.pages, 0};
      at = piece.next;
    }
    rx.write(offset, part.bytes());
    offset += part.size();
  }
  rx.finish(length);
  region.served_begin = begin;
  region.served_end = begin + length;
  return length;
}

template <Platform P>
void settle_region(VmContext<P>& vm, BorrowedSlot slot) {
  const Guard guard(vm.memory_lock);
  vm.memory.borrowed.settle(slot);
}

/// FFA_MEM_RETRIEVE_REQ. RX comes first, as it does in SPMCs: a full one says nothing of a handle.
template <Platform P>
Reply mem_retrieve_req(CallContext<P>& call) {
  const auto request = *ffa::MemRetrieveReq::decode(call.regs);  // never fails
  RuleTrace& rules = call.rules;
  const uint32_t length = request.total_length_bytes;
  FFA_CHECK(rules.require(Rule::retr_reserved_registers, !request.reserved_set));
  FFA_CHECK(rules.require(Rule::retr_no_dynamic_buffer,
                          request.buffer_address == 0 && request.buffer_pages == 0));
  FFA_CHECK(rules.require(Rule::retr_one_fragment, request.fragment_length_bytes == length));
  RxWriter<P> rx{call};
  FFA_CHECK(rx.acquire());
  FFA_TRY(const Snapshot bytes, snapshot_tx(call, length, Rule::mem_send_tx_mapped));
  FFA_TRY(const RetrieveRequest wanted,
          parse_retrieve(bytes, call.version, call.vm.id(), call.rules));
  const VmReference<P> owner{call.mediator, wanted.sender};
  FFA_CHECK(rules.require(Rule::retr_sender, owner.get() != nullptr));
  const auto self = call.mediator.vms.find(call.vm.id());
  Retrieval<P> retrieval{call, *owner.get()};
  FFA_CHECK(retrieval.begin(wanted, self ? self->incarnation : 0));
  FFA_CHECK(retrieval.map());
  const uint32_t fragment = deliver(call, rx, *owner.get(), retrieval.region(), 0);
  const uint32_t total = region_in_hand(call.vm, retrieval.region()).total_bytes;
  retrieval.keep();
  settle_region(call.vm, retrieval.region());
  return call.reply(ffa::MemRetrieveResp{total, fragment}.encode());
}

/// FFA_MEM_FRAG_RX: the next fragment of an answer, or the last one again. What is delivered is
/// made anew from the region, so it is the same.
template <Platform P>
Reply mem_frag_rx(CallContext<P>& call) {
  const auto request = ffa::MemFragRx::decode(call.regs);
  const bool reserved = request.ok() && request->endpoint == ffa::hypervisor_id;
  FFA_CHECK(call.rules.require(Rule::frag_rx_reserved, reserved));
  RxWriter<P> rx{call};
  FFA_CHECK(rx.acquire());
  FFA_TRY(const BorrowedSlot slot, hold_region(call, request->handle, Rule::frag_rx_handle));
  const Rollback settle{[&] { settle_region(call.vm, slot); }};
  const BorrowedRegion& region = region_in_hand(call.vm, slot);
  const uint32_t offset = request->fragment_offset_bytes;
  const bool next = offset == region.served_end && offset < region.total_bytes;
  FFA_CHECK(call.rules.require(Rule::frag_rx_offset, next || offset == region.served_begin));
  const auto owner = call.mediator.vms.find(region.owner);
  FFA_ASSERT(owner && owner->context != nullptr);
  const uint32_t length = deliver(call, rx, *owner->context, slot, offset);
  return call.reply(ffa::MemFragTx{request->handle, length, {}}.encode());
}

}  // namespace mediator
