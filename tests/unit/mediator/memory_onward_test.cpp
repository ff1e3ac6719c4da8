// SPDX-License-Identifier: BSD-3-Clause
// The quick way into the ownership map: claim_onward() takes what claim() would, never more, and is
// there for what it was made for.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/ownership_map.hpp"
#include "memory_test_tools.hpp"
#include "ownership_map_check.hpp"

namespace {

using mediator::no_range;
using mediator::OwnershipMap;
using mediator::PageRange;
using mediator::RangeHolder;
using mediator::RangeIndex;
using memory_test::OwnershipStorage;
using memory_test::pages;

TEST(ClaimOnward, TakesWhatLiesBehindInTheSameBlock) {
  OwnershipStorage storage(64);
  OwnershipMap map{storage.spans, storage.slots};
  RangeIndex last = map.claim(pages(10, 1), RangeHolder{3});
  for (uint64_t n = 1; n < OwnershipMap::block_slots - 1; ++n) {
    const RangeIndex next = map.claim_onward(pages(10 + 3 * n, 1), last);
    ASSERT_NE(next, no_range) << n;
    ASSERT_EQ(map.next(last), next);
    ASSERT_EQ(map.next(next), no_range);
    last = next;
  }
  EXPECT_EQ(map.size(), OwnershipMap::block_slots - 1);
  EXPECT_EQ(map.claim_onward(pages(1000, 1), last), no_range);  // the block is full
  EXPECT_TRUE(mediator::consistent(map));
}
TEST(ClaimOnward, TouchesWhatItLiesBetweenAndNoMore) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  (void)map.claim(pages(20, 5), RangeHolder{1});
  const RangeIndex first = map.claim(pages(10, 2), RangeHolder{2});
  EXPECT_EQ(map.claim_onward(pages(11, 1), first), no_range);
  EXPECT_EQ(map.claim_onward(pages(12, 9), first), no_range);
  EXPECT_EQ(map.claim_onward(pages(21, 1), first), no_range);
  EXPECT_EQ(map.claim_onward(pages(30, 1), first), no_range);
  EXPECT_EQ(map.claim_onward(pages(12, 1), no_range), no_range);
  EXPECT_NE(map.claim_onward(pages(12, 8), first), no_range);  // both ends touch
  EXPECT_EQ(map.claim_onward(pages(30, 1), first), no_range);  // no longer the last
  EXPECT_TRUE(mediator::consistent(map));
}
TEST(ClaimOnward, StopsAtTheCapacity) {
  OwnershipStorage storage(2);
  OwnershipMap map{storage.spans, storage.slots};
  const RangeIndex first = map.claim(pages(10, 1), RangeHolder{1});
  const RangeIndex second = map.claim_onward(pages(11, 1), first);
  ASSERT_NE(second, no_range);
  EXPECT_EQ(map.claim_onward(pages(12, 1), second), no_range);
  EXPECT_EQ(map.size(), 2U);
}

/// Who holds each page: shares of a map that may overlap are apart from each other.
class OnwardModel {
 public:
  explicit OnwardModel(bool overlapping) : overlapping_(overlapping) {}
  [[nodiscard]] bool is_free(uint64_t first, uint64_t count, RangeHolder holder) const {
    for (uint64_t page = first; page < first + count; ++page) {
      const auto [begin, end] = held_.equal_range(page);
      for (auto it = begin; it != end; ++it) {
        const bool apart =
            overlapping_ && !holder.is_buffer() && !it->second.is_buffer() && it->second != holder;
        if (!apart) return false;
      }
    }
    return true;
  }
  void add(uint64_t first, uint64_t count, RangeHolder holder) {
    for (uint64_t page = first; page < first + count; ++page) held_.emplace(page, holder);
  }
  void remove(RangeHolder holder) {
    std::erase_if(held_, [&](const auto& entry) { return entry.second == holder; });
  }

 private:
  bool overlapping_;
  std::multimap<uint64_t, RangeHolder> held_;
};

struct List {
  RangeHolder holder;
  RangeIndex first = no_range;
  RangeIndex last = no_range;
};

/// Some 30,000 steps: lists grow by either way, or go.
void compare(bool overlapping) {
  constexpr uint32_t shares = 4;
  OwnershipStorage storage(400);
  OwnershipMap map{storage.spans, storage.slots, overlapping ? shares : 0};
  OnwardModel model{overlapping};
  std::vector<List> lists;
  for (uint32_t n = 0; n < shares; ++n) lists.push_back({RangeHolder{n}});
  lists.push_back({mediator::rx_holder});
  memory_test::Numbers numbers{overlapping ? 11U : 7U};
  uint64_t where = 0;
  for (int step = 0; step < 30'000; ++step) {
    List& list = lists[numbers.below(lists.size())];
    if (numbers.below(12) == 0) {
      map.release(list.first);
      list.first = list.last = no_range;
      model.remove(list.holder);
      continue;
    }
    for (uint64_t more = 1 + numbers.below(6); more > 0; --more) {
      where = numbers.below(4) == 0 ? numbers.below(600) : where + numbers.below(3);
      const uint64_t count = 1 + numbers.below(4);
      const bool free = model.is_free(where, count, list.holder);
      RangeIndex index = map.claim_onward(pages(where, count), list.last);
      if (index == no_range) index = map.claim(pages(where, count), list.holder, list.last);
      if (!free || index == no_range) {
        ASSERT_EQ(index, no_range) << step;
        ASSERT_TRUE(!free || map.conflict().full) << step;
        continue;
      }
      model.add(where, count, list.holder);
      if (list.first == no_range) list.first = index;
      list.last = index;
      where += count;
    }
    if (step % 64 == 0) {
      ASSERT_TRUE(mediator::consistent(map)) << step;
    }
  }
}
TEST(ClaimOnward, AgreesWithAModel) { compare(false); }
TEST(ClaimOnward, AgreesWithAModelWhereSharesOverlap) { compare(true); }

}  // namespace
