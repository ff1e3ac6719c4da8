// SPDX-License-Identifier: BSD-3-Clause
// Memory of a board's own, page by page: zero until it is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/endpoint/image.hpp"
#include "sim/engine/world_spec.hpp"

namespace sim::endpoint {

class PrivatePages {
 public:
  explicit PrivatePages(const std::vector<PrivateMemory>& stretches) : stretches_(stretches) {}
  /// nullptr: nothing of it lies there.
  std::byte* find(uint64_t address) {
    for (const PrivateMemory& part : stretches_) {
      if (address < part.address || address - part.address >= part.size) continue;
      auto& page = pages_[address / page_bytes];
      if (!page) page = std::make_unique<Page>();
      return page->data();
    }
    return nullptr;
  }
  /// Zero again.
  void clear() {
    for (auto& [number, page] : pages_) page->fill(std::byte{0});
  }

 private:
  using Page = std::array<std::byte, page_bytes>;
  std::vector<PrivateMemory> stretches_;
  std::map<uint64_t, std::unique_ptr<Page>> pages_;
};

/// Copies to or from pages that `find(address)` gives, nullptr for none. False: some are missing.
template <class Find, class Bytes, class Copy>
bool each_page(uint64_t address, Bytes bytes, Find find, Copy copy) {
  while (!bytes.empty()) {
    std::byte* const page = find(address / page_bytes * page_bytes);
    if (page == nullptr) return false;
    const uint64_t offset = address % page_bytes;
    const size_t part = std::min<size_t>(bytes.size(), page_bytes - offset);
    copy(page + offset, bytes.first(part));
    bytes = bytes.subspan(part);
    address += part;
  }
  return true;
}

}  // namespace sim::endpoint
