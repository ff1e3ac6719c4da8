// SPDX-License-Identifier: BSD-3-Clause
// Which of a VM's pages are in use: in a live memory transaction or as an RX or TX buffer. Storage
// lies in the VM's arena; a guest can make no operation slower than O(log n). Every function but
// range(), next() and the counters needs the VM's memory lock; those two read what never changes
// while a range is held, and are for its holder. [DEN0077A 1.0 §5.8]
//
// The ranges of one holder are a list in the order in which the guest named them, cut into blocks
// of neighbouring slots. What a balanced tree (AVL) keeps in order of address are spans: stretches
// of rising ranges in one block, none of another holder between them. A guest mostly names its
// ranges in rising order, so most of them only make the last span longer. A range that falls into a
// gap of a span cuts it in two; the slots stay where they are.
//
//     block of holder 3   | head | 10 | 12 | 14 |  2 |  4 | 40 | 41 |
//     spans                      [10 . . . 14]  [2 . 4] [40 .. 41]
//
// Where shares may overlap, each has its own part of the tree behind that of the buffers, and its
// ranges are disjoint there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/page_range.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// Who holds a range: the share in a slot of the share table, or one of the VM's two buffers.
class RangeHolder : public ffa::Strong<struct RangeHolderTag, uint32_t> {
 public:
  using Strong::Strong;
  [[nodiscard]] constexpr bool is_buffer() const { return raw() >= 0xfffffffeU; }
};
inline constexpr RangeHolder rx_holder{0xfffffffeU};
inline constexpr RangeHolder tx_holder{0xffffffffU};

/// A range in the map.
using RangeIndex = ffa::Strong<struct RangeIndexTag, uint32_t>;
inline constexpr RangeIndex no_range{~uint32_t{0}};

/// Why claim() refused.
struct RangeConflict {
  bool full = false;     ///< there is no room for another range
  RangeHolder holder{};  ///< else: who holds a page of the range already
};

class OwnershipMap {
 public:
  using SpanIndex = ffa::Strong<struct SpanIndexTag, uint32_t>;
  static constexpr SpanIndex no_span{~uint32_t{0}};
  /// Slots of a block, its head among them.
  static constexpr uint32_t block_slots = 32;

  /// Arena storage. Needs no initialisation.
  struct Slot {
    uint64_t base;
    uint32_t pages;   ///< in the head of a block: the holder
    RangeIndex next;  ///< of the same list; in the head of an unused block: of the free list
  };
  /// Arena storage. Needs no initialisation.
  struct Span {
    uint64_t base;
    uint64_t end;
    RangeHolder holder;
    RangeIndex first;  ///< first..last are neighbouring slots of one block
    RangeIndex last;
    SpanIndex parent;  ///< of the free list when unused
    SpanIndex left;
    SpanIndex right;
    uint32_t height;  ///< of the subtree, 1 for a leaf
  };
  /// Slots for `ranges` ranges in at most `lists` lists at once: at worst the first range of each
  /// list has a block for itself, and each that is full takes another.
  static constexpr size_t slots_needed(size_t ranges, size_t lists) {
    constexpr size_t usable = block_slots - 1;
    const size_t begun = std::min(ranges, lists);
    return ((ranges - begun) / usable + begun) * block_slots;
  }

  OwnershipMap() = default;
  /// At most `spans.size()` ranges at once. `overlapping`: how many shares may overlap each other,
  /// never themselves or a buffer; 0: none may.
  OwnershipMap(std::span<Span> spans, std::span<Slot> slots, uint32_t overlapping = 0)
      : spans_(spans), slots_(slots), overlapping_(overlapping) {}

  /// Takes `range` for `holder` and appends it to the list that ends in `previous` (no_range: a new
  /// list). `range` has at most 2^32 - 1 pages. no_range: refused, and conflict() says why. An
  /// index alone fits a register.
  [[nodiscard]] RangeIndex claim(const PageRange& range, RangeHolder holder,
                                 RangeIndex previous = no_range);
  /// Why the last claim() that was refused was.
  [[nodiscard]] const RangeConflict& conflict() const { return conflict_; }
  /// The quick way of claim(), for a range that lies right behind that of the last claim, in the
  /// same block; else no_range, and nothing changed.
  RangeIndex claim_onward(const PageRange& range, RangeIndex previous) {
    const bool onward = previous != no_range && previous == finger_.last &&
                        range.base().raw() >= finger_.end && range.end().raw() <= finger_.limit;
    if (!onward || !has_room_behind(previous) || size_ == capacity()) return no_range;
    return extend(range);
  }
  /// Gives back the whole list that begins at `first` (no_range: nothing), or the end of one, which
  /// stands behind `previous`.
  void release(RangeIndex first, RangeIndex previous = no_range);
  [[nodiscard]] PageRange range(RangeIndex index) const {
    const Slot& here = slot(index);
    return PageRange{ffa::Ipa{here.base}, ffa::PageCount{here.pages}};
  }
  [[nodiscard]] RangeIndex next(RangeIndex index) const { return slot(index).next; }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(spans_.size()); }

 private:
  friend class OwnershipMapCheck;  // of the tests: looks at the whole tree
  /// What a descent through one part of the tree met.
  struct Place {
    SpanIndex parent = no_span;
    bool left = false;
    SpanIndex before = no_span;     ///< the span in front of the range
    uint64_t limit = ~uint64_t{0};  ///< where the span behind it begins
    SpanIndex around = no_span;     ///< a span that begins before its end and ends behind its base
  };
  /// Where the last range was entered: up to `limit` nothing is held.
  struct Finger {
    RangeIndex last = no_range;
    SpanIndex span = no_span;
    uint64_t end = 0;
    uint64_t limit = 0;
  };

  /// Enters a range behind the finger's, in the same span.
  RangeIndex extend(const PageRange& range) {
    const RangeIndex index{finger_.last.raw() + 1};
    slot(finger_.last).next = index;
    slot(index) = slot_of(range);
    Span& here = span(finger_.span);
    here.last = finger_.last = index;
    here.end = finger_.end = range.end().raw();
    ++size_;
    return index;
  }
  static Slot slot_of(const PageRange& range) {
    return {range.base().raw(), static_cast<uint32_t>(range.pages().raw()), no_range};
  }
  static bool has_room_behind(RangeIndex index) { return (index.raw() + 1) % block_slots != 0; }
  static RangeIndex head_of(RangeIndex index) {
    return RangeIndex{index.raw() / block_slots * block_slots};
  }
  /// The part of the tree that a holder's spans are in.
  [[nodiscard]] uint32_t part_of(RangeHolder holder) const {
    return overlapping_ == 0 || holder.is_buffer() ? 0 : holder.raw() + 1;
  }
  [[nodiscard]] Place find(uint64_t base, uint64_t end, uint32_t part) const;
  [[nodiscard]] RangeIndex first_behind(const Span& in, uint64_t base) const;
  [[nodiscard]] bool is_taken(const Place& place, const PageRange& range) const;
  RangeIndex take_slot(RangeHolder holder, RangeIndex previous);
  SpanIndex take_span();
  void free_span(SpanIndex index);
  void free_block(RangeIndex head);
  void hang(SpanIndex index, SpanIndex parent, bool left);
  void split(SpanIndex index, RangeIndex at);
  void erase(SpanIndex index);
  void replace(SpanIndex index, SpanIndex by);
  SpanIndex rotate(SpanIndex top, bool left);
  void rebalance(SpanIndex from);
  void update_height(SpanIndex index);
  [[nodiscard]] uint32_t height(SpanIndex index) const {
    return index == no_span ? 0 : span(index).height;
  }
  Span& span(SpanIndex index) { return spans_[index.raw()]; }
  [[nodiscard]] const Span& span(SpanIndex index) const { return spans_[index.raw()]; }
  Slot& slot(RangeIndex index) { return slots_[index.raw()]; }
  [[nodiscard]] const Slot& slot(RangeIndex index) const { return slots_[index.raw()]; }

  std::span<Span> spans_;
  std::span<Slot> slots_;
  Finger finger_;
  RangeConflict conflict_;
  SpanIndex root_ = no_span;
  SpanIndex free_spans_ = no_span;
  RangeIndex free_blocks_ = no_range;
  uint32_t fresh_span_ = 0;  ///< spans from here on were never used
  uint32_t fresh_slot_ = 0;  ///< nor slots from here on
  uint32_t size_ = 0;
  uint32_t overlapping_ = 0;
};

}  // namespace mediator
