// SPDX-License-Identifier: BSD-3-Clause
// The hypervisor's page allocator: which host pages are free. Lowest address first, so that what a
// dead VM gave back is what the next one gets. Numbers are page numbers (address / 4096).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace sim {

class PageAllocator {
 public:
  void add(uint64_t page, uint64_t count);
  /// The lowest `count` contiguous free pages whose first is a multiple of `alignment`.
  std::optional<uint64_t> take(uint64_t count, uint64_t alignment);
  /// These very pages; false: not all of them are free, nothing was taken.
  bool take_at(uint64_t page, uint64_t count);
  [[nodiscard]] uint64_t free_pages() const;

 private:
  std::map<uint64_t, uint64_t> free_;  // first page -> count; neighbours are merged
};

}  // namespace sim
