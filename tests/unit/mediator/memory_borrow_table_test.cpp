// SPDX-License-Identifier: BSD-3-Clause
// The table of what a VM borrows against a naive model: its regions, and every page of its window.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/borrow_table.hpp"
#include "memory_test_tools.hpp"

namespace {

using mediator::BorrowedRegion;
using mediator::BorrowedSlot;
using mediator::BorrowTable;
using mediator::HandleIndex;
using mediator::no_piece;
using mediator::PieceIndex;
using mediator::WindowPiece;
using memory_test::Numbers;

constexpr uint64_t base = 0x70000000;

/// A table with memory of its own, and what it should hold.
struct Model {
  Model(uint32_t pages, uint32_t most_regions, uint32_t most_pieces)
      : window(pages),
        regions(most_regions),
        pieces(most_pieces),
        entries(HandleIndex::entries_needed(most_regions)),
        table(ffa::Ipa{base}, ffa::PageCount{pages}, regions, pieces, entries) {}

  /// Runs of free pages, in the order of addresses: first page and length.
  std::vector<std::pair<size_t, size_t>> holes() const {
    std::vector<std::pair<size_t, size_t>> found;
    for (size_t n = 0; n < window.size(); ++n) {
      if (window[n] != 0) continue;
      if (n == 0 || window[n - 1] != 0) found.emplace_back(n, 0);
      ++found.back().second;
    }
    return found;
  }
  /// Where `pages` pages belong; nothing: no room.
  std::vector<std::pair<size_t, size_t>> place_for(size_t pages) const {
    if (held.size() == regions.size()) return {};
    const auto free = holes();
    const size_t left_pieces = pieces.size() - used_pieces;
    for (const auto& [first, length] : free) {
      if (length >= pages && left_pieces >= 1) return {{first, pages}};
    }
    std::vector<std::pair<size_t, size_t>> parts;
    for (const auto& [first, length] : free) {
      if (pages == 0) break;
      parts.emplace_back(first, std::min(length, pages));
      pages -= parts.back().second;
    }
    if (pages != 0 || parts.size() > left_pieces) return {};
    return parts;
  }
  std::vector<std::pair<size_t, size_t>> parts_of(BorrowedSlot slot) const {
    std::vector<std::pair<size_t, size_t>> parts;
    for (PieceIndex at = table[slot].first; at != no_piece; at = table.piece(at).next) {
      const WindowPiece& piece = table.piece(at);
      parts.emplace_back((piece.base - base) / ffa::page_size, piece.pages);
    }
    return parts;
  }
  void mark(BorrowedSlot slot, uint64_t value) {
    for (const auto& [first, length] : parts_of(slot)) {
      ASSERT_LE(first + length, window.size());
      for (size_t n = first; n < first + length; ++n) {
        ASSERT_EQ(window[n] == 0, value != 0) << "page " << n;
        window[n] = value;
      }
    }
  }
  void take(uint64_t handle, size_t pages) {
    const auto expected = place_for(pages);
    const auto slot = table.take(ffa::PageCount{pages}, ffa::Handle{handle});
    ASSERT_EQ(slot.has_value(), !expected.empty()) << pages << " pages";
    if (!slot) return;
    EXPECT_EQ(parts_of(*slot), expected);
    EXPECT_EQ(table[*slot].piece_count, expected.size());
    EXPECT_FALSE(table.hold(ffa::Handle{handle})) << "it is in the hands of a call";
    mark(*slot, handle);
    table.settle(*slot);
    held[handle] = *slot;
    used_pieces += expected.size();
  }
  void give_back(uint64_t handle) {
    const auto slot = table.hold(ffa::Handle{handle});
    ASSERT_EQ(slot, held.at(handle));
    EXPECT_FALSE(table.hold(ffa::Handle{handle})) << "twice";
    used_pieces -= table[*slot].piece_count;
    mark(*slot, 0);
    table.give_back(*slot);
    held.erase(handle);
    EXPECT_FALSE(table.hold(ffa::Handle{handle})) << "it is gone";
  }
  void expect_counts() const {
    EXPECT_EQ(table.size(), held.size());
    EXPECT_EQ(table.used_pages().raw(),
              std::ranges::count_if(window, [](auto n) { return n != 0; }));
  }

  std::vector<uint64_t> window;  ///< by page: the handle that has it, or 0
  std::vector<BorrowedRegion> regions;
  std::vector<WindowPiece> pieces;
  std::vector<HandleIndex::Entry> entries;
  BorrowTable table;
  std::map<uint64_t, BorrowedSlot> held;
  size_t used_pieces = 0;
};

TEST(BorrowTable, DoesWhatANaiveModelDoes) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Numbers numbers{seed};
    Model model{static_cast<uint32_t>(8 + numbers.below(57)),
                static_cast<uint32_t>(1 + numbers.below(12)),
                static_cast<uint32_t>(1 + numbers.below(20))};
    for (uint64_t step = 1; step <= 400; ++step) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
      if (model.held.empty() || numbers.below(2) == 0) {
        model.take(step << 32 | 7, 1 + numbers.below(model.window.size() / 2));
      } else {
        auto which = model.held.begin();
        std::advance(which, numbers.below(model.held.size()));
        model.give_back(which->first);
      }
      model.expect_counts();
      if (HasFailure()) return;
    }
    while (model.table.size() != 0) {
      const auto slot = model.table.hold_any();
      ASSERT_TRUE(slot);
      model.table.settle(*slot);
      model.give_back(model.table[*slot].handle.raw());
      ASSERT_FALSE(HasFailure());
    }
    EXPECT_FALSE(model.table.hold_any());
    model.take(1, model.window.size());
    EXPECT_EQ(model.held.size(), 1U) << "all of the window is one hole again";
  }
}

TEST(BorrowTable, NothingLiesBehindTheWindow) {
  constexpr uint32_t pages = 4096;
  Model model{pages, 4, 8};
  model.take(1, 50);
  model.take(2, pages - 100);
  model.give_back(1);
  model.take(3, 51);  // two holes of 50 pages each
  model.expect_counts();
}

TEST(BorrowTable, ARegionThatHasNoPlaceCostsNone) {
  Model model{6, 5, 4};
  for (const uint64_t handle : {1U, 2U, 3U, 4U}) model.take(handle, 1);
  model.give_back(1);
  model.give_back(3);
  model.take(5, 4);  // three holes, two pieces
  EXPECT_FALSE(model.held.contains(5));
  model.take(6, 1);
  model.take(7, 1);
  EXPECT_EQ(model.held.size(), 4U);
  for (const uint64_t handle : {2U, 4U, 6U}) model.give_back(handle);
  for (const uint64_t handle : {8U, 9U, 10U}) model.take(handle, 1);
  EXPECT_EQ(model.held.size(), 4U);
  model.expect_counts();
}

TEST(BorrowTable, WithoutAWindowThereIsNoRoom) {
  BorrowTable table;
  EXPECT_FALSE(table.take(ffa::PageCount{1}, ffa::Handle{1}));
  EXPECT_FALSE(table.hold(ffa::Handle{1}));
  EXPECT_FALSE(table.hold_any());
}

}  // namespace
