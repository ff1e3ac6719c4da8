// SPDX-License-Identifier: BSD-3-Clause
// Physical memory: which pages exist, who owns them, what they hold. Bytes are stored from the
// first write on; until then a page is its poison. Addresses are physical, in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/machine/machine.hpp"
#include "sim/machine/pieces.hpp"

namespace sim {

class HostMemory {
 public:
  /// `everywhere`: every address is RAM (replay).
  explicit HostMemory(bool everywhere) : everywhere_(everywhere) {}

  /// From now on the pages exist and belong to `owner`; what they held is gone, they hold the
  /// owner's poison.
  void give(uint64_t page, uint64_t count, PageOwner owner);
  /// The owner changes, the bytes stay.
  void relabel(uint64_t page, uint64_t count, PageOwner owner);
  [[nodiscard]] PageOwner owner(uint64_t page) const { return owners_.at(page); }
  /// The first of the pages that belongs to neither of two owners.
  [[nodiscard]] std::optional<uint64_t> find_other(uint64_t page, uint64_t count,
                                                   std::array<PageOwner, 2> owners) const;
  /// True if any of the pages belongs to someone.
  [[nodiscard]] bool any_owned(uint64_t page, uint64_t count) const;

  /// False: some byte is not there, or address wrap; nothing was copied. Device memory is not
  /// there.
  bool read(uint64_t pa, std::span<std::byte> to) const;
  bool write(uint64_t pa, std::span<const std::byte> from);
  /// The bytes of a page that is there and no device, for who writes them himself and tells
  /// wrote(). They stay where they are until the page is given away or restore(). nullptr: no such
  /// page.
  std::byte* view(uint64_t page);
  void wrote(uint64_t page);
  /// Over all bytes of an owner that are not poison any more.
  [[nodiscard]] uint64_t digest(PageOwner owner) const;

  /// restore() brings back what is there now, at the price of the pages that were written since.
  void keep();
  void restore();

 private:
  struct Page {
    std::array<std::byte, 4096> bytes;
    PageOwner owner;  // whose poison it was filled with
    mutable bool hashed = false;
    mutable uint64_t hash = 0;  // 0: equal to its poison
    bool changed = true;        // since keep() or restore()
  };
  using Pages = std::map<uint64_t, std::unique_ptr<Page>>;
  [[nodiscard]] bool reachable(uint64_t pa, size_t length) const;
  Page& touch(uint64_t page);
  std::unique_ptr<Page> new_page();
  static void fill_poison(PageOwner owner, uint64_t page, std::span<std::byte, 4096> to);
  static bool is_poison(uint64_t number, const Page& page);
  static uint64_t page_hash(uint64_t number, const Page& page);

  bool everywhere_;
  Pieces<PageOwner> owners_{PageOwner::none};
  Pages pages_;
  Pieces<PageOwner> kept_owners_{PageOwner::none};
  Pages kept_pages_;
  std::vector<std::unique_ptr<Page>> spare_;  // what restore() has taken away
};

}  // namespace sim
