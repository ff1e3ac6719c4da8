// SPDX-License-Identifier: BSD-3-Clause
// The pure parts: RX state table, version negotiation, guest registers, id index, bindings, arena,
// snapshot.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/arena.hpp"
#include "core/bindings.hpp"
#include "core/guest_registers.hpp"
#include "core/handle_index.hpp"
#include "core/id_index.hpp"
#include "core/limits_check.hpp"
#include "core/partition_table.hpp"
#include "core/rollback.hpp"
#include "core/rx_state.hpp"
#include "core/snapshot.hpp"
#include "core/spmc_features.hpp"
#include "core/vm_version.hpp"

namespace mediator {
namespace {

TEST(RxStateTable, EveryCellIsAsDrawn) {
  using enum RxState;
  using E = RxEvent;
  const std::map<std::pair<RxState, E>, RxState> allowed{{{unmapped, E::map}, free},
                                                         {{producing, E::unmap}, unmapped},
                                                         {{free, E::acquire}, producing},
                                                         {{unmapped, E::give}, spmc_owned},
                                                         {{producing, E::abandon}, free},
                                                         {{producing, E::deliver}, vm_owned},
                                                         {{producing, E::give}, spmc_owned},
                                                         {{vm_owned, E::release}, free},
                                                         {{vm_owned, E::hand_back}, producing},
                                                         {{spmc_owned, E::acquire}, producing},
                                                         {{spmc_owned, E::hand_back}, producing}};
  for (size_t s = 0; s < rx_states; ++s) {
    for (size_t e = 0; e < rx_events; ++e) {
      const auto state = static_cast<RxState>(s);
      const auto event = static_cast<E>(e);
      const auto found = allowed.find({state, event});
      const auto next = next_state(state, event);
      ASSERT_EQ(next.has_value(), found != allowed.end()) << s << ' ' << e;
      if (next) {
        EXPECT_EQ(*next, found->second) << s << ' ' << e;
      }
    }
  }
}

struct VersionCase {
  uint32_t word, requested, own, after;
  bool accepted;
};
class Negotiate : public testing::TestWithParam<VersionCase> {};
TEST_P(Negotiate, FollowsTheTable) {
  const VersionCase& c = GetParam();
  const Negotiation got =
      negotiate(VersionWord{c.word}, ffa::Version{c.requested}, ffa::Version{c.own});
  EXPECT_EQ(got.word.raw(), c.after);
  EXPECT_EQ(got.accepted, c.accepted);
}
constexpr uint32_t frozen = 0x80000000;
INSTANTIATE_TEST_SUITE_P(
    Version, Negotiate,
    testing::Values(VersionCase{0, 0x10002, 0x10002, 0x10002, true},         // equal
                    VersionCase{0, 0x10000, 0x10002, 0x10000, true},         // lower minor
                    VersionCase{0, 0x10003, 0x10002, 0x10002, true},         // higher minor
                    VersionCase{0, 0x1ffff, 0x10001, 0x10001, true},         // highest minor
                    VersionCase{0, 0x20000, 0x10002, 0, false},              // major higher
                    VersionCase{0, 0x0ffff, 0x10002, 0, false},              // major lower
                    VersionCase{0, 0, 0x10002, 0, false},                    // zero
                    VersionCase{0, 0x7fffffff, 0x10002, 0, false},           // largest major
                    VersionCase{0, 0x80010002, 0x10002, 0, false},           // bit 31
                    VersionCase{0, 0xffffffff, 0x10002, 0, false},           // all ones
                    VersionCase{0x10001, 0x10000, 0x10002, 0x10000, true},   // renegotiated
                    VersionCase{0x10001, 0x20000, 0x10002, 0x10001, false},  // kept
                    VersionCase{frozen | 0x10001, 0x10001, 0x10002, frozen | 0x10001, true},
                    VersionCase{frozen | 0x10001, 0x10000, 0x10002, frozen | 0x10001, false},
                    VersionCase{frozen | 0x10001, 0x10002, 0x10002, frozen | 0x10001, false},
                    VersionCase{frozen | 0x10002, 0x10005, 0x10002, frozen | 0x10002, true}));

ffa::Regs filled(uint64_t first) {
  ffa::Regs regs;
  for (unsigned n = 0; n < regs.x.size(); ++n)
    regs.x[n] = 0x0101010100000000ULL * (n + 1U) + first + n;
  return regs;
}

TEST(GuestRegisters, Smc32CallChangesX0ToX7AndClearsUpperHalves) {
  ffa::Regs in = filled(1);
  in.x[0] = 0x84000069;
  ffa::Regs reply = filled(0x100);
  reply.x[0] = 0x84000061;
  const ffa::Regs out = guest_registers(in, reply, ffa::v1_2);
  for (unsigned n = 0; n < 8; ++n) EXPECT_EQ(out.x[n], reply.w(n)) << n;
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], in.x[n]) << n;
}
TEST(GuestRegisters, Smc64CallFrom12OnGetsX8ToX17OfTheReply) {
  ffa::Regs in = filled(1);
  in.x[0] = 0xc400008b;
  ffa::Regs reply = filled(0x100);
  reply.x[0] = 0xc4000061;
  EXPECT_EQ(guest_registers(in, reply, ffa::v1_2), reply);
  const ffa::Regs error = guest_registers(in, ffa::Regs{{0x84000060, 0, 0xffffffff}}, ffa::v1_2);
  for (unsigned n = 3; n < 18; ++n) EXPECT_EQ(error.x[n], 0U) << n;
}
TEST(GuestRegisters, Smc64CallBelow12KeepsX8ToX17) {
  ffa::Regs in = filled(1);
  in.x[0] = 0xc4000066;
  const ffa::Regs out = guest_registers(in, ffa::Regs{{0x84000061}}, ffa::v1_1);
  for (unsigned n = 1; n < 8; ++n) EXPECT_EQ(out.x[n], 0U) << n;
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], in.x[n]) << n;
}
TEST(GuestRegisters, Smc32CallThatEndsWithAMessageGetsAllOfIt) {
  ffa::Regs in = filled(1);
  in.x[0] = 0x8400006b;
  ffa::Regs message = filled(0x300);
  for (const uint64_t id : {0xc400008dU, 0xc400008eU}) {
    message.x[0] = id;
    EXPECT_EQ(guest_registers(in, message, ffa::v1_2), message);
    EXPECT_EQ(guest_registers(in, message, ffa::v1_1).x[9], in.x[9]);
  }
  message.x[0] = 0xc4000070;
  EXPECT_EQ(guest_registers(in, message, ffa::v1_2).x[9], in.x[9]);
}
TEST(GuestRegisters, UpperHalvesFollowTheAnswersConvention) {
  ffa::Regs in;
  in.x[0] = 0x8400006f;
  ffa::Regs wide = filled(0x200);
  wide.x[0] = 0xc4000070;
  EXPECT_EQ(guest_registers(in, wide, ffa::v1_1).x[3], wide.x[3]);
  wide.x[0] = 0x84000070;
  EXPECT_EQ(guest_registers(in, wide, ffa::v1_1).x[3], wide.w(3));
}

struct alignas(64) Line {
  std::byte bytes[64];
};

TEST(IdIndex, FindsWhatIsInItThroughInsertionsAndDeletions) {
  constexpr size_t ids = 37;
  std::vector<IdIndex::Entry> entries(IdIndex::entries_needed(ids));
  IdIndex index{entries};
  std::map<uint16_t, uint16_t> model;
  uint32_t random = 12345;
  for (int round = 0; round < 20000; ++round) {
    random = random * 1664525 + 1013904223;
    const auto id = static_cast<uint16_t>((random >> 16) % 64 * 521);
    if (model.contains(id)) {
      index.erase(ffa::EndpointId{id});
      model.erase(id);
    } else if (model.size() < ids) {
      const auto value = static_cast<uint16_t>(round);
      index.insert(ffa::EndpointId{id}, value);
      model[id] = value;
    }
    for (uint16_t n = 0; n < 64; ++n) {
      const auto probe = static_cast<uint16_t>(n * 521);
      const auto found = index.find(ffa::EndpointId{probe});
      const auto expected = model.find(probe);
      ASSERT_EQ(found.has_value(), expected != model.end());
      if (found) {
        ASSERT_EQ(*found, expected->second);
      }
    }
  }
}
TEST(IdIndexDeathTest, OneMoreThanItHasRoomForIsOurBug) {
  std::vector<IdIndex::Entry> entries(2);
  IdIndex index{entries};
  index.insert(ffa::EndpointId{3}, 1);
  EXPECT_DEATH(index.insert(ffa::EndpointId{4}, 2), "");
}

TEST(IdIndexDeathTest, TheSameIdTwiceIsOurBug) {
  std::vector<IdIndex::Entry> entries(4);
  IdIndex index{entries};
  index.insert(ffa::EndpointId{3}, 1);
  EXPECT_DEATH(index.insert(ffa::EndpointId{3}, 2), "");
}
TEST(IdIndex, WhatIsNotThereCanBeTakenOut) {
  std::vector<IdIndex::Entry> entries(4);
  IdIndex index{entries};
  index.insert(ffa::EndpointId{3}, 1);
  index.erase(ffa::EndpointId{4});
  index.insert(ffa::EndpointId{4}, 2);
  EXPECT_DEATH(index.insert(ffa::EndpointId{5}, 3), "") << "no room came from nothing";
}
TEST(HashIndexDeathTest, AnEntryThatIsNotThereIsOurBug) {
  std::vector<HandleIndex::Entry> entries(HandleIndex::entries_needed(4));
  HandleIndex index{entries};
  index.insert(ffa::Handle{7}, 1);
  EXPECT_DEATH(index.erase(ffa::Handle{7}, 2), "");
  EXPECT_DEATH(index.erase(ffa::Handle{8}, 1), "");
}

TEST(PartitionTable, IsFullAtItsCapacity) {
  std::vector<Line> memory(16);
  Arena arena{std::as_writable_bytes(std::span{memory})};
  PartitionTable table{2, arena};
  EXPECT_TRUE(table.add({.id = ffa::EndpointId{0x8001}}));
  EXPECT_TRUE(table.add({.id = ffa::EndpointId{0x8002}}));
  EXPECT_FALSE(table.add({.id = ffa::EndpointId{0x8003}}));
  EXPECT_EQ(table.find(ffa::EndpointId{0x8003}), nullptr);
}
TEST(PartitionTable, AnIdMayHaveSeveralServices) {
  std::vector<Line> memory(16);
  Arena arena{std::as_writable_bytes(std::span{memory})};
  PartitionTable table{3, arena};
  const ffa::Uuid first{{1}};
  const ffa::Uuid second{{2}};
  EXPECT_TRUE(table.add({.id = ffa::EndpointId{0x8001}, .uuid = first}));
  EXPECT_TRUE(table.add({.id = ffa::EndpointId{0x8001}, .uuid = second}));
  const Partition* const found = table.find(ffa::EndpointId{0x8001});
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->uuid, first);
  EXPECT_TRUE(table.serves(*found, second));
  const ffa::Uuid third{{3}};
  EXPECT_FALSE(table.serves(*found, third)) << "nobody's";
  EXPECT_TRUE(table.add({.id = ffa::EndpointId{0x8002}, .uuid = third}));
  EXPECT_FALSE(table.serves(*found, third)) << "another's";
  table.clear();
  EXPECT_EQ(table.find(ffa::EndpointId{0x8001}), nullptr);
  EXPECT_TRUE(table.entries().empty());
}

TEST(Bindings, AreKeptBySender) {
  Bindings bindings;
  EXPECT_EQ(bindings.bound(), 0U);
  bindings.bind(ffa::EndpointId{0x8001}, 0x8000000000000005);
  bindings.bind(ffa::EndpointId{0x8002}, 0x10);
  EXPECT_EQ(bindings.bound_to(ffa::EndpointId{0x8001}), 0x8000000000000005U);
  EXPECT_EQ(bindings.bound_to(ffa::EndpointId{0x8002}), 0x10U);
  EXPECT_EQ(bindings.bound(), 0x8000000000000015U);
  bindings.unbind(0x4);
  EXPECT_EQ(bindings.bound_to(ffa::EndpointId{0x8001}), 0x8000000000000001U);
  EXPECT_EQ(bindings.sender(4), ffa::EndpointId{0x8002});
}

TEST(Arena, EveryAllocationIsAlignedAndCostsWhatBytesSays) {
  Line memory[4];
  Arena arena{std::span{reinterpret_cast<std::byte*>(memory), sizeof(memory)}};
  const auto a = arena.make_array<uint16_t>(3);
  EXPECT_EQ(arena.free_bytes(), 3 * 64U);
  const auto* const b = arena.make<uint64_t>(uint64_t{7});
  EXPECT_EQ(*b, 7U);
  EXPECT_EQ(a.size(), 3U);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b) % 64, 0U);
  EXPECT_EQ(Arena::bytes<uint16_t>(3), 64U);
  EXPECT_EQ(Arena::bytes<uint16_t>(33), 128U);
  EXPECT_EQ(Arena::bytes<uint16_t>(0), 0U);
  EXPECT_TRUE(arena.make_array<int>(0).empty());
  EXPECT_TRUE(arena.raw_array<Line>(0).empty());
  EXPECT_EQ(arena.free_bytes(), 2 * 64U);
  EXPECT_DEATH(arena.make_array<std::byte>(129), "");
}

TEST(Snapshot, ContainsHoldsTheBoundsAlsoAgainstWrapping) {
  alignas(8) const std::array<std::byte, 16> room{};
  const Snapshot snapshot{std::span{room}.first(8)};
  EXPECT_TRUE(snapshot.contains(0, 8));
  EXPECT_TRUE(snapshot.contains(8, 0));
  EXPECT_FALSE(snapshot.contains(0, 9));
  EXPECT_FALSE(snapshot.contains(9, 0));
  EXPECT_FALSE(snapshot.contains(4, ~uint64_t{0}));
  EXPECT_FALSE(snapshot.contains(~uint64_t{0}, 4));
  struct [[gnu::packed]] Word {
    uint32_t value;
  };
  EXPECT_EQ(snapshot.at<Word>(0).value, 0U);
  EXPECT_DEATH((void)snapshot.at<Word>(8), "");
  EXPECT_DEATH((void)snapshot.at<Word>(4), "") << "askew";
  EXPECT_DEATH((void)Snapshot{std::span{room}.subspan(4)}, "") << "askew";
}

TEST(Rollback, RunsUnlessCommitted) {
  int undone = 0;
  {
    Rollback undo{[&] { ++undone; }};
  }
  EXPECT_EQ(undone, 1);
  {
    Rollback undo{[&] { ++undone; }};
    undo.commit();
  }
  EXPECT_EQ(undone, 1);
}

TEST(SpmcFeatures, KeepsWidthsApartAndHasNothingOutsideTheRange) {
  SpmcFeatures features;
  features.add(0x84000073);
  EXPECT_TRUE(features.has(0x84000073U));
  EXPECT_FALSE(features.has(0xc4000073U));
  EXPECT_TRUE(features.has(ffa::Fid::mem_share));
  features.add(0xc40000ff);
  EXPECT_TRUE(features.has(0xc40000ffU));
  for (const uint32_t outside : {0x8400005fU, 0x84000100U, 0x80000060U, 0x04000073U, 0U, ~0U}) {
    EXPECT_FALSE(features.has(outside)) << outside;
  }
  features.remove(0x84000073);
  EXPECT_FALSE(features.has(ffa::Fid::mem_share));
}

TEST(LimitsCheck, RefusesWhatCanNotBeServed) {
  EXPECT_TRUE(is_valid(MediatorConfig{}));
  VmConfig vm;
  vm.id = ffa::EndpointId{1};
  EXPECT_TRUE(is_valid(vm));
  const auto with = [&](auto change) {
    VmConfig changed = vm;
    change(changed);
    return is_valid(changed);
  };
  EXPECT_FALSE(with([](VmConfig& c) { c.id = ffa::EndpointId{0}; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.id = ffa::EndpointId{0x8000}; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.id = ffa::EndpointId{0xffff}; }));
  EXPECT_TRUE(with([](VmConfig& c) { c.id = ffa::EndpointId{0x7fff}; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.vcpus = 0; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_rxtx_pages = 0; }));
  EXPECT_TRUE(with([](VmConfig& c) { c.max_rxtx_pages = 63; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_rxtx_pages = 64; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_version = ffa::Version::make(1, 3); }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_version = ffa::Version::make(0, 9); }));
  EXPECT_TRUE(with([](VmConfig& c) { c.max_ranges = 0x00ffffff; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_ranges = 0x01000000; }));
  EXPECT_TRUE(with([](VmConfig& c) { c.max_shares = 0x7fff; }));
  EXPECT_FALSE(with([](VmConfig& c) { c.max_shares = 0x8000; }));
  const ffa::PageCount window{16};
  EXPECT_TRUE(with([&](VmConfig& c) { c.borrow_window = {ffa::Ipa{0x1000}, window}; }));
  EXPECT_FALSE(with([&](VmConfig& c) { c.borrow_window = {ffa::Ipa{0x1800}, window}; }));
  MediatorConfig config;
  config.max_vms = 0;
  EXPECT_FALSE(is_valid(config));
  config.max_vms = 0x7fff;
  EXPECT_TRUE(is_valid(config));
  config.max_vms = 0x8000;
  EXPECT_FALSE(is_valid(config));
  config = {};
  config.spmc_buffer_pages = 0;
  EXPECT_FALSE(is_valid(config));
  config.spmc_buffer_pages = 64;
  EXPECT_FALSE(is_valid(config));
  config = {};
  config.max_version = ffa::Version::make(2, 0);
  EXPECT_FALSE(is_valid(config));
  config = {};
  config.max_partitions = 0;
  EXPECT_FALSE(is_valid(config));
  config.max_partitions = 0x8000;
  EXPECT_FALSE(is_valid(config));
}

}  // namespace
}  // namespace mediator
