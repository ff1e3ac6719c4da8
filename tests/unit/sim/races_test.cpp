// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/races.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

constexpr uint64_t here = mediator_word(1, 0x40);
constexpr uint64_t there = mediator_word(1, 0x41);
constexpr Operation acquire{OperationKind::lock_acquire, 7};
constexpr Operation release{OperationKind::lock_release, 7};

TEST(Races, ReadersDontRaceAWriterDoes) {
  Races races;
  EXPECT_FALSE(races.access(0, {here, false}));
  EXPECT_FALSE(races.access(1, {here, false}));
  const auto other = races.access(2, {here, true});
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->write);
  EXPECT_FALSE(races.access(0, {here, true})) << "a byte is told of once";
}

TEST(Races, AReadAfterAnothersWriteRaces) {
  Races races;
  EXPECT_FALSE(races.access(3, {here, true}));
  EXPECT_FALSE(races.access(3, {here, true}));
  EXPECT_FALSE(races.access(0, {there, false})) << "its neighbour is another byte";
  const auto other = races.access(0, {here, false});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->task, 3U);
  EXPECT_TRUE(other->write);
}

TEST(Races, TheOtherPlaceIsHandedBack) {
  Races races;
  const int reads = 0;
  const int writes = 0;
  EXPECT_FALSE(races.access(0, {here, false, &reads}));
  const auto read = races.access(1, {here, true, &writes});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, &reads);
  EXPECT_FALSE(races.access(1, {there, true, &writes}));
  const auto written = races.access(0, {there, false, &reads});
  ASSERT_TRUE(written);
  EXPECT_EQ(written->code, &writes);
}

TEST(Races, ALockOrders) {
  Races races;
  races.order(0, acquire);
  EXPECT_FALSE(races.access(0, {here, true}));
  races.order(0, release);
  EXPECT_FALSE(races.access(0, {there, true}));  // too late for the lock
  races.order(1, acquire);
  EXPECT_FALSE(races.access(1, {here, true}));
  EXPECT_TRUE(races.access(1, {there, true}));
}

TEST(Races, AnotherLockOrdersNothing) {
  Races races;
  races.order(0, acquire);
  EXPECT_FALSE(races.access(0, {here, true}));
  races.order(0, release);
  races.order(1, {OperationKind::lock_acquire, 8});
  races.order(1, {OperationKind::atomic, 7});
  EXPECT_TRUE(races.access(1, {here, true}));
}

TEST(Races, OrderIsHandedOn) {
  Races races;
  EXPECT_FALSE(races.access(0, {here, true}));
  races.order(0, {OperationKind::atomic, 1});
  races.order(1, {OperationKind::atomic, 1, false});
  races.order(1, release);
  races.order(2, acquire);
  EXPECT_FALSE(races.access(2, {here, true}));
}

TEST(Races, WhatWasBeforeAllTasksIsForgotten) {
  Races races;
  EXPECT_FALSE(races.access(0, {here, true}));
  EXPECT_TRUE(races.active());
  races.clear();
  EXPECT_FALSE(races.active());
  EXPECT_FALSE(races.access(1, {here, true}));
}

}  // namespace
}  // namespace sim
