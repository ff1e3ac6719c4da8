// SPDX-License-Identifier: BSD-3-Clause
// The pure parts at their bounds: the last value that is taken and the first that is not, each
// function that a group of calls needs, places behind the first word of a bit set.
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "core/access.hpp"
#include "core/arena.hpp"
#include "core/call_table.hpp"
#include "core/limits_check.hpp"
#include "core/page_range.hpp"
#include "core/partition_table.hpp"
#include "core/spmc_features.hpp"

namespace mediator {
namespace {

using ffa::EndpointId;
using ffa::Fid;

template <class Config, class Member>
void expect_bounds(Config config, Member Config::* member, uint64_t least, uint64_t most) {
  using Value = Member;
  const auto at = [&](uint64_t value) {
    config.*member = static_cast<Value>(value);
    return is_valid(config);
  };
  if (least != 0) {
    EXPECT_FALSE(at(least - 1));
  }
  EXPECT_TRUE(at(least));
  EXPECT_TRUE(at(most));
  EXPECT_FALSE(at(most + 1));
}

TEST(LimitsCheck, OfTheMediatorHoldAtBothEnds) {
  const MediatorConfig config;
  expect_bounds(config, &MediatorConfig::max_vms, 1, 0x7fff);
  expect_bounds(config, &MediatorConfig::max_partitions, 1, 0x7fff);
  expect_bounds(config, &MediatorConfig::spmc_buffer_pages, 1, 0x3f);
}
TEST(LimitsCheck, OfAVmHoldAtBothEnds) {
  VmConfig vm;
  vm.id = EndpointId{1};
  expect_bounds(vm, &VmConfig::max_rxtx_pages, 1, 0x3f);
  expect_bounds(vm, &VmConfig::max_ranges, 0, 0x00ffffff);
  expect_bounds(vm, &VmConfig::max_shares, 0, 0x7fff);
  vm.vcpus = 0;
  EXPECT_FALSE(is_valid(vm));
  vm.vcpus = 1;
  EXPECT_TRUE(is_valid(vm));
}
TEST(LimitsCheck, VersionsAreServedFromTheFirstToTheLast) {
  MediatorConfig config;
  VmConfig vm;
  vm.id = EndpointId{1};
  for (const auto& [version, served] : {std::pair{0x0ffffU, false},
                                        {0x10000U, true},
                                        {0x10001U, true},
                                        {0x10002U, true},
                                        {0x10003U, false},
                                        {0x20000U, false}}) {
    config.max_version = vm.max_version = ffa::Version{version};
    EXPECT_EQ(is_valid(config), served) << version;
    EXPECT_EQ(is_valid(vm), served) << version;
  }
}
TEST(LimitsCheck, IdsOfVmsAreNeitherTheHypervisorsNorSecure) {
  VmConfig vm;
  for (const auto& [id, valid] :
       {std::pair{0, false}, {1, true}, {0x7fff, true}, {0x8000, false}}) {
    vm.id = EndpointId{static_cast<uint16_t>(id)};
    EXPECT_EQ(is_valid(vm), valid) << id;
  }
}
TEST(LimitsCheck, OneWrongValueIsEnough) {
  VmConfig vm;
  vm.id = EndpointId{1};
  vm.borrow_window = {ffa::Ipa{0x1001}, ffa::PageCount{1}};
  EXPECT_FALSE(is_valid(vm));
  vm.borrow_window.base = ffa::Ipa{0x1000};
  EXPECT_TRUE(is_valid(vm));
}

TEST(PageRange, LastPageIsNoRangeForItsEndIsNoAddress) {
  const auto defect = [](uint64_t base, uint64_t pages) {
    return PageRange::make(ffa::Ipa{base}, ffa::PageCount{pages});
  };
  constexpr uint64_t top = 0xffffffffffffe000;
  ASSERT_TRUE(defect(top, 1).ok());
  EXPECT_EQ(defect(top, 1).value().end().raw(), 0xfffffffffffff000U);
  EXPECT_EQ(defect(top, 2).error(), RangeDefect::wraps);
  EXPECT_EQ(defect(0xfffffffffffff000, 1).error(), RangeDefect::wraps);
  EXPECT_TRUE(defect(0, (uint64_t{1} << 52) - 1).ok());
  EXPECT_EQ(defect(0, uint64_t{1} << 52).error(), RangeDefect::wraps);
  EXPECT_EQ(defect(0x1000, 0).error(), RangeDefect::empty);
  EXPECT_EQ(defect(0x1800, 1).error(), RangeDefect::unaligned);
  EXPECT_EQ(defect(0x3000, 3).value().at(ffa::PageCount{2}).raw(), 0x5000U);
}

TEST(Arena, CostsWholeGranules) {
  EXPECT_EQ(Arena::bytes<uint64_t>(0), 0U);
  EXPECT_EQ(Arena::bytes<uint64_t>(1), 64U);
  EXPECT_EQ(Arena::bytes<uint64_t>(8), 64U);
  EXPECT_EQ(Arena::bytes<uint64_t>(9), 128U);
  EXPECT_EQ(Arena::bytes<char>(65), 128U);
  EXPECT_EQ(Arena::bytes<char>(128), 128U);
}
TEST(Arena, NothingCostsNothing) {
  struct Pod {
    uint32_t number;
  };
  Arena arena;
  EXPECT_TRUE(arena.make_array<uint64_t>(0).empty());
  EXPECT_EQ(arena.make_array<uint64_t>(0).data(), nullptr);
  EXPECT_TRUE(arena.raw_array<Pod>(0).empty());
  alignas(64) std::byte memory[64];
  Arena one{memory};
  EXPECT_EQ(one.raw_array<Pod>(1).size(), 1U);
  EXPECT_EQ(one.free_bytes(), 0U);
}

TEST(PartitionSet, PlacesOfAllWordsAreApart) {
  constexpr size_t places = 193;  // four words, the last with one place
  alignas(64) std::byte memory[256];
  for (size_t inside = 0; inside < places; ++inside) {
    Arena arena{memory};
    PartitionSet set{places, arena};
    set.insert(inside);
    for (size_t n = 0; n < places; ++n) ASSERT_EQ(set.contains(n), n == inside) << n;
    set.insert((inside + 64) % places);
    set.erase(inside);
    for (size_t n = 0; n < places; ++n)
      ASSERT_EQ(set.contains(n), n == (inside + 64) % places) << n;
  }
}
TEST(PartitionSet, CostsAWordForEach64) {
  EXPECT_EQ(PartitionSet::bytes(1), 64U);
  EXPECT_EQ(PartitionSet::bytes(512), 64U);
  EXPECT_EQ(PartitionSet::bytes(513), 128U);
}

TEST(PartitionTable, TakesAllOfTheArenaAndNoMore) {
  struct alignas(64) Granule {
    std::byte bytes[64];
  };
  for (const size_t partitions : {1U, 2U, 3U, 64U, 65U, 1000U}) {
    std::vector<Granule> memory(
        (PartitionTable::bytes(partitions) + PartitionSet::bytes(partitions)) / sizeof(Granule));
    Arena arena{std::as_writable_bytes(std::span{memory})};
    PartitionTable table{partitions, arena};
    const PartitionSet set{partitions, arena};
    EXPECT_EQ(arena.free_bytes(), 0U) << partitions;
    for (size_t n = 0; n < partitions; ++n) {
      ASSERT_TRUE(table.add({.id = EndpointId{static_cast<uint16_t>(0x8001 + n)}})) << n;
      ASSERT_FALSE(set.contains(n));
    }
    EXPECT_FALSE(table.add({.id = EndpointId{0xfff0}}));
  }
}
TEST(PartitionTable, OneMoreThanItHasRoomForIsRefused) {
  std::vector<std::byte> memory(PartitionTable::bytes(2) + 64);
  const auto begin = reinterpret_cast<uintptr_t>(memory.data());
  Arena arena{std::span{memory}.subspan(-begin % 64)};
  PartitionTable table{2, arena};
  Partition partition;
  partition.id = EndpointId{0x8001};
  EXPECT_TRUE(table.add(partition));
  EXPECT_TRUE(table.add(partition));  // another service
  EXPECT_TRUE(table.is_first(0));
  EXPECT_FALSE(table.is_first(1));
  partition.id = EndpointId{0x8002};
  EXPECT_FALSE(table.add(partition));
  EXPECT_EQ(table.entries().size(), 2U);
  EXPECT_EQ(table.find(EndpointId{0x8002}), nullptr);
  table.clear();
  EXPECT_EQ(table.find(EndpointId{0x8001}), nullptr);
  EXPECT_TRUE(table.add(partition));
}

TEST(Access, NamesThoseThatAreListed) {
  VmConfig vm;
  vm.reaches_sps = false;
  vm.peers = {EndpointId{2}, EndpointId{0x8001}};
  const Access access{vm};
  EXPECT_TRUE(access.names(EndpointId{2}));
  EXPECT_TRUE(access.names(EndpointId{0x8001}));
  EXPECT_FALSE(access.names(EndpointId{3}));
  EXPECT_FALSE(access.names(EndpointId{0x8002}));
  EXPECT_TRUE(access.names_vms());
  vm.visible_to_vms = vm.reaches_sps = true;
  vm.peers = {};
  const Access wide{vm};
  EXPECT_TRUE(wide.names(EndpointId{3}));
  EXPECT_TRUE(wide.names(EndpointId{0x8002}));
  EXPECT_FALSE(wide.names(ffa::hypervisor_id));
  EXPECT_TRUE(wide.names_vms());
  vm.visible_to_vms = false;
  vm.peers = {EndpointId{0x8001}};
  EXPECT_FALSE(Access{vm}.names_vms());
  EXPECT_FALSE(Access{}.names(ffa::hypervisor_id));
}
TEST(Access, TwoKnowEachOtherOnlyWhereBothSaySo) {
  VmConfig open;
  open.visible_to_vms = true;
  const Access closed;
  const EndpointId a{1};
  const EndpointId b{2};
  EXPECT_TRUE(know_each_other(Access{open}, a, Access{open}, b));
  EXPECT_FALSE(know_each_other(Access{open}, a, closed, b));
  EXPECT_FALSE(know_each_other(closed, a, Access{open}, b));
}

TEST(SpmcFeatures, EachFunctionOfEachWidthStandsAlone) {
  for (uint32_t number = 0x60; number <= 0xff; ++number) {
    for (const uint32_t width : {0x84000000U, 0xc4000000U}) {
      SpmcFeatures features;
      features.add(width | number);
      for (uint32_t other = 0x5f; other <= 0x100; ++other) {
        ASSERT_EQ(features.has(0x84000000U | other), width == 0x84000000U && other == number);
        ASSERT_EQ(features.has(0xc4000000U | other), width == 0xc4000000U && other == number);
      }
      features.remove(width | number);
      ASSERT_FALSE(features.has(width | number));
    }
  }
}

SpmcFeatures having(const std::vector<Fid>& functions) {
  SpmcFeatures features;
  for (const Fid fid : functions) features.add(ffa::fid32(fid));
  return features;
}
/// `holds` needs all of the functions, and nothing but them.
template <class Predicate>
void expect_needs(std::vector<Fid> functions, Predicate holds) {
  EXPECT_TRUE(holds(having(functions)));
  for (size_t left_out = 0; left_out < functions.size(); ++left_out) {
    std::vector<Fid> fewer = functions;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_FALSE(holds(having(fewer))) << ffa::fid32(functions[left_out]);
    EXPECT_FALSE(holds(having({functions[left_out]}))) << ffa::fid32(functions[left_out]);
  }
}
const std::vector<Fid> of_notifications{
    Fid::notification_bitmap_create, Fid::notification_bitmap_destroy,
    Fid::notification_bind,          Fid::notification_unbind,
    Fid::notification_get,           Fid::notification_info_get};

TEST(CallTable, GroupsOfFunctionsAreThereAsAWhole) {
  expect_needs(of_notifications, has_notifications);
  expect_needs({Fid::rx_acquire, Fid::rx_release, Fid::rxtx_unmap}, has_vm_buffers);
  auto with_set = of_notifications;
  with_set.push_back(Fid::notification_set);
  expect_needs(with_set, can_notify_sps);
  for (const Fid send : {Fid::mem_share, Fid::mem_lend, Fid::mem_donate}) {
    expect_needs({send, Fid::mem_reclaim},
                 [&](const SpmcFeatures& spmc) { return sends_memory(spmc, send); });
  }
}

struct NeedCase {
  Need need;
  std::vector<Fid> functions;
  bool peers_do;  ///< other VMs are enough
};
TEST(CallTable, NeedsAreMetByTheSpmcOrByOtherVms) {
  const std::vector<NeedCase> cases{
      {Need::direct_requests, {Fid::msg_send_direct_req}, true},
      {Need::direct_requests, {Fid::msg_send_direct_req2}, true},
      {Need::memory_sharing, {Fid::mem_share, Fid::mem_reclaim}, true},
      {Need::lending, {Fid::mem_lend, Fid::mem_reclaim}, true},
      {Need::donating, {Fid::mem_donate, Fid::mem_reclaim}, false},
      {Need::fragments, {Fid::mem_share, Fid::mem_reclaim}, true},
      {Need::notifications, of_notifications, true},
      {Need::same_or_peers, {Fid::yield}, true},
  };
  for (const NeedCase& c : cases) {
    CallSwitches switches{.spmc = true, .fragments = true, .lends = true};
    const auto met = [&](const SpmcFeatures& spmc) {
      return provides(spmc, switches, c.need, ffa::fid32(Fid::yield));
    };
    EXPECT_TRUE(met(having(c.functions))) << static_cast<int>(c.need);
    EXPECT_FALSE(met({})) << static_cast<int>(c.need);
    switches.peers = true;
    EXPECT_EQ(met({}), c.peers_do) << static_cast<int>(c.need);
    EXPECT_TRUE(met(having(c.functions))) << static_cast<int>(c.need);
  }
}
TEST(CallTable, SwitchesTakeCallsAway) {
  CallSwitches switches{.spmc = false, .peers = true};
  const auto met = [&](Need need) {
    return provides(having({Fid::mem_share, Fid::mem_lend, Fid::mem_donate, Fid::mem_reclaim}),
                    switches, need, ffa::fid32(Fid::yield));
  };
  for (const Need need :
       {Need::spmc, Need::lending, Need::donating, Need::fragments, Need::borrowing}) {
    EXPECT_FALSE(met(need)) << static_cast<int>(need);
  }
  EXPECT_TRUE(met(Need::nothing));
  EXPECT_TRUE(met(Need::peers));
  switches = {.spmc = true, .fragments = true, .lends = true, .borrows = true};
  for (const Need need :
       {Need::spmc, Need::lending, Need::donating, Need::fragments, Need::borrowing}) {
    EXPECT_TRUE(met(need)) << static_cast<int>(need);
  }
  EXPECT_FALSE(met(Need::peers));
  EXPECT_TRUE((CallSwitches{.spmc = true}.has_ffa()));
  EXPECT_TRUE((CallSwitches{.spmc = false, .peers = true}.has_ffa()));
  EXPECT_FALSE(CallSwitches{.spmc = false}.has_ffa());
}
TEST(CallTable, OutsideTheRangeIsNoFunction) {
  EXPECT_EQ(find_function(0x84000000U, true), nullptr);
  EXPECT_EQ(find_function(0x85000070U, true), nullptr);
  EXPECT_NE(find_function(0x84000070U, false), nullptr);
  EXPECT_NE(find_function(0xc4000070U, true), nullptr);
  EXPECT_EQ(find_function(0xc4000070U, false), nullptr);
  EXPECT_EQ(find_function(0xc4000063U, true), nullptr);  // FFA_VERSION has no SMC64 id
}

}  // namespace
}  // namespace mediator
