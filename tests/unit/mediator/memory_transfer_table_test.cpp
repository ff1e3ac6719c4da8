// SPDX-License-Identifier: BSD-3-Clause
// The table of sends whose fragments are still coming.
#include <gtest/gtest.h>

#include <vector>

#include "core/memory_send.hpp"

namespace {

using mediator::ShareSlot;
using mediator::Transfer;
using mediator::TransferTable;

TEST(TransferTable, VacantPlacesFirstThenTheOneUsedLongestAgo) {
  std::vector<Transfer> places(2);
  TransferTable table{places};
  const auto take = [&](uint32_t slot) {
    const uint16_t place = table.take().value();
    table[place].send.slot = ShareSlot{slot};
    table.put_back(place);
    return place;
  };
  const uint16_t first = take(1);
  const uint16_t second = take(2);
  EXPECT_NE(first, second);
  ASSERT_TRUE(table.resume(first));
  EXPECT_FALSE(table.resume(first)) << "a call is working on it";
  EXPECT_NE(table.take(), first);
  table.put_back(second);
  table.put_back(first);
  EXPECT_EQ(table.take(), second);
  EXPECT_EQ(table[second].send.slot, ShareSlot{2}) << "whoever takes it gives this one up";
}

TEST(TransferTable, AnotherCallsPlaceIsNotTaken) {
  std::vector<Transfer> places(1);
  TransferTable table{places};
  EXPECT_EQ(table.take(), uint16_t{0});
  EXPECT_FALSE(table.take());
  EXPECT_FALSE(table.resume(0));
  EXPECT_FALSE(table.take_idle());
  table.put_back(0);
  EXPECT_EQ(table.take_idle(), uint16_t{0});
  table.vacate(0);
  EXPECT_FALSE(table.take_idle()) << "a vacant one is not idle";
  EXPECT_EQ(table.take(), uint16_t{0});
}

TEST(TransferTable, WithoutPlacesThereIsNone) {
  TransferTable table;
  EXPECT_FALSE(table.take());
  EXPECT_FALSE(table.take_idle());
}

}  // namespace
