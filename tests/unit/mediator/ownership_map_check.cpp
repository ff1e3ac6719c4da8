// SPDX-License-Identifier: BSD-3-Clause
#include "ownership_map_check.hpp"

#include <algorithm>

namespace mediator {
namespace {

uint64_t end_of(const OwnershipMap::Slot& slot) {
  return slot.base + uint64_t{slot.pages} * ffa::page_size;
}

}  // namespace

/// The span behind `index` in the order of the tree.
OwnershipMap::SpanIndex OwnershipMapCheck::after(OwnershipMap::SpanIndex index) const {
  OwnershipMap::SpanIndex next = map_.span(index).right;
  if (next != OwnershipMap::no_span) {
    while (map_.span(next).left != OwnershipMap::no_span) next = map_.span(next).left;
    return next;
  }
  next = map_.span(index).parent;
  for (OwnershipMap::SpanIndex child = index;
       next != OwnershipMap::no_span && map_.span(next).right == child;) {
    child = next;
    next = map_.span(next).parent;
  }
  return next;
}

/// A span's height and balance, its children's links, and what its slots say.
bool OwnershipMapCheck::is_sound(OwnershipMap::SpanIndex index) const {
  const OwnershipMap::Span& here = map_.span(index);
  const uint32_t left = map_.height(here.left);
  const uint32_t right = map_.height(here.right);
  if (here.height != 1 + std::max(left, right)) return false;
  if (left > right + 1 || right > left + 1) return false;
  if (here.left != OwnershipMap::no_span && map_.span(here.left).parent != index) return false;
  if (here.right != OwnershipMap::no_span && map_.span(here.right).parent != index) return false;
  const RangeIndex head = map_.head_of(here.first);
  if (here.first <= head || here.last < here.first || map_.head_of(here.last) != head) return false;
  if (map_.slot(head).pages != here.holder.raw()) return false;
  uint64_t end = here.base;
  for (RangeIndex at = here.first; at <= here.last; at = RangeIndex{at.raw() + 1}) {
    if (map_.slot(at).base < end || (at == here.first && map_.slot(at).base != here.base))
      return false;
    if (at != here.last && map_.slot(at).next != RangeIndex{at.raw() + 1}) return false;
    end = end_of(map_.slot(at));
  }
  return end == here.end;
}

OwnershipMap::SpanIndex OwnershipMapCheck::lowest() const {
  OwnershipMap::SpanIndex at = map_.root_;
  while (at != OwnershipMap::no_span && map_.span(at).left != OwnershipMap::no_span)
    at = map_.span(at).left;
  return at;
}

size_t OwnershipMapCheck::spans() const {
  size_t count = 0;
  for (auto at = lowest(); at != OwnershipMap::no_span; at = after(at)) ++count;
  return count;
}

bool OwnershipMapCheck::whole() const {
  OwnershipMap::SpanIndex at = lowest();
  uint32_t seen = 0;
  uint64_t end = 0;
  uint32_t part = 0;
  while (at != OwnershipMap::no_span && seen <= map_.size_) {  // in order; bound: the spans in use
    const OwnershipMap::Span& here = map_.span(at);
    if (!is_sound(at) || map_.part_of(here.holder) < part) return false;
    if (map_.part_of(here.holder) > part) end = 0;
    part = map_.part_of(here.holder);
    if (here.base < end) return false;
    end = here.end;
    seen += here.last.raw() + 1 - here.first.raw();
    at = after(at);
  }
  return seen == map_.size_ && (map_.root_ == OwnershipMap::no_span ||
                                map_.span(map_.root_).parent == OwnershipMap::no_span);
}

}  // namespace mediator
