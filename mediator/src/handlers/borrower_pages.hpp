// SPDX-License-Identifier: BSD-3-Clause
// The pages of a share in the stage 2 of a VM that borrows it: mapped extent by extent over the
// pieces of its region, taken away again piece by piece. [DEN0077A 1.0 §11.4-11.6]
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/borrow_table.hpp"
#include "handlers/memory_pages.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// A region and its pieces without the lock: for a call that has it in hand (`moving`), so that
/// nobody else changes it.
template <Platform P>
BorrowedRegion& region_in_hand(VmContext<P>& vm, BorrowedSlot slot)
    FFA_ATTR(no_thread_safety_analysis) {
  return vm.memory.borrowed[slot];
}
template <Platform P>
const BorrowTable& pieces_of_own_region(VmContext<P>& vm) FFA_ATTR(no_thread_safety_analysis) {
  return vm.memory.borrowed;
}

/// Takes a region that the caller holds in hand, else `handle_rule` rejects.
template <Platform P>
Outcome<BorrowedSlot> hold_region(CallContext<P>& call, ffa::Handle handle, Rule handle_rule) {
  const Guard guard(call.vm.memory_lock);
  const auto slot = call.vm.memory.borrowed.hold(handle);
  FFA_CHECK(call.rules.require(handle_rule, slot.has_value()));
  return *slot;
}

/// Takes the first `pages` pages of a region away from its borrower.
template <Platform P>
void unmap_pages(P& platform, VmContext<P>& borrower, BorrowedSlot slot, uint64_t pages) {
  if (pages == 0) return;
  const BorrowTable& borrowed = pieces_of_own_region(borrower);
  uint64_t left = pages;
  for (PieceIndex at = region_in_hand(borrower, slot).first; left != 0;) {
    const WindowPiece& piece = borrowed.piece(at);
    const uint64_t part = std::min<uint64_t>(piece.pages, left);
    platform.unmap_from(borrower.id(), ffa::Ipa{piece.base}, ffa::PageCount{part});
    left -= part;
    at = piece.next;
  }
  platform.tlbi(borrower.id());
}

/// Maps the pages of a share, which begins with `first_range`, over the pieces of a region.
/// `mapped` counts the pages, also where it fails in the middle. DENIED: a page is no RAM any more,
/// pinned as it is.
template <Platform P>
Outcome<void> map_pages(P& platform, VmContext<P>& owner, RangeIndex first_range,
                        VmContext<P>& borrower, BorrowedSlot slot, BorrowerAccess access,
                        uint64_t& mapped) {
  const OwnershipMap& ranges = ranges_of_own_share(owner);
  const BorrowTable& borrowed = pieces_of_own_region(borrower);
  PieceIndex at = region_in_hand(borrower, slot).first;
  uint64_t used = 0;  // pages of the piece
  const auto map = [&](ffa::Ipa /*ipa*/, const Extent& extent) -> Outcome<void> {
    const bool ram = extent.kind == MemoryKind::ram_rw || extent.kind == MemoryKind::ram_ro ||
                     extent.kind == MemoryKind::ram_none;
    if (!ram) return relay(ffa::Status::denied);
    for (uint64_t done = 0; done < extent.pages.raw();) {  // bound: the pieces
      if (used == borrowed.piece(at).pages) {
        at = borrowed.piece(at).next;
        used = 0;
      }
      const WindowPiece& piece = borrowed.piece(at);
      const ffa::PageCount pages{std::min(extent.pages.raw() - done, piece.pages - used)};
      const Extent part{ffa::Pa{extent.pa.raw() + done * ffa::page_size}, pages, extent.kind};
      const ffa::Ipa to{piece.base + used * ffa::page_size};
      const auto result = platform.map_into(borrower.id(), to, part, access);
      if (!result.ok()) return relay(result.error());
      done += pages.raw();
      used += pages.raw();
      mapped += pages.raw();
    }
    return {};
  };
  for (RangeIndex range = first_range; range != no_range; range = ranges.next(range)) {
    FFA_CHECK(for_each_extent(platform, owner.id(), ranges.range(range), map));
  }
  return {};
}

/// The region in hand is gone.
template <Platform P>
void release_region(VmContext<P>& borrower, BorrowedSlot slot) {
  const Guard guard(borrower.memory_lock);
  borrower.memory.borrowed.give_back(slot);
}

/// A VM does not hold the share any more.
template <Platform P>
void release_mark(VmContext<P>& owner, ShareSlot share, uint32_t receiver) {
  const Guard guard(owner.memory_lock);
  owner.memory.receivers(share)[receiver].holds = false;
  --owner.memory.shares[share].holders;
}

}  // namespace mediator
