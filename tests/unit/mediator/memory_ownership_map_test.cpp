// SPDX-License-Identifier: BSD-3-Clause
// The ownership map: disjoint ranges, in lists and in a balanced tree of spans, against a naive
// model.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/ownership_map.hpp"
#include "core/page_range.hpp"
#include "memory_test_tools.hpp"
#include "ownership_map_check.hpp"

namespace {

using mediator::no_range;
using mediator::OwnershipMap;
using mediator::PageRange;
using mediator::RangeDefect;
using mediator::RangeHolder;
using mediator::RangeIndex;
using memory_test::claim_in;
using memory_test::Numbers;
using memory_test::OwnershipStorage;
using memory_test::pages;

/// Who holds a page of `range`, as a claim that is taken back learns.
std::optional<RangeHolder> holder_in(OwnershipMap& map, const PageRange& range) {
  const auto claimed = claim_in(map, range, RangeHolder{0x7000});
  if (claimed.ok()) {
    map.release(*claimed);
    return std::nullopt;
  }
  return claimed.error().full ? std::nullopt : std::optional{claimed.error().holder};
}

TEST(PageRange, KnowsEachDefectAtItsBoundary) {
  const auto make = [](uint64_t base, uint64_t count) {
    return PageRange::make(ffa::Ipa{base}, ffa::PageCount{count});
  };
  EXPECT_EQ(make(0x1000, 0).error(), RangeDefect::empty);
  EXPECT_TRUE(make(0x1000, 1).ok());
  EXPECT_EQ(make(0x1001, 1).error(), RangeDefect::unaligned);
  EXPECT_EQ(make(0x1fff, 2).error(), RangeDefect::unaligned);
  EXPECT_TRUE(make(0xffffffffffffe000, 1).ok());
  EXPECT_EQ(make(0xffffffffffffe000, 2).error(), RangeDefect::wraps);
  EXPECT_EQ(make(0xfffffffffffff000, 1).error(), RangeDefect::wraps);
  EXPECT_EQ(make(0x3000, ~uint64_t{0}).error(), RangeDefect::wraps);
  EXPECT_EQ(make(0x3000, uint64_t{1} << 52).error(), RangeDefect::wraps);
  EXPECT_EQ(make(0, (uint64_t{1} << 52) - 1)->end().raw(), 0xfffffffffffff000);
}

TEST(OwnershipMap, TheEndOfAListIsGivenBackAlone) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  const RangeIndex first = *claim_in(map, pages(10, 5), RangeHolder{3});
  const RangeIndex last = *claim_in(map, pages(2, 1), RangeHolder{3}, first);
  map.release(last, first);
  EXPECT_EQ(map.size(), 1U);
  EXPECT_EQ(map.next(first), no_range);
  EXPECT_FALSE(holder_in(map, pages(2, 1)));
  EXPECT_TRUE(consistent(map));
  map.release(first);
  EXPECT_EQ(map.size(), 0U);
}

TEST(OwnershipMap, FindsOverlapsAtEitherEndAndInside) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  ASSERT_TRUE(claim_in(map, pages(10, 5), RangeHolder{3}).ok());
  EXPECT_FALSE(holder_in(map, pages(9, 1)));
  EXPECT_EQ(holder_in(map, pages(9, 2)), RangeHolder{3});
  EXPECT_EQ(holder_in(map, pages(12, 1)), RangeHolder{3});
  EXPECT_EQ(holder_in(map, pages(14, 7)), RangeHolder{3});
  EXPECT_EQ(holder_in(map, pages(1, 99)), RangeHolder{3});
  EXPECT_FALSE(holder_in(map, pages(15, 1)));
  const auto refused = claim_in(map, pages(14, 2), RangeHolder{4});
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(refused.error().full);
  EXPECT_EQ(refused.error().holder, RangeHolder{3});
  EXPECT_EQ(map.size(), 1U);
}

TEST(OwnershipMap, IsFullAtItsCapacityAndUsableAgainAfterRelease) {
  OwnershipStorage storage(3);
  OwnershipMap map{storage.spans, storage.slots};
  const auto first = claim_in(map, pages(1, 1), RangeHolder{1});
  const auto second = claim_in(map, pages(5, 1), RangeHolder{1}, *first);
  ASSERT_TRUE(claim_in(map, pages(3, 1), RangeHolder{2}).ok());
  EXPECT_TRUE(claim_in(map, pages(7, 1), RangeHolder{2}).error().full);
  EXPECT_FALSE(claim_in(map, pages(3, 1), RangeHolder{2}).error().full) << "an overlap comes first";
  EXPECT_EQ(map.next(*first), *second);
  EXPECT_EQ(map.next(*second), no_range);
  map.release(*first);
  EXPECT_EQ(map.size(), 1U);
  EXPECT_TRUE(claim_in(map, pages(7, 1), RangeHolder{2}).ok());
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, BuffersAreHoldersOfTheirOwn) {
  EXPECT_TRUE(mediator::rx_holder.is_buffer());
  EXPECT_TRUE(mediator::tx_holder.is_buffer());
  EXPECT_FALSE(RangeHolder{0}.is_buffer());
  EXPECT_FALSE(RangeHolder{0xfffffffd}.is_buffer());
}

TEST(OwnershipMap, StaysBalancedInSortedOrder) {
  OwnershipStorage storage(4096);
  for (const bool rising : {true, false}) {
    OwnershipMap map{storage.spans, storage.slots};
    RangeIndex first = no_range;
    RangeIndex last = no_range;
    for (uint64_t n = 0; n < storage.spans.size(); ++n) {
      last = *claim_in(map, pages(1 + 2 * (rising ? n : storage.spans.size() - n), 1),
                       RangeHolder{9}, last);
      if (n == 0) first = last;
    }
    ASSERT_TRUE(consistent(map));
    map.release(first);
    EXPECT_EQ(map.size(), 0U);
    EXPECT_TRUE(consistent(map));
  }
}

/// What the map should hold: one list a holder, in the order of the claims.
struct ListsModel {
  bool overlapping = false;
  std::map<uint32_t, std::vector<PageRange>> lists;
  std::optional<uint32_t> conflict(uint32_t by, const PageRange& range) const {
    const auto buffer = [](uint32_t holder) { return RangeHolder{holder}.is_buffer(); };
    for (const auto& [holder, list] : lists) {
      if (overlapping && holder != by && !buffer(holder) && !buffer(by)) continue;
      for (const auto& held : list) {
        if (held.overlaps(range)) return holder;
      }
    }
    return std::nullopt;
  }
  size_t size() const {
    size_t sum = 0;
    for (const auto& entry : lists) sum += entry.second.size();
    return sum;
  }
};

class Pair {
 public:
  Pair(size_t capacity, uint32_t overlapping)
      : storage_(capacity),
        map_(storage_.spans, storage_.slots, overlapping),
        model_{overlapping != 0, {}} {}

  void claim(uint32_t holder, const PageRange& range) {
    const auto last = last_.contains(holder) ? last_[holder] : no_range;
    // As a send does: the quick way, and where it is none, the long one.
    const RangeIndex quick = map_.claim_onward(range, last);
    const auto claimed = quick != no_range ? ffa::Result<RangeIndex, mediator::RangeConflict>{quick}
                                           : claim_in(map_, range, RangeHolder{holder}, last);
    if (const auto taken = model_.conflict(holder, range)) {
      ASSERT_FALSE(claimed.ok());
      ASSERT_FALSE(claimed.error().full);
      const auto& list = model_.lists[claimed.error().holder.raw()];
      ASSERT_TRUE(std::any_of(list.begin(), list.end(),
                              [&](const PageRange& held) { return held.overlaps(range); }));
    } else if (model_.size() == storage_.spans.size()) {
      ASSERT_TRUE(!claimed.ok() && claimed.error().full);
    } else {
      ASSERT_TRUE(claimed.ok());
      if (last == no_range) first_[holder] = *claimed;
      last_[holder] = *claimed;
      model_.lists[holder].push_back(range);
    }
  }
  void release(uint32_t holder) {
    map_.release(first_.contains(holder) ? first_[holder] : no_range);
    first_.erase(holder);
    last_.erase(holder);
    model_.lists.erase(holder);
  }
  /// Anywhere, or, as guests do, a bit behind the last one.
  PageRange next_range(uint32_t holder, Numbers& numbers) const {
    const auto list = model_.lists.find(holder);
    const bool onward = list != model_.lists.end() && !list->second.empty() && numbers.below(3) > 0;
    const uint64_t end = onward ? list->second.back().end().raw() / ffa::page_size : 1;
    return pages(onward ? end + numbers.below(3) : 1 + numbers.below(600), 1 + numbers.below(6));
  }
  /// Gives the end of a list back, behind its first `kept` ranges, of which there is one.
  void cut(uint32_t holder, uint64_t kept) {
    auto& list = model_.lists[holder];
    if (list.size() <= kept) return;
    RangeIndex previous = first_[holder];
    for (uint64_t n = 1; n < kept; ++n) previous = map_.next(previous);
    map_.release(map_.next(previous), previous);
    last_[holder] = previous;
    list.resize(kept);
  }
  void compare(const PageRange& range) {
    ASSERT_EQ(map_.size(), model_.size());
    ASSERT_TRUE(consistent(map_));
    if (!model_.overlapping) {
      ASSERT_EQ(holder_in(map_, range).has_value(), model_.conflict(0x7000, range).has_value());
    }
    for (const auto& [holder, list] : model_.lists) {
      RangeIndex at = first_.contains(holder) ? first_[holder] : no_range;
      for (const auto& held : list) {
        ASSERT_EQ(map_.range(at), held);
        at = map_.next(at);
      }
      ASSERT_EQ(at, no_range);
    }
  }

 private:
  OwnershipStorage storage_;
  OwnershipMap map_;
  ListsModel model_;
  std::map<uint32_t, RangeIndex> first_;
  std::map<uint32_t, RangeIndex> last_;
};

class AgainstModel : public testing::TestWithParam<uint32_t> {};

TEST_P(AgainstModel, Agrees) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Numbers numbers{seed};
    Pair pair{8 + 60 * seed, GetParam()};
    for (int step = 0; step < 3000; ++step) {
      const auto any = static_cast<uint32_t>(numbers.below(12));
      // The last two are the buffers.
      const uint32_t holder = any < 10 ? any : mediator::rx_holder.raw() + any - 10;
      const PageRange range = pair.next_range(holder, numbers);
      const uint64_t what = numbers.below(40);
      if (what < 2) {
        pair.release(holder);
      } else if (what < 5) {
        pair.cut(holder, 1 + numbers.below(40));
      } else {
        pair.claim(holder, range);
      }
      pair.compare(pages(1 + numbers.below(600), 1 + numbers.below(9)));
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OwnershipMap, AgainstModel, testing::Values(0U, 10U),
                         [](const auto& param) {
                           return param.param == 0 ? "SharesDisjoint" : "SharesOverlap";
                         });

/// Every other page is one share's; then another takes the pages between, one by one, so that no
/// range is a neighbour of the one before.
TEST(OwnershipMap, RangesInTheGapsOfAnotherShareCutItsSpansNotItsList) {
  constexpr uint64_t half = 200;
  OwnershipStorage storage(2 * half);
  OwnershipMap map{storage.spans, storage.slots};
  const auto fill = [&map](uint64_t offset, uint32_t holder) {
    RangeIndex first = no_range;
    RangeIndex last = no_range;
    for (uint64_t n = 0; n < half; ++n) {
      last = *claim_in(map, pages(1 + offset + 2 * n, 1), RangeHolder{holder}, last);
      if (n == 0) first = last;
    }
    return first;
  };
  const RangeIndex even = fill(0, 0);
  const RangeIndex odd = fill(1, 1);
  ASSERT_TRUE(consistent(map));
  EXPECT_TRUE(claim_in(map, pages(4096, 1), RangeHolder{2}).error().full);
  RangeIndex at = even;
  for (uint64_t n = 0; n < half; ++n, at = map.next(at)) {
    ASSERT_EQ(map.range(at), pages(1 + 2 * n, 1));
  }
  EXPECT_EQ(at, no_range);
  map.release(even);
  ASSERT_TRUE(consistent(map));
  EXPECT_EQ(map.size(), half);
  map.release(odd);
  EXPECT_EQ(map.size(), 0U);
  EXPECT_NE(fill(0, 0), no_range);
  ASSERT_TRUE(consistent(map));
}

TEST(OwnershipMap, OverlappingSharesExcludeThemselvesAndTheBuffersOnly) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots, 4};
  const auto first = claim_in(map, pages(10, 5), RangeHolder{0});
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(claim_in(map, pages(12, 5), RangeHolder{3}).ok());
  EXPECT_EQ(claim_in(map, pages(14, 1), RangeHolder{0}).error().holder, RangeHolder{0});
  EXPECT_EQ(claim_in(map, pages(9, 2), mediator::rx_holder).error().holder, RangeHolder{0});
  EXPECT_EQ(claim_in(map, pages(16, 1), mediator::tx_holder).error().holder, RangeHolder{3});
  ASSERT_TRUE(claim_in(map, pages(20, 1), mediator::tx_holder).ok());
  EXPECT_EQ(claim_in(map, pages(18, 3), RangeHolder{1}).error().holder, mediator::tx_holder);
  EXPECT_TRUE(consistent(map));
  map.release(*first);
  ASSERT_TRUE(claim_in(map, pages(9, 2), mediator::rx_holder).ok());
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, TheQuickWayIsForTheListOfTheLastClaim) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  EXPECT_EQ(map.claim_onward(pages(1, 1), no_range), no_range);
  const RangeIndex other = *claim_in(map, pages(2, 1), RangeHolder{4});
  const RangeIndex last = *claim_in(map, pages(10, 5), RangeHolder{3});
  EXPECT_EQ(map.claim_onward(pages(20, 1), no_range), no_range);
  EXPECT_EQ(map.claim_onward(pages(20, 1), other), no_range);
  EXPECT_EQ(map.size(), 2U);
  EXPECT_NE(map.claim_onward(pages(20, 1), last), no_range);
  EXPECT_EQ(map.size(), 3U);
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, RisingRangesOfABlockAreOneSpan) {
  constexpr uint32_t usable = OwnershipMap::block_slots - 1;
  OwnershipStorage storage(2 * usable + 2);
  OwnershipMap map{storage.spans, storage.slots};
  const auto spans = [&map] { return mediator::OwnershipMapCheck{map}.spans(); };
  EXPECT_EQ(spans(), 0U);
  RangeIndex last = no_range;
  for (uint32_t n = 0; n < usable; ++n) {
    last = *claim_in(map, pages(1 + 3 * n, 1), RangeHolder{3}, last);
    ASSERT_EQ(spans(), 1U) << n;
  }
  last = *claim_in(map, pages(500, 1), RangeHolder{3}, last);
  EXPECT_EQ(spans(), 2U) << "a block of its own";
  last = *claim_in(map, pages(400, 1), RangeHolder{3}, last);
  EXPECT_EQ(spans(), 3U) << "in front of it";
  ASSERT_TRUE(claim_in(map, pages(5, 1), RangeHolder{4}).ok());
  EXPECT_EQ(spans(), 5U) << "cut in two";
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, TheQuickWayTakesARangeThatTouchesTheLast) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  ASSERT_TRUE(claim_in(map, pages(20, 1), RangeHolder{4}).ok());
  RangeIndex last = *claim_in(map, pages(10, 5), RangeHolder{3});
  EXPECT_EQ(map.claim_onward(pages(14, 1), last), no_range) << "held";
  EXPECT_EQ(map.claim_onward(pages(8, 1), last), no_range) << "in front of it";
  last = map.claim_onward(pages(15, 2), last);
  ASSERT_NE(last, no_range);
  EXPECT_EQ(map.claim_onward(pages(19, 2), last), no_range) << "another's at its end";
  last = map.claim_onward(pages(19, 1), last);
  ASSERT_NE(last, no_range) << "up to the other's first page";
  EXPECT_EQ(map.claim_onward(pages(21, 1), last), no_range) << "behind the other's";
  EXPECT_EQ(map.size(), 4U);
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, TheQuickWayFillsAGapOfAnotherList) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  const RangeIndex other = *claim_in(map, pages(10, 1), RangeHolder{4});
  ASSERT_TRUE(claim_in(map, pages(20, 1), RangeHolder{4}, other).ok());
  RangeIndex last = *claim_in(map, pages(12, 1), RangeHolder{3});
  EXPECT_EQ(map.claim_onward(pages(20, 1), last), no_range);
  last = map.claim_onward(pages(14, 6), last);
  EXPECT_NE(last, no_range);
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, TheQuickWayEndsWithTheBlockAndWithTheRoom) {
  constexpr uint32_t usable = OwnershipMap::block_slots - 1;
  OwnershipStorage storage(usable + 2);
  OwnershipMap map{storage.spans, storage.slots};
  RangeIndex last = *claim_in(map, pages(1, 1), RangeHolder{3});
  for (uint32_t n = 1; n < usable; ++n) {
    last = map.claim_onward(pages(1 + n, 1), last);
    ASSERT_NE(last, no_range) << n;
  }
  EXPECT_EQ(map.claim_onward(pages(1 + usable, 1), last), no_range) << "the next block";
  last = *claim_in(map, pages(1 + usable, 1), RangeHolder{3}, last);
  last = map.claim_onward(pages(2 + usable, 1), last);
  ASSERT_NE(last, no_range);
  EXPECT_EQ(map.claim_onward(pages(3 + usable, 1), last), no_range) << "full";
  EXPECT_EQ(map.size(), map.capacity());
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, TheQuickWayIsGoneOnceSomethingIsGivenBack) {
  OwnershipStorage storage(8);
  OwnershipMap map{storage.spans, storage.slots};
  const RangeIndex first = *claim_in(map, pages(10, 1), RangeHolder{3});
  const RangeIndex last = map.claim_onward(pages(12, 1), first);
  ASSERT_NE(last, no_range);
  map.release(last, first);
  EXPECT_EQ(map.claim_onward(pages(14, 1), last), no_range);
  EXPECT_EQ(map.claim_onward(pages(14, 1), first), no_range);
  EXPECT_EQ(map.size(), 1U);
}

/// Where shares may overlap, what a share must not touch are the buffers, and the other way round;
/// they end the quick way as a neighbour in the same part of the tree does.
TEST(OwnershipMap, TheQuickWayOfASharePassesNoBuffer) {
  OwnershipStorage storage(16);
  OwnershipMap map{storage.spans, storage.slots, 4};
  const RangeIndex rx = *claim_in(map, pages(20, 2), mediator::rx_holder);
  ASSERT_TRUE(claim_in(map, pages(30, 2), mediator::rx_holder, rx).ok());
  ASSERT_TRUE(claim_in(map, pages(15, 90), RangeHolder{2}).error().holder == mediator::rx_holder);
  RangeIndex last = *claim_in(map, pages(10, 1), RangeHolder{1});
  EXPECT_EQ(map.claim_onward(pages(20, 1), last), no_range);
  EXPECT_EQ(map.claim_onward(pages(40, 1), last), no_range) << "behind the buffer";
  last = map.claim_onward(pages(18, 2), last);
  ASSERT_NE(last, no_range);
  last = *claim_in(map, pages(25, 1), RangeHolder{1}, last);  // between the buffer's ranges
  EXPECT_EQ(map.claim_onward(pages(30, 1), last), no_range);
  ASSERT_TRUE(claim_in(map, pages(26, 1), RangeHolder{1}, last).ok());
  EXPECT_TRUE(consistent(map));
}
TEST(OwnershipMap, TheQuickWayOfABufferPassesNoShare) {
  OwnershipStorage storage(16);
  OwnershipMap map{storage.spans, storage.slots, 4};
  for (const uint32_t holder : {0U, 3U}) {  // the first and the last part of the tree
    ASSERT_TRUE(claim_in(map, pages(20 + 10 * holder, 1), RangeHolder{holder}).ok());
  }
  RangeIndex last = *claim_in(map, pages(10, 1), mediator::tx_holder);
  EXPECT_EQ(map.claim_onward(pages(20, 1), last), no_range);
  last = *claim_in(map, pages(40, 1), mediator::tx_holder, last);
  EXPECT_EQ(map.claim_onward(pages(50, 1), last), no_range);
  EXPECT_NE(map.claim_onward(pages(41, 9), last), no_range);
  EXPECT_EQ(claim_in(map, pages(50, 1), mediator::rx_holder).error().holder, RangeHolder{3});
  EXPECT_EQ(claim_in(map, pages(20, 1), mediator::rx_holder).error().holder, RangeHolder{0});
  EXPECT_TRUE(consistent(map));
}

TEST(OwnershipMap, EachBlockOfAListIsGivenBack) {
  constexpr uint32_t usable = OwnershipMap::block_slots - 1;
  std::vector<OwnershipMap::Span> spans(2 * usable);
  std::vector<OwnershipMap::Slot> slots(OwnershipMap::block_slots * 2);
  for (const bool only_the_end : {true, false}) {
    OwnershipMap map{spans, slots};
    const RangeIndex first = *claim_in(map, pages(1, 1), RangeHolder{1});
    RangeIndex last = first;
    RangeIndex before = no_range;
    for (uint32_t n = 1; n <= usable; ++n) {
      before = last;
      last = *claim_in(map, pages(1 + 2 * n, 1), RangeHolder{1}, last);
    }
    EXPECT_TRUE(claim_in(map, pages(500, 1), RangeHolder{2}).error().full);
    only_the_end ? map.release(last, before) : map.release(first);
    EXPECT_TRUE(claim_in(map, pages(500, 1), RangeHolder{2}).ok());
    EXPECT_EQ(claim_in(map, pages(600, 1), RangeHolder{3}).ok(), !only_the_end);
    EXPECT_TRUE(consistent(map));
  }
}

TEST(OwnershipMap, MoreListsThanItHasBlocksForAreRefused) {
  std::vector<OwnershipMap::Span> spans(8);
  std::vector<OwnershipMap::Slot> slots(OwnershipMap::block_slots * 2);
  OwnershipMap map{spans, slots};
  const RangeIndex first = *claim_in(map, pages(1, 1), RangeHolder{1});
  ASSERT_TRUE(claim_in(map, pages(3, 1), RangeHolder{2}).ok());
  EXPECT_TRUE(claim_in(map, pages(5, 1), RangeHolder{3}).error().full);
  EXPECT_TRUE(claim_in(map, pages(5, 1), RangeHolder{1}, first).ok());
  EXPECT_TRUE(consistent(map));
}

}  // namespace
