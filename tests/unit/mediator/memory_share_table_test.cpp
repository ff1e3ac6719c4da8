// SPDX-License-Identifier: BSD-3-Clause
// Shares: every cell of their state machine, the table against a naive model, the handle index.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/handle_index.hpp"
#include "core/share_table.hpp"
#include "memory_test_tools.hpp"

namespace {

using mediator::HandleIndex;
using mediator::next_state;
using mediator::no_share;
using mediator::Share;
using mediator::ShareEvent;
using mediator::ShareSlot;
using mediator::ShareTable;
using mediator::SlotState;
using memory_test::Numbers;

TEST(ShareState, EveryCellOfTheTable) {
  using enum SlotState;
  struct Step {
    SlotState from;
    ShareEvent event;
    SlotState to;
  };
  const std::vector<Step> legal = {
      {vacant, ShareEvent::reserve, reserved},
      {reserved, ShareEvent::name, sent},
      {reserved, ShareEvent::drop, vacant},
      {sent, ShareEvent::accept, shared},
      {reserved, ShareEvent::quarantine, quarantined},
      {sent, ShareEvent::drop, vacant},
      {sent, ShareEvent::quarantine, quarantined},
      {shared, ShareEvent::reclaim, reclaiming},
      {reclaiming, ShareEvent::refuse, shared},
      {reclaiming, ShareEvent::finish, vacant},
      {reclaiming, ShareEvent::quarantine, quarantined},
  };
  for (size_t state = 0; state < mediator::slot_states; ++state) {
    for (size_t event = 0; event < mediator::share_events; ++event) {
      const auto from = static_cast<SlotState>(state);
      const auto what = static_cast<ShareEvent>(event);
      std::optional<SlotState> expected;
      for (const Step& step : legal) {
        if (step.from == from && step.event == what) expected = step.to;
      }
      EXPECT_EQ(next_state(from, what), expected) << "state " << state << ", event " << event;
    }
  }
}

TEST(ShareState, IsObservedByItsName) {
  for (const auto& [state, observed] :
       {std::pair{SlotState::reserved, mediator::ShareState::reserved},
        {SlotState::sent, mediator::ShareState::sent},
        {SlotState::shared, mediator::ShareState::shared},
        {SlotState::reclaiming, mediator::ShareState::reclaiming},
        {SlotState::quarantined, mediator::ShareState::quarantined}}) {
    EXPECT_EQ(observed_state(state), observed);
  }
}

struct Table {
  explicit Table(uint32_t capacity)
      : slots(capacity), entries(HandleIndex::entries_needed(capacity)), table(slots, entries) {}
  ShareSlot share(uint64_t handle, uint64_t pages = 7) {
    const ShareSlot slot = *table.reserve(ffa::PageCount{pages});
    table.name(slot, ffa::Handle{handle});
    table.accept(slot);
    return slot;
  }
  std::vector<Share> slots;
  std::vector<HandleIndex::Entry> entries;
  ShareTable table;
};

TEST(ShareTable, IsFullAtItsCapacityOnly) {
  Table shares{3};
  for (uint64_t n = 0; n < 3; ++n) shares.share(10 + n);
  EXPECT_FALSE(shares.table.reserve(ffa::PageCount{1}));
  EXPECT_EQ(shares.table.size(), 3U);
  const auto slot = shares.table.begin_reclaim(ffa::Handle{11});
  shares.table.vacate(*slot);
  EXPECT_EQ(shares.table.size(), 2U);
  EXPECT_TRUE(shares.table.reserve(ffa::PageCount{1}));
  EXPECT_FALSE(shares.table.reserve(ffa::PageCount{1}));
}

TEST(ShareTable, NothingFitsWithoutSlots) {
  Table shares{0};
  EXPECT_FALSE(shares.table.reserve(ffa::PageCount{1}));
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{0}));
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{5}));
  EXPECT_EQ(shares.table.find_state(SlotState::shared), no_share);
  EXPECT_EQ(shares.table.find_borrowed(ShareSlot{0}), no_share);
}

TEST(ShareTable, WhatIsBorrowedIsFoundFromASlotOnAndThenFromTheFirst) {
  Table shares{5};
  for (uint64_t n = 0; n < 5; ++n) shares.share(20 + n);
  EXPECT_EQ(shares.table.find_borrowed(ShareSlot{2}), no_share);
  shares.table[ShareSlot{1}].holders = 1;
  shares.table[ShareSlot{3}].holders = 2;
  for (const auto& [from, found] : {std::pair{0U, 1U}, {1U, 1U}, {2U, 3U}, {3U, 3U}, {4U, 1U}}) {
    EXPECT_EQ(shares.table.find_borrowed(ShareSlot{from}), ShareSlot{found}) << from;
  }
}

TEST(ShareTable, ARenamedShareHasItsNewHandleOnly) {
  Table shares{2};
  const ShareSlot slot = *shares.table.reserve(ffa::PageCount{3});
  shares.table.name(slot, ffa::Handle{77});
  shares.table.rename(slot, ffa::Handle{78});
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{77}));
  EXPECT_TRUE(shares.table.is_live(ffa::Handle{78}));
  shares.table.accept(slot);
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{77}));
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{78}), slot);
}

TEST(ShareTable, AHandleIsReclaimedByOneCallAtATime) {
  Table shares{4};
  const ShareSlot slot = shares.share(0);  // 0 is a handle like any other
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{0}), slot);
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{0}));
  shares.table.refuse(slot);
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{0}), slot);
  shares.table.vacate(slot);
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{0}));
}

TEST(ShareTable, HandlesAreKeptAs64Bits) {
  Table shares{4};
  const ShareSlot low = shares.share(0x00000000'00000005);
  const ShareSlot bit44 = shares.share(0x00001000'00000005);
  const ShareSlot bit63 = shares.share(0x80000000'00000005);
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{0x80000000'00000005}), bit63);
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{0x00001000'00000005}), bit44);
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{0x00000001'00000005}));
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{5}), low);
}

TEST(ShareTable, AHandleMayComeAgainWhileItsOldShareIsReclaimed) {
  Table shares{4};
  const ShareSlot old_share = shares.share(42);
  ASSERT_EQ(shares.table.begin_reclaim(ffa::Handle{42}), old_share);
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{42}));
  const ShareSlot new_share = shares.share(42);
  EXPECT_TRUE(shares.table.is_live(ffa::Handle{42}, old_share));
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{42}, new_share));
  shares.table.vacate(old_share);
  EXPECT_EQ(shares.table.begin_reclaim(ffa::Handle{42}), new_share);
}

TEST(ShareTable, AHandleMayComeAgainWhileItsOldSendIsDropped) {
  Table shares{4};
  const ShareSlot old_send = *shares.table.reserve(ffa::PageCount{1});
  shares.table.name(old_send, ffa::Handle{42});
  shares.table[old_send].transfer = 0;
  shares.table.begin_drop(old_send);
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{42}));
  const ShareSlot new_send = *shares.table.reserve(ffa::PageCount{1});
  shares.table.name(new_send, ffa::Handle{42});
  shares.table[new_send].transfer = 1;
  EXPECT_EQ(shares.table.find_transfer(ffa::Handle{42}), new_send);
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{42}, new_send));
  shares.table.vacate(old_send);
  EXPECT_EQ(shares.table.find_transfer(ffa::Handle{42}), new_send);
}

TEST(ShareTable, ANamedShareIsLiveBeforeItIsFound) {
  Table shares{2};
  const ShareSlot slot = *shares.table.reserve(ffa::PageCount{3});
  shares.table.name(slot, ffa::Handle{77});
  EXPECT_TRUE(shares.table.is_live(ffa::Handle{77}));
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{77}));
  shares.table.vacate(slot);
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{77}));
}

TEST(ShareTable, AQuarantinedShareKeepsItsSlotAndIsNeverFound) {
  Table shares{2};
  const ShareSlot slot = shares.share(9);
  shares.table.begin_reclaim(slot);
  shares.table.quarantine(slot);
  EXPECT_FALSE(shares.table.begin_reclaim(ffa::Handle{9}));
  EXPECT_FALSE(shares.table.is_live(ffa::Handle{9}));
  EXPECT_EQ(shares.table.size(), 1U);
  EXPECT_EQ(shares.table[slot].handle, ffa::Handle{9});
  EXPECT_EQ(shares.table.find_state(SlotState::quarantined), slot);
  shares.share(10);
  EXPECT_FALSE(shares.table.reserve(ffa::PageCount{1}));
}

TEST(ShareTable, AgreesWithANaiveModel) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Numbers numbers{seed};
    Table shares{static_cast<uint32_t>(3 + 20 * seed)};
    std::map<uint64_t, uint32_t> model;  // handle -> slot
    std::map<uint32_t, uint64_t> pages;
    for (int step = 0; step < 5000; ++step) {
      const uint64_t handle = numbers.below(3 * shares.slots.size());
      if (numbers.below(2) == 0 && !model.contains(handle)) {
        const auto slot = shares.table.reserve(ffa::PageCount{handle + 1});
        ASSERT_EQ(slot.has_value(), model.size() < shares.slots.size());
        if (!slot) continue;
        if (numbers.below(4) == 0) {
          shares.table.vacate(*slot);
          continue;
        }
        shares.table.name(*slot, ffa::Handle{handle});
        shares.table.accept(*slot);
        ASSERT_FALSE(pages.contains(slot->raw()));
        model[handle] = slot->raw();
        pages[slot->raw()] = handle + 1;
      } else {
        const auto slot = shares.table.begin_reclaim(ffa::Handle{handle});
        ASSERT_EQ(slot.has_value(), model.contains(handle));
        if (!slot) continue;
        ASSERT_EQ(slot->raw(), model[handle]);
        ASSERT_EQ(shares.table[*slot].pages.raw(), pages[slot->raw()]);
        if (numbers.below(3) == 0) {
          shares.table.refuse(*slot);
          continue;
        }
        shares.table.vacate(*slot);
        pages.erase(slot->raw());
        model.erase(handle);
      }
      ASSERT_EQ(shares.table.size(), model.size());
      const uint64_t other = numbers.below(3 * shares.slots.size());
      ASSERT_EQ(shares.table.is_live(ffa::Handle{other}), model.contains(other));
    }
  }
}

TEST(HandleIndex, HandlesThatFollowEachOtherLieApart) {
  constexpr uint32_t handles = 128;
  std::vector<HandleIndex::Entry> entries(HandleIndex::entries_needed(handles));
  HandleIndex index{entries};
  for (uint32_t n = 0; n < handles; ++n) index.insert(ffa::Handle{1000 + n}, n);
  size_t run = 0;
  size_t longest = 0;
  for (const auto& entry : entries) {
    run = entry.used != 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_LE(longest, 8U) << "a look-up walks along them";
}

TEST(HandleIndex, AgreesWithANaiveModelWhenAlmostFull) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Numbers numbers{seed};
    const uint32_t capacity = 1U << (seed + 1);
    std::vector<HandleIndex::Entry> entries(HandleIndex::entries_needed(capacity));
    HandleIndex index{entries};
    std::multimap<uint64_t, uint32_t> model;
    std::vector<bool> used(capacity);
    const auto any = [](uint32_t) { return true; };
    for (int step = 0; step < 4000; ++step) {
      const auto slot = static_cast<uint32_t>(numbers.below(capacity));
      if (!used[slot]) {
        const uint64_t handle = numbers.below(capacity);  // several slots under one handle
        index.insert(ffa::Handle{handle}, slot);
        model.emplace(handle, slot);
        used[slot] = true;
      } else {
        for (auto it = model.begin(); it != model.end(); ++it) {
          if (it->second != slot) continue;
          index.erase(ffa::Handle{it->first}, slot);
          model.erase(it);
          break;
        }
        used[slot] = false;
      }
      for (uint64_t handle = 0; handle < capacity; ++handle) {
        ASSERT_EQ(index.find(ffa::Handle{handle}, any).has_value(), model.contains(handle));
      }
      for (const auto& [handle, held] : model) {
        const auto found =
            index.find(ffa::Handle{handle}, [wanted = held](uint32_t at) { return at == wanted; });
        ASSERT_EQ(found, mediator::Found{held});
      }
    }
  }
}

}  // namespace
