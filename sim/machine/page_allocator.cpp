// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/page_allocator.hpp"

#include <iterator>

namespace sim {

void PageAllocator::add(uint64_t page, uint64_t count) {
  if (count == 0) return;
  auto next = free_.lower_bound(page);
  if (next != free_.end() && next->first == page + count) {
    count += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == page) {
      before->second += count;
      return;
    }
  }
  free_.emplace(page, count);
}

std::optional<uint64_t> PageAllocator::take(uint64_t count, uint64_t alignment) {
  for (const auto& [first, pages] : free_) {
    const uint64_t start = (first + alignment - 1) / alignment * alignment;
    if (start - first > pages || pages - (start - first) < count) continue;
    take_at(start, count);
    return start;
  }
  return std::nullopt;
}

bool PageAllocator::take_at(uint64_t page, uint64_t count) {
  auto it = free_.upper_bound(page);
  if (it == free_.begin()) return false;
  --it;
  const uint64_t first = it->first;
  const uint64_t end = first + it->second;
  if (page + count > end) return false;
  free_.erase(it);
  if (first < page) free_.emplace(first, page - first);
  if (page + count < end) free_.emplace(page + count, end - page - count);
  return true;
}

uint64_t PageAllocator::free_pages() const {
  uint64_t sum = 0;
  for (const auto& [first, pages] : free_) sum += pages;
  return sum;
}

}  // namespace sim
