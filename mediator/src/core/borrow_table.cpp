// SPDX-License-Identifier: BSD-3-Clause
#include "core/borrow_table.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace mediator {

using State = BorrowedRegion::State;

BorrowTable::BorrowTable(ffa::Ipa window, ffa::PageCount window_pages,
                         std::span<BorrowedRegion> regions, std::span<WindowPiece> pieces,
                         std::span<HandleIndex::Entry> entries)
    : window_base_(window.raw()),
      window_pages_(window_pages.raw()),
      regions_(regions),
      pieces_(pieces),
      index_(entries) {
  for (size_t n = regions_.size(); n > 0; --n) {
    regions_[n - 1].next_vacant = vacant_;
    vacant_ = BorrowedSlot{static_cast<uint32_t>(n - 1)};
  }
  for (size_t n = pieces_.size(); n > 0; --n) {
    pieces_[n - 1].next = free_;
    free_ = PieceIndex{static_cast<uint32_t>(n - 1)};
  }
}

PieceIndex BorrowTable::insert(uint64_t base, uint64_t pages, PieceIndex below) {
  if (free_ == no_piece) return no_piece;
  const PieceIndex index = free_;
  free_ = at(index).next;
  PieceIndex& link = below == no_piece ? lowest_ : at(below).above;
  at(index) = {.base = base, .pages = static_cast<uint32_t>(pages), .above = link, .below = below};
  if (link != no_piece) at(link).below = index;
  link = index;
  used_pages_ += pages;
  return index;
}

void BorrowTable::remove(PieceIndex index) {
  const WindowPiece piece = at(index);
  (piece.below == no_piece ? lowest_ : at(piece.below).above) = piece.above;
  if (piece.above != no_piece) at(piece.above).below = piece.below;
  used_pages_ -= piece.pages;
  at(index) = {.next = free_};
  free_ = index;
}

void BorrowTable::free_pieces(BorrowedRegion& region) {
  for (PieceIndex at_piece = region.first; at_piece != no_piece;) {
    const PieceIndex next = piece(at_piece).next;
    remove(at_piece);
    at_piece = next;
  }
  region.first = no_piece;
  region.piece_count = 0;
}

bool BorrowTable::place(BorrowedRegion& region, uint64_t least) {
  uint64_t left = region.pages.raw();
  uint64_t hole = window_base_;
  PieceIndex below = no_piece;
  PieceIndex last = no_piece;
  const uint64_t window_end = window_base_ + window_pages_ * ffa::page_size;
  while (left != 0) {  // bound: the pieces and the hole behind the last
    const PieceIndex above = below == no_piece ? lowest_ : piece(below).above;
    const uint64_t hole_end = above == no_piece ? window_end : piece(above).base;
    const uint64_t hole_pages = (hole_end - hole) / ffa::page_size;
    if (hole_pages >= least) {
      const uint64_t pages = std::min(hole_pages, left);
      const PieceIndex index = insert(hole, pages, below);
      if (index == no_piece) break;
      (last == no_piece ? region.first : at(last).next) = index;
      ++region.piece_count;
      last = index;
      left -= pages;
    }
    if (above == no_piece) break;
    below = above;
    hole = piece(above).base + uint64_t{piece(above).pages} * ffa::page_size;
  }
  if (left == 0) return true;
  free_pieces(region);
  return false;
}

std::optional<BorrowedSlot> BorrowTable::take(ffa::PageCount pages, ffa::Handle handle) {
  if (vacant_ == no_borrowed || pages.raw() > window_pages_ - used_pages_) return std::nullopt;
  const BorrowedSlot slot = vacant_;
  BorrowedRegion& region = (*this)[slot];
  const BorrowedSlot next_vacant = region.next_vacant;
  region = {.state = State::moving, .handle = handle, .pages = pages};
  if (!place(region, pages.raw()) && !place(region, 1)) {
    region = {.next_vacant = next_vacant};
    return std::nullopt;
  }
  vacant_ = next_vacant;
  index_.insert(handle, slot.raw());
  ++size_;
  return slot;
}

std::optional<BorrowedSlot> BorrowTable::hold(ffa::Handle handle) {
  const auto found =
      index_.find(handle, [this](uint32_t slot) { return regions_[slot].state == State::held; });
  if (!found) return std::nullopt;
  regions_[*found].state = State::moving;
  return BorrowedSlot{*found};
}

std::optional<BorrowedSlot> BorrowTable::hold_any() {
  for (uint32_t slot = 0; slot < regions_.size(); ++slot) {
    if (regions_[slot].state != State::held) continue;
    regions_[slot].state = State::moving;
    return BorrowedSlot{slot};
  }
  return std::nullopt;
}

void BorrowTable::give_back(BorrowedSlot slot) {
  BorrowedRegion& region = (*this)[slot];
  FFA_ASSERT(region.state == State::moving);
  free_pieces(region);
  index_.erase(region.handle, slot.raw());
  region = {.next_vacant = vacant_};
  vacant_ = slot;
  --size_;
}

}  // namespace mediator
