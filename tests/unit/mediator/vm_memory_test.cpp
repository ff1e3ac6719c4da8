// SPDX-License-Identifier: BSD-3-Clause
// What a VM's limits cost, and that they buy what they say: the arena to its last byte, each range
// and each list, each share's receivers.
#include "core/vm_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "memory_test_tools.hpp"

namespace {

using mediator::Arena;
using mediator::no_range;
using mediator::OwnershipMap;
using mediator::RangeHolder;
using mediator::RangeIndex;
using mediator::ShareSlot;
using mediator::VmConfig;
using mediator::VmMemory;
using memory_test::pages;

struct alignas(64) Granule {
  std::byte bytes[64];
};

/// A VM's memory in an arena of as many bytes as it is said to cost.
struct Memory {
  explicit Memory(const VmConfig& config)
      : granules(VmMemory::bytes(config) / sizeof(Granule)),
        arena(std::as_writable_bytes(std::span{granules})),
        vm(config, arena) {}
  std::vector<Granule> granules;
  Arena arena;
  VmMemory vm;
};

VmConfig config_of(uint16_t shares, uint32_t ranges, uint16_t transfers, uint8_t borrowers,
                   uint64_t window = 0) {
  VmConfig config;
  config.max_shares = shares;
  config.max_ranges = ranges;
  config.max_transfers = transfers;
  config.max_borrowers = borrowers;
  config.borrow_window = {ffa::Ipa{0x70000000}, ffa::PageCount{window}};
  return config;
}

TEST(VmMemory, TakesAllOfTheArenaAndNoMore) {
  for (const VmConfig& config :
       {VmConfig{}, config_of(5, 40, 3, 4), config_of(5, 40, 3, 4, 16), config_of(0, 0, 0, 0),
        config_of(0, 0, 0, 0, 16), config_of(33, 7, 1, 200, 1), config_of(1, 1000, 0, 1)}) {
    const Memory memory{config};
    EXPECT_EQ(memory.arena.free_bytes(), 0U) << config.max_shares << ' ' << config.max_ranges;
  }
}

TEST(VmMemory, HasAPlaceForEachOfItsLimits) {
  Memory memory{config_of(5, 40, 3, 4, 16)};
  EXPECT_EQ(memory.vm.ranges.capacity(), 42U) << "those of shares, and two buffers";
  EXPECT_EQ(memory.vm.shares.capacity(), 5U);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(memory.vm.transfers.take()) << n;
  EXPECT_FALSE(memory.vm.transfers.take());
  for (uint64_t n = 0; n < 5; ++n) {
    EXPECT_TRUE(memory.vm.borrowed.take(ffa::PageCount{3}, ffa::Handle{n})) << n;
  }
  EXPECT_FALSE(memory.vm.borrowed.take(ffa::PageCount{1}, ffa::Handle{9})) << "a sixth region";
}

TEST(VmMemory, WithoutABorrowWindowNothingIsBorrowed) {
  Memory memory{config_of(5, 40, 3, 4)};
  EXPECT_FALSE(memory.vm.borrowed.take(ffa::PageCount{1}, ffa::Handle{1}));
}

TEST(VmMemory, SharesHaveTheirReceiversForThemselves) {
  for (const auto& [limit, kept] : {std::pair{3, 3U}, {16, 16U}, {17, 16U}, {255, 16U}}) {
    const VmConfig config = config_of(4, 8, 0, static_cast<uint8_t>(limit));
    EXPECT_EQ(VmMemory::receivers_kept(config), kept);
    Memory memory{config};
    std::vector<const mediator::ShareReceiver*> seen;
    for (uint32_t n = 0; n < 4; ++n) {
      memory.vm.shares[ShareSlot{n}].receivers = static_cast<uint8_t>(kept);
      for (const auto& receiver : memory.vm.receivers(ShareSlot{n})) seen.push_back(&receiver);
    }
    EXPECT_EQ(seen.size(), 4 * kept);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end()) << "one of two shares";
  }
}

TEST(VmMemory, SharesOverlapOnlyWhereTheVmIsSetUpForIt) {
  for (const bool overlapping : {false, true}) {
    VmConfig config = config_of(2, 8, 0, 1);
    config.overlapping_shares = overlapping;
    Memory memory{config};
    EXPECT_NE(memory.vm.ranges.claim(pages(10, 2), RangeHolder{0}), no_range);
    EXPECT_EQ(memory.vm.ranges.claim(pages(11, 2), RangeHolder{1}) != no_range, overlapping);
    EXPECT_EQ(memory.vm.ranges.claim(pages(11, 1), RangeHolder{0}), no_range);
    EXPECT_EQ(memory.vm.ranges.claim(pages(10, 1), mediator::rx_holder), no_range);
    EXPECT_EQ(memory.vm.ranges.claim(pages(11, 1), mediator::tx_holder), no_range);
  }
}

TEST(VmMemory, TheOnlyShareOfAVmWhoseSharesMayOverlapKeepsOffItsBuffers) {
  VmConfig config = config_of(1, 8, 0, 1);
  config.overlapping_shares = true;
  Memory memory{config};
  ASSERT_NE(memory.vm.ranges.claim(pages(10, 2), mediator::rx_holder), no_range);
  EXPECT_EQ(memory.vm.ranges.claim(pages(11, 1), RangeHolder{0}), no_range);
  EXPECT_EQ(memory.vm.ranges.conflict().holder, mediator::rx_holder);
}

/// Claims lists of single pages, far apart: false as soon as one is refused.
bool fill(OwnershipMap& map, const std::vector<size_t>& lengths) {
  uint64_t page = 1;
  for (uint32_t list = 0; list < lengths.size(); ++list) {
    RangeIndex last = no_range;
    for (size_t n = 0; n < lengths[list]; ++n, page += 3) {
      last = map.claim(pages(page, 1), RangeHolder{list}, last);
      if (last == no_range) return false;
    }
  }
  return true;
}
/// `ranges` ranges in lists that waste as many slots of their blocks as they can: all but one end
/// with a block of one range.
std::vector<size_t> most_wasteful(size_t ranges, size_t lists) {
  constexpr size_t usable = OwnershipMap::block_slots - 1;
  std::vector<size_t> lengths(std::min(ranges, lists), 1);
  for (size_t left = ranges - lengths.size(); left != 0;) {
    const size_t more = std::min(left, usable);
    lengths.front() += more;
    left -= more;
  }
  return lengths;
}

TEST(OwnershipMap, HasSlotsForTheMostWastefulListsAndNoBlockTooMany) {
  for (const size_t ranges : {1U, 2U, 3U, 30U, 31U, 32U, 33U, 62U, 63U, 64U, 95U, 96U, 1000U}) {
    for (const size_t lists : {1U, 2U, 3U, 31U, 40U}) {
      SCOPED_TRACE(testing::Message() << ranges << " ranges in " << lists << " lists");
      const size_t needed = OwnershipMap::slots_needed(ranges, lists);
      ASSERT_EQ(needed % OwnershipMap::block_slots, 0U);
      const auto lengths = most_wasteful(ranges, lists);
      std::vector<OwnershipMap::Span> spans(ranges);
      std::vector<OwnershipMap::Slot> slots(needed);
      OwnershipMap map{spans, slots};
      EXPECT_TRUE(fill(map, lengths));
      slots.resize(needed - OwnershipMap::block_slots);
      OwnershipMap less{spans, slots};
      EXPECT_FALSE(fill(less, lengths)) << "a block that nothing needs";
    }
  }
}

TEST(VmMemory, AllSharesAndBothBuffersHaveListsAtOnce) {
  for (const auto& [shares, ranges] : {std::pair{4, 4}, {4, 40}, {40, 70}}) {
    const VmConfig config =
        config_of(static_cast<uint16_t>(shares), static_cast<uint32_t>(ranges), 0, 1);
    Memory memory{config};
    EXPECT_NE(memory.vm.ranges.claim(pages(1u << 20, 1), mediator::rx_holder), no_range);
    EXPECT_NE(memory.vm.ranges.claim(pages(1u << 21, 1), mediator::tx_holder), no_range);
    EXPECT_TRUE(fill(memory.vm.ranges,
                     most_wasteful(static_cast<size_t>(ranges), static_cast<size_t>(shares))));
    EXPECT_EQ(VmMemory::slots_of(config),
              OwnershipMap::slots_needed(static_cast<size_t>(ranges) + 2,
                                         static_cast<size_t>(shares) + 2));
  }
}

}  // namespace
