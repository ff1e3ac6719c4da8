// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/sometimes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "ffa/fid.hpp"

namespace sim::check {
namespace {

using ffa::Fid;
using trace::Event;
using trace::Side;
using Names = std::vector<std::string>;

Event call(uint64_t seq, uint64_t seq_ret, Fid function, Fid answer = Fid::success,
           uint64_t handle = 7) {
  Event event;
  event.seq = seq;
  event.seq_ret = seq_ret;
  event.vm = 1;
  event.in.x[0] = ffa::fid32(function);
  event.in.x[1] = handle;
  event.out.x[0] = ffa::fid32(answer);
  event.out.x[answer == Fid::mem_frag_rx ? 1 : 2] = handle;
  return event;
}

Event life(uint64_t seq, uint64_t seq_ret, const char* op) {
  Event event;
  event.seq = seq;
  event.seq_ret = seq_ret;
  event.side = Side::lifecycle;
  event.vm = 1;
  event.op = op;
  return event;
}

Names met(const std::vector<Event>& events) { return names_of(sometimes_met(events)); }

TEST(Sometimes, ReclaimsOfOneHandleAreBesideEachOtherOnlyWhereTheyOverlap) {
  const Names both = {"reclaim_beside_reclaim"};
  EXPECT_EQ(met({call(1, 3, Fid::mem_reclaim), call(2, 4, Fid::mem_reclaim)}), both);
  EXPECT_EQ(met({call(1, 2, Fid::mem_reclaim), call(3, 4, Fid::mem_reclaim)}), Names{});
  const Event other = call(2, 4, Fid::mem_reclaim, Fid::success, 8);
  EXPECT_EQ(met({call(1, 3, Fid::mem_reclaim), other}), Names{});
}

TEST(Sometimes, AHandleIsGivenAgainBeforeItsReclaimHasReturned) {
  const Names again = {"handle_given_again"};
  EXPECT_EQ(met({call(1, 4, Fid::mem_reclaim), call(2, 3, Fid::mem_share)}), again);
  EXPECT_EQ(met({call(1, 2, Fid::mem_reclaim), call(3, 4, Fid::mem_share)}), Names{});
}

TEST(Sometimes, ASetIsWithinAGetOfAnotherVm) {
  Event set = call(2, 3, Fid::notification_set);
  set.vm = 2;
  EXPECT_EQ(met({call(1, 4, Fid::notification_get), set}), Names{"set_within_get"});
  set.seq_ret = 5;
  EXPECT_EQ(met({call(1, 4, Fid::notification_get), set}), Names{});
}

TEST(Sometimes, WhatIsOpenAtATeardownIsWhatNoCallHasEnded) {
  const Event first = call(1, 2, Fid::mem_share, Fid::mem_frag_rx);
  EXPECT_EQ(met({first, life(3, 4, "teardown")}), Names{"destroy_during_fragments"});
  EXPECT_EQ(met({first, call(3, 4, Fid::mem_frag_tx), life(5, 6, "teardown")}), Names{});
  const Event second = call(3, 4, Fid::mem_share, Fid::mem_frag_rx, 8);
  EXPECT_EQ(met({first, second}), Names{"two_transfers_open"});
  const Event list = call(1, 2, Fid::partition_info_get);
  EXPECT_EQ(met({list, life(3, 4, "teardown")}), Names{"rx_owned_at_destroy"});
  EXPECT_EQ(met({list, call(3, 4, Fid::rx_release), life(5, 6, "teardown")}), Names{});
}

TEST(Sometimes, ARuleThatRejectsIsAMark) {
  Event unmap = call(1, 2, Fid::rxtx_unmap, Fid::error);
  unmap.rule = "rxtx_unmap_rx_idle";
  EXPECT_EQ(met({unmap}), Names{"unmap_while_producing"});
}

TEST(Sometimes, EachMarkHasANameOfItsOwn) {
  const auto& names = sometimes_names();
  EXPECT_LE(names.size(), 32U);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_EQ(names_of(~Sometimes{0}), names);
}

}  // namespace
}  // namespace sim::check
