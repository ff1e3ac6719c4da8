// SPDX-License-Identifier: BSD-3-Clause
#include "core/ownership_map.hpp"

#include <algorithm>

namespace mediator {
namespace {

constexpr uint64_t end_of(const OwnershipMap::Slot& slot) {
  return slot.base + uint64_t{slot.pages} * ffa::page_size;
}

}  // namespace

// The spans of one part are disjoint, so they have one order, by base as by end; one descent finds
// the span around [base, end) or the place for a new leaf.
OwnershipMap::Place OwnershipMap::find(uint64_t base, uint64_t end, uint32_t part) const {
  Place place;
  SpanIndex at = root_;
  while (at != no_span) {  // bound: the height of the tree
    const Span& here = span(at);
    const uint32_t there = part_of(here.holder);
    if (there == part && base < here.end && here.base < end) {
      place.around = at;
      return place;
    }
    place.parent = at;
    place.left = there == part ? base < here.base : part < there;
    if (there == part && place.left) place.limit = here.base;
    if (there == part && !place.left) place.before = at;
    at = place.left ? here.left : here.right;
  }
  return place;
}

/// The first range of a span that ends behind `base`; there is one.
RangeIndex OwnershipMap::first_behind(const Span& in, uint64_t base) const {
  uint32_t low = in.first.raw();
  uint32_t high = in.last.raw();
  while (low < high) {  // bound: log2 of a block
    const uint32_t middle = low + (high - low) / 2;
    if (end_of(slot(RangeIndex{middle})) > base) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return RangeIndex{low};
}

bool OwnershipMap::is_taken(const Place& place, const PageRange& range) const {
  if (place.around == no_span) return false;
  const RangeIndex nearest = first_behind(span(place.around), range.base().raw());
  return slot(nearest).base < range.end().raw();
}

/// A slot for the range behind `previous`: the next one of its block, or one of a new block.
RangeIndex OwnershipMap::take_slot(RangeHolder holder, RangeIndex previous) {
  if (previous != no_range && has_room_behind(previous)) return RangeIndex{previous.raw() + 1};
  RangeIndex head = free_blocks_;
  if (head != no_range) {
    free_blocks_ = slot(head).next;
  } else {
    if (slots_.size() - fresh_slot_ < block_slots) return no_range;
    head = RangeIndex{fresh_slot_};
    fresh_slot_ += block_slots;
  }
  slot(head).pages = holder.raw();
  return RangeIndex{head.raw() + 1};
}

/// There is one: no more spans than ranges.
OwnershipMap::SpanIndex OwnershipMap::take_span() {
  if (free_spans_ == no_span) return SpanIndex{fresh_span_++};
  const SpanIndex index = free_spans_;
  free_spans_ = span(index).parent;
  return index;
}

void OwnershipMap::free_span(SpanIndex index) {
  span(index).parent = free_spans_;
  free_spans_ = index;
}

void OwnershipMap::free_block(RangeIndex head) {
  slot(head).next = free_blocks_;
  free_blocks_ = head;
}

RangeIndex OwnershipMap::claim(const PageRange& range, RangeHolder holder, RangeIndex previous) {
  const uint64_t base = range.base().raw();
  const uint64_t end = range.end().raw();
  Place place = find(base, end, part_of(holder));
  SpanIndex taken = is_taken(place, range) ? place.around : no_span;
  uint64_t limit = ~uint64_t{0};
  // Shares that overlap: a share is held against the buffers too, a buffer against each share.
  const uint32_t last_part = holder.is_buffer() ? overlapping_ : 0;
  uint32_t part = holder.is_buffer() || overlapping_ == 0 ? 1 : 0;
  for (; taken == no_span && part <= last_part; ++part) {
    const Place other = find(base, end, part);
    if (is_taken(other, range)) taken = other.around;
    limit = std::min(limit, other.around == no_span ? other.limit : end);
  }
  if (taken != no_span) {
    conflict_ = {.full = false, .holder = span(taken).holder};
    return no_range;
  }
  const RangeIndex index = size_ < capacity() ? take_slot(holder, previous) : no_range;
  if (index == no_range) {
    conflict_ = {.full = true, .holder = holder};
    return no_range;
  }
  if (place.around != no_span) {
    split(place.around, first_behind(span(place.around), base));
    place = find(base, end, part_of(holder));
  }
  slot(index) = slot_of(range);
  if (previous != no_range) slot(previous).next = index;
  ++size_;
  finger_ = {index, place.before, end, std::min(limit, place.limit)};
  const bool longer = place.before != no_span && previous != no_range &&
                      span(place.before).last == previous && index.raw() == previous.raw() + 1;
  if (longer) {
    span(place.before).last = index;
    span(place.before).end = end;
    return index;
  }
  finger_.span = take_span();
  Span& made = span(finger_.span);  // field by field: a copy of a whole would wait for each
  made.base = base;
  made.end = end;
  made.holder = holder;
  made.first = made.last = index;
  hang(finger_.span, place.parent, place.left);
  return index;
}

/// Makes a span a leaf below `parent`.
void OwnershipMap::hang(SpanIndex index, SpanIndex parent, bool left) {
  Span& leaf = span(index);
  leaf.parent = parent;
  leaf.left = leaf.right = no_span;
  leaf.height = 1;
  if (parent == no_span) {
    root_ = index;
  } else {
    (left ? span(parent).left : span(parent).right) = index;
  }
  rebalance(parent);
}

/// Makes a span end in front of its range `at`, and a new one of that range and what follows.
void OwnershipMap::split(SpanIndex index, RangeIndex at) {
  const SpanIndex behind = take_span();
  Span& lower = span(index);
  Span& upper = span(behind) = lower;
  upper.base = slot(at).base;
  upper.first = at;
  lower.last = RangeIndex{at.raw() - 1};
  lower.end = end_of(slot(lower.last));
  const bool left = lower.right != no_span;
  SpanIndex parent = left ? lower.right : index;
  while (left && span(parent).left != no_span) parent = span(parent).left;  // bound: the height
  hang(behind, parent, left);
}

void OwnershipMap::release(RangeIndex first, RangeIndex previous) {
  finger_ = {};
  if (previous != no_range) slot(previous).next = no_range;
  while (first != no_range) {  // bound: the spans of one share
    const RangeIndex head = head_of(first);
    const uint64_t base = slot(first).base;
    const SpanIndex at = find(base, base + 1, part_of(RangeHolder{slot(head).pages})).around;
    const RangeIndex last = span(at).last;
    const RangeIndex next = slot(last).next;
    size_ -= last.raw() + 1 - first.raw();
    if (span(at).first == first) {
      erase(at);
      free_span(at);
    } else {  // the span of `previous`
      span(at).last = previous;
      span(at).end = end_of(slot(previous));
    }
    const bool kept = previous != no_range && head_of(previous) == head;
    const bool goes_on = next != no_range && head_of(next) == head;
    if (!kept && !goes_on) free_block(head);
    first = next;
  }
}

void OwnershipMap::update_height(SpanIndex index) {
  const uint32_t left = height(span(index).left);
  const uint32_t right = height(span(index).right);
  span(index).height = 1 + (left > right ? left : right);
}

/// Puts the subtree `by` (or nothing) where the subtree `index` hangs.
void OwnershipMap::replace(SpanIndex index, SpanIndex by) {
  const SpanIndex parent = span(index).parent;
  if (parent == no_span) {
    root_ = by;
  } else if (span(parent).left == index) {
    span(parent).left = by;
  } else {
    span(parent).right = by;
  }
  if (by != no_span) span(by).parent = parent;
}

/// Rotates `top` down to the left (or right); returns what stands in its place.
OwnershipMap::SpanIndex OwnershipMap::rotate(SpanIndex top, bool left) {
  const SpanIndex up = left ? span(top).right : span(top).left;
  const SpanIndex inner = left ? span(up).left : span(up).right;
  replace(top, up);
  (left ? span(up).left : span(up).right) = top;
  span(top).parent = up;
  (left ? span(top).right : span(top).left) = inner;
  if (inner != no_span) span(inner).parent = top;
  update_height(top);
  update_height(up);
  return up;
}

/// Restores heights and balance on the way from `from` to the root, as far up as a height changes.
/// Each span on the way holds the height of what stood in its place before.
void OwnershipMap::rebalance(SpanIndex from) {
  while (from != no_span) {  // bound: the height of the tree
    const uint32_t before = span(from).height;
    const SpanIndex left = span(from).left;
    const SpanIndex right = span(from).right;
    const uint32_t on_left = height(left);
    const uint32_t on_right = height(right);
    if (on_left > on_right + 1) {
      if (height(span(left).right) > height(span(left).left)) rotate(left, true);
      from = rotate(from, false);
    } else if (on_right > on_left + 1) {
      if (height(span(right).left) > height(span(right).right)) rotate(right, false);
      from = rotate(from, true);
    } else {
      span(from).height = 1 + std::max(on_left, on_right);
    }
    if (span(from).height == before) return;
    from = span(from).parent;
  }
}

// A span with two children changes places with its successor by links, never by content: others
// hold its index.
void OwnershipMap::erase(SpanIndex index) {
  const Span gone = span(index);
  if (gone.left == no_span || gone.right == no_span) {
    replace(index, gone.left == no_span ? gone.right : gone.left);
    rebalance(gone.parent);
    return;
  }
  SpanIndex successor = gone.right;
  while (span(successor).left != no_span) successor = span(successor).left;  // bound: the height
  SpanIndex lowest_changed = successor;
  if (successor != gone.right) {
    lowest_changed = span(successor).parent;
    replace(successor, span(successor).right);
    span(successor).right = gone.right;
    span(gone.right).parent = successor;
  }
  replace(index, successor);
  span(successor).height = gone.height;
  span(successor).left = gone.left;
  span(gone.left).parent = successor;
  rebalance(lowest_changed);
}

}  // namespace mediator
