// SPDX-License-Identifier: BSD-3-Clause
#include "core/ownership_map.hpp"

namespace mediator {
namespace {

constexpr uint64_t end_of(const OwnershipMap::Node& node) {
  return node.base + uint64_t{node.pages} * ffa::page_size;
}

}  // namespace

// Disjoint ranges have one order, by base as by end; so one descent finds an overlap or the place
// for a new leaf.
OwnershipMap::Place OwnershipMap::find(const PageRange& range, uint32_t stretch) const {
  Place place;
  RangeIndex at = root_;
  while (at != no_range) {  // bound: the height of the tree
    const Node& here = node(at);
    const uint32_t there = stretch_of(here.holder);
    if (there == stretch && range.base().raw() < end_of(here) && here.base < range.end().raw()) {
      place.occupied = at;
      return place;
    }
    place.parent = at;
    place.left = there == stretch ? range.base().raw() < here.base : stretch < there;
    at = place.left ? here.left : here.right;
  }
  return place;
}

RangeIndex OwnershipMap::take_node() {
  if (free_ != no_range) {
    const RangeIndex index = free_;
    free_ = node(index).next;
    return index;
  }
  if (fresh_ == capacity()) return no_range;
  return RangeIndex{fresh_++};
}

ffa::Result<RangeIndex, RangeConflict> OwnershipMap::claim(const PageRange& range,
                                                           RangeHolder holder,
                                                           RangeIndex previous) {
  const Place place = find(range, stretch_of(holder.raw()));
  RangeIndex taken = place.occupied;
  // Shares that overlap: a share is held against the buffers too, a buffer against each share.
  const uint32_t last = holder.is_buffer() ? overlapping_ : 0;
  uint32_t stretch = holder.is_buffer() || overlapping_ == 0 ? 1 : 0;
  for (; taken == no_range && stretch <= last; ++stretch) taken = find(range, stretch).occupied;
  if (taken != no_range) {
    return ffa::Error{RangeConflict{.full = false, .holder = RangeHolder{node(taken).holder}}};
  }
  const RangeIndex index = take_node();
  if (index == no_range) return ffa::Error{RangeConflict{.full = true, .holder = holder}};
  node(index) = Node{.base = range.base().raw(),
                     .pages = static_cast<uint32_t>(range.pages().raw()),
                     .holder = holder.raw(),
                     .parent = place.parent,
                     .left = no_range,
                     .right = no_range,
                     .next = no_range,
                     .height = 1};
  if (place.parent == no_range) {
    root_ = index;
  } else if (place.left) {
    node(place.parent).left = index;
  } else {
    node(place.parent).right = index;
  }
  if (previous != no_range) node(previous).next = index;
  ++size_;
  rebalance(place.parent);
  return index;
}

void OwnershipMap::release(RangeIndex first, RangeIndex previous) {
  if (previous != no_range) node(previous).next = no_range;
  while (first != no_range) {  // bound: the ranges of one share
    const RangeIndex next = node(first).next;
    erase(first);
    node(first).next = free_;
    free_ = first;
    --size_;
    first = next;
  }
}

PageRange OwnershipMap::range(RangeIndex index) const {
  const auto range = PageRange::make(ffa::Ipa{node(index).base}, ffa::PageCount{node(index).pages});
  return *range;  // was one when it was claimed
}

void OwnershipMap::update_height(RangeIndex index) {
  const uint32_t left = height(node(index).left);
  const uint32_t right = height(node(index).right);
  node(index).height = 1 + (left > right ? left : right);
}

/// Puts the subtree `by` (or nothing) where the subtree `index` hangs.
void OwnershipMap::replace(RangeIndex index, RangeIndex by) {
  const RangeIndex parent = node(index).parent;
  if (parent == no_range) {
    root_ = by;
  } else if (node(parent).left == index) {
    node(parent).left = by;
  } else {
    node(parent).right = by;
  }
  if (by != no_range) node(by).parent = parent;
}

/// Rotates `top` down to the left (or right); returns what stands in its place.
RangeIndex OwnershipMap::rotate(RangeIndex top, bool left) {
  const RangeIndex up = left ? node(top).right : node(top).left;
  const RangeIndex inner = left ? node(up).left : node(up).right;
  replace(top, up);
  (left ? node(up).left : node(up).right) = top;
  node(top).parent = up;
  (left ? node(top).right : node(top).left) = inner;
  if (inner != no_range) node(inner).parent = top;
  update_height(top);
  update_height(up);
  return up;
}

/// Restores heights and balance on the way from `from` to the root, as far up as a height changes.
/// Each node on the way holds the height of what stood in its place before.
void OwnershipMap::rebalance(RangeIndex from) {
  while (from != no_range) {  // bound: the height of the tree
    const uint32_t before = node(from).height;
    const RangeIndex left = node(from).left;
    const RangeIndex right = node(from).right;
    if (height(left) > height(right) + 1) {
      if (height(node(left).right) > height(node(left).left)) rotate(left, true);
      from = rotate(from, false);
    } else if (height(right) > height(left) + 1) {
      if (height(node(right).left) > height(node(right).right)) rotate(right, false);
      from = rotate(from, true);
    } else {
      update_height(from);
    }
    if (node(from).height == before) return;
    from = node(from).parent;
  }
}

// A node with two children changes places with its successor by links, never by content: others
// hold its index.
void OwnershipMap::erase(RangeIndex index) {
  const Node gone = node(index);
  if (gone.left == no_range || gone.right == no_range) {
    replace(index, gone.left == no_range ? gone.right : gone.left);
    rebalance(gone.parent);
    return;
  }
  RangeIndex successor = gone.right;
  while (node(successor).left != no_range) successor = node(successor).left;  // bound: the height
  RangeIndex lowest_changed = successor;
  if (successor != gone.right) {
    lowest_changed = node(successor).parent;
    replace(successor, node(successor).right);
    node(successor).right = gone.right;
    node(gone.right).parent = successor;
  }
  replace(index, successor);
  node(successor).height = gone.height;
  node(successor).left = gone.left;
  node(gone.left).parent = successor;
  rebalance(lowest_changed);
}

bool OwnershipMap::consistent() const {
  RangeIndex at = root_;
  while (at != no_range && node(at).left != no_range) at = node(at).left;
  uint32_t seen = 0;
  uint64_t end = 0;
  uint32_t stretch = 0;
  while (at != no_range && seen <= size_) {  // in order; bound: the nodes in use
    const Node& here = node(at);
    const uint32_t left = height(here.left);
    const uint32_t right = height(here.right);
    if (stretch_of(here.holder) < stretch) return false;
    if (stretch_of(here.holder) > stretch) end = 0;
    stretch = stretch_of(here.holder);
    if (here.base < end || here.height != 1 + (left > right ? left : right)) return false;
    if (left > right + 1 || right > left + 1) return false;
    if (here.left != no_range && node(here.left).parent != at) return false;
    if (here.right != no_range && node(here.right).parent != at) return false;
    end = end_of(here);
    ++seen;
    RangeIndex next = here.right;
    if (next != no_range) {
      while (node(next).left != no_range) next = node(next).left;
    } else {
      RangeIndex child = at;
      next = here.parent;
      while (next != no_range && node(next).right == child) {
        child = next;
        next = node(next).parent;
      }
    }
    at = next;
  }
  return seen == size_ && (root_ == no_range || node(root_).parent == no_range);
}

}  // namespace mediator
