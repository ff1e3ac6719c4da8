// SPDX-License-Identifier: BSD-3-Clause
// What a VM borrows from other VMs: one object a region that it has retrieved, found by handle, and
// where in its borrow window it is mapped. A region lies in the lowest hole that takes it whole; if
// there is none, in the lowest holes one after the other, so that the window is full only when it
// is full. The pieces are a list in the order of addresses, and a list for each region. Every
// function needs the VM's memory lock; a region that is `moving` belongs to the one call that took
// it, and so do its pieces. [DEN0077A 1.0 §11.4-11.6]
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/handle_index.hpp"
#include "core/page_range.hpp"
#include "core/share_table.hpp"
#include "ffa/memory_attributes.hpp"
#include "ffa/types.hpp"

namespace mediator {

using BorrowedSlot = ffa::Strong<struct BorrowedSlotTag, uint32_t>;
inline constexpr BorrowedSlot no_borrowed{~uint32_t{0}};
using PieceIndex = ffa::Strong<struct PieceIndexTag, uint32_t>;
inline constexpr PieceIndex no_piece{~uint32_t{0}};

/// A region that a VM borrows.
struct BorrowedRegion {
  /// moving: a call is mapping it, taking it away, or telling the VM of it.
  enum class State : uint8_t { vacant, moving, held };
  State state = State::vacant;
  bool zero_after = false;               ///< it is zeroed when it goes back
  bool shared = false;                   ///< by FFA_MEM_SHARE: its owner has it too
  ffa::AccessPermissions permissions{};  ///< granted
  ffa::EndpointId owner{};
  uint32_t receiver = 0;  ///< the VM's place in the receiver list of the share
  ffa::Handle handle{};
  ShareSlot share = no_share;  ///< of the owner
  ffa::PageCount pages{};
  PieceIndex first = no_piece;
  uint32_t piece_count = 0;
  // The descriptor of FFA_MEM_RETRIEVE_RESP: its length, and the part that was delivered last.
  uint32_t total_bytes = 0;
  uint32_t served_begin = 0;
  uint32_t served_end = 0;
  BorrowedSlot next_vacant = no_borrowed;
};

/// A part of the window that is in use.
struct WindowPiece {
  uint64_t base = 0;
  uint32_t pages = 0;
  PieceIndex next = no_piece;   ///< of the same region; of the free list when unused
  PieceIndex above = no_piece;  ///< by address
  PieceIndex below = no_piece;
};

class BorrowTable {
 public:
  BorrowTable() = default;
  /// `entries`: HandleIndex::entries_needed(regions.size()). A window without pages has no room.
  BorrowTable(ffa::Ipa window, ffa::PageCount window_pages, std::span<BorrowedRegion> regions,
              std::span<WindowPiece> pieces, std::span<HandleIndex::Entry> entries);

  /// vacant -> moving, with a place in the window for `pages` pages. Nothing: no room.
  [[nodiscard]] std::optional<BorrowedSlot> take(ffa::PageCount pages, ffa::Handle handle);
  /// moving -> held.
  void settle(BorrowedSlot slot) { (*this)[slot].state = BorrowedRegion::State::held; }
  /// held -> moving for the region with this handle. Nothing: unknown, or another call works on it.
  [[nodiscard]] std::optional<BorrowedSlot> hold(ffa::Handle handle);
  /// held -> moving for any region that is held.
  [[nodiscard]] std::optional<BorrowedSlot> hold_any();
  /// moving -> vacant; its place in the window is free.
  void give_back(BorrowedSlot slot);

  [[nodiscard]] BorrowedRegion& operator[](BorrowedSlot slot) { return regions_[slot.raw()]; }
  [[nodiscard]] const BorrowedRegion& operator[](BorrowedSlot slot) const {
    return regions_[slot.raw()];
  }
  [[nodiscard]] const WindowPiece& piece(PieceIndex index) const { return pieces_[index.raw()]; }
  [[nodiscard]] uint32_t size() const { return size_; }  ///< regions in any state
  [[nodiscard]] ffa::PageCount used_pages() const { return ffa::PageCount{used_pages_}; }

 private:
  /// A piece of `pages` pages at `base`, behind `below` in the order of addresses.
  [[nodiscard]] PieceIndex insert(uint64_t base, uint64_t pages, PieceIndex below);
  void remove(PieceIndex index);
  /// Gives back a region's pieces.
  void free_pieces(BorrowedRegion& region);
  /// Fills the lowest holes that have at least `least` pages each until the region is placed.
  bool place(BorrowedRegion& region, uint64_t least);
  WindowPiece& at(PieceIndex index) { return pieces_[index.raw()]; }

  uint64_t window_base_ = 0;
  uint64_t window_pages_ = 0;
  std::span<BorrowedRegion> regions_;
  std::span<WindowPiece> pieces_;
  HandleIndex index_;
  BorrowedSlot vacant_ = no_borrowed;
  PieceIndex free_ = no_piece;
  PieceIndex lowest_ = no_piece;
  uint32_t size_ = 0;
  uint64_t used_pages_ = 0;
};

}  // namespace mediator
