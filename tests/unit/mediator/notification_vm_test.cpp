// SPDX-License-Identifier: BSD-3-Clause
// Notifications between VMs: what is bound, pending and told, and the interrupt that goes with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/notifications.hpp"
#include "world.hpp"

namespace fake {
namespace {

using mediator::Audience;
using mediator::Notifier;
using mediator::VmNotifications;

constexpr ffa::EndpointId self{0x0304};
constexpr Notifier first{ffa::EndpointId{5}, 1};
constexpr Notifier later{ffa::EndpointId{5}, 2};
constexpr Notifier other{ffa::EndpointId{6}, 1};
constexpr Audience all{};
Audience only(uint16_t vcpu) { return {true, ffa::VcpuId{vcpu}}; }

class Table : public testing::Test {
 protected:
  explicit Table(uint16_t vcpus = 5)
      : memory(VmNotifications::bytes(vcpus) / 64),
        arena(std::as_writable_bytes(std::span{memory})),
        table(vcpus, arena) {}
  struct alignas(64) Granule {
    std::byte bytes[64];
  };
  std::vector<Granule> memory;
  mediator::Arena arena;
  VmNotifications table;
};

TEST_F(Table, ANotificationHasOneSender) {
  table.bind(first, 0x8000000000000003, false);
  table.bind(other, 0x4, false);
  EXPECT_FALSE(table.is_free(0x6));
  EXPECT_TRUE(table.is_free(0x8));
  EXPECT_EQ(table.bound_to(first.id), 0x8000000000000003U);
  EXPECT_TRUE(table.is_bound(first, 0x3));
  EXPECT_FALSE(table.is_bound(first, 0x7));
  EXPECT_FALSE(table.is_bound(first, 0x9)) << "8 is nobody's";
  EXPECT_FALSE(table.is_bound(other, 0x1));
  table.unbind(0x1);
  EXPECT_FALSE(table.is_bound(first, 0x1));
  EXPECT_TRUE(table.is_free(0x1));
}
TEST_F(Table, ALaterVmWithTheIdIsAnotherSender) {
  table.bind(first, 0x3, false);
  EXPECT_FALSE(table.is_bound(later, 0x1));
  EXPECT_EQ(table.bound_to(later.id), 0x3U) << "but can be named to unbind";
}
TEST_F(Table, KindsDoNotMix) {
  table.bind(first, 0x3, false);
  table.bind(first, 0xc, true);
  EXPECT_TRUE(table.is_kind(0x3, false));
  EXPECT_TRUE(table.is_kind(0xc, true));
  EXPECT_FALSE(table.is_kind(0x5, false));
  EXPECT_FALSE(table.is_kind(0x5, true));
  table.unbind(0xc);
  table.bind(first, 0x4, false);
  EXPECT_TRUE(table.is_kind(0x4, false)) << "the kind is that of the last BIND";
}
TEST_F(Table, TakeReturnsWhatIsForAllAndForTheVcpu) {
  table.bind(first, 0x3, false);
  table.bind(first, 0xc, true);
  table.at(all).notify(0x1);
  table.at(only(2)).notify(0x4);
  table.at(only(3)).notify(0x8);
  EXPECT_TRUE(table.is_pending(0x8));
  EXPECT_FALSE(table.is_pending(0x2));
  EXPECT_EQ(table.take(ffa::VcpuId{2}), 0x5U);
  EXPECT_EQ(table.take(ffa::VcpuId{2}), 0U);
  EXPECT_EQ(table.take(ffa::VcpuId{3}), 0x8U);
  EXPECT_FALSE(table.is_pending(~uint64_t{0}));
}
TEST_F(Table, EachEventIsToldOnce) {
  EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 0U);
  table.at(only(4)).notify(1);
  table.at(only(1)).notify(mediator::NotificationSource::spmc);
  table.at(all).notify(mediator::NotificationSource::spmc);
  const auto info = table.tell(self, ffa::Convention::smc32);
  ASSERT_EQ(info.list_count, 2U);
  EXPECT_EQ(info.lists[0], (ffa::NotificationList{self, 0, {}}));
  EXPECT_EQ(info.lists[1], (ffa::NotificationList{self, 2, {ffa::VcpuId{1}, ffa::VcpuId{4}}}));
  EXPECT_FALSE(info.more_pending);
  EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 0U);
  table.at(only(4)).notify(1);
  EXPECT_EQ(table.tell(self, ffa::Convention::smc64).list_count, 1U);
}

TEST_F(Table, WhatIsTakenIsTold) {
  table.at(all).notify(0x1);
  table.at(only(2)).notify(0x4);
  EXPECT_EQ(table.take(ffa::VcpuId{2}), 0x5U);
  EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 0U);
}
TEST_F(Table, TheFirstNotificationIsPendingForItsVcpuToo) {
  table.bind(first, 0x1, true);
  EXPECT_FALSE(table.is_pending(0x1));
  table.at(only(2)).notify(0x1);
  EXPECT_TRUE(table.is_pending(0x1));
}
TEST_F(Table, AFullRxIsToldAndTakenOnce) {
  EXPECT_FALSE(table.take_rx_full());
  table.notify_rx_full();
  const auto info = table.tell(self, ffa::Convention::smc32);
  ASSERT_EQ(info.list_count, 1U);
  EXPECT_EQ(info.lists[0], (ffa::NotificationList{self, 0, {}}));
  EXPECT_TRUE(table.take_rx_full());
  EXPECT_FALSE(table.take_rx_full());
  table.notify_rx_full();
  EXPECT_TRUE(table.take_rx_full());
  EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 0U) << "it knows";
}
TEST_F(Table, WhatTheSpmcHadWhenItWasAskedIsTold) {
  constexpr auto spmc = mediator::NotificationSource::spmc;
  table.at(all).notify(spmc);
  table.at(only(1)).notify(spmc);
  table.tell_of_spmc(ffa::VcpuId{1}, table.seen_of_spmc(ffa::VcpuId{1}));
  EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 0U);
  for (const Audience& whom : {all, only(1)}) {
    const auto seen = table.seen_of_spmc(ffa::VcpuId{1});
    table.at(whom).notify(spmc);
    table.tell_of_spmc(ffa::VcpuId{1}, seen);
    EXPECT_EQ(table.tell(self, ffa::Convention::smc32).list_count, 1U) << "it came meanwhile";
  }
}

/// By width, whether the VM as a whole is notified, and how many vCPUs are.
class Lists : public testing::TestWithParam<std::tuple<ffa::Convention, bool, uint16_t>> {};
TEST_P(Lists, NameEachVcpuOnceInAsManyCallsAsItTakes) {
  const auto [convention, whole, vcpus] = GetParam();
  struct alignas(64) Granule {
    std::byte bytes[64];
  };
  std::vector<Granule> memory(VmNotifications::bytes(vcpus) / 64);
  mediator::Arena arena{std::as_writable_bytes(std::span{memory})};
  VmNotifications table{vcpus, arena};
  if (whole) table.at(all).notify(1);
  for (uint16_t n = 0; n < vcpus; ++n) table.at(only(n)).notify(2);
  std::vector<uint16_t> told;
  unsigned wholes = 0;
  for (bool more = true; more;) {
    const auto info = table.tell(self, convention);
    ASSERT_NE(info.list_count, 0U);
    if (wholes == 0 && told.empty()) {  // the first call tells as much as the registers hold
      const unsigned ids = vcpus + (vcpus + 2U) / 3 + (whole ? 1U : 0U);
      const unsigned capacity = ffa::NotificationInfoGetSuccess::id_capacity(convention);
      EXPECT_EQ(info.more_pending, ids > capacity);
      EXPECT_GE(info.id_count() + 1U, std::min(ids, capacity));
    }
    EXPECT_LE(info.id_count(), ffa::NotificationInfoGetSuccess::id_capacity(convention));
    const auto seen = ffa::NotificationInfoGetSuccess::decode(info.encode());
    ASSERT_TRUE(seen.ok());
    EXPECT_EQ(seen->encode(), info.encode());
    for (unsigned n = 0; n < seen->list_count; ++n) {
      const auto& list = seen->lists[n];
      EXPECT_EQ(list.endpoint, self);
      wholes += list.vcpu_count == 0 ? 1 : 0;
      for (unsigned v = 0; v < list.vcpu_count; ++v) told.push_back(list.vcpus[v].raw());
    }
    more = info.more_pending;
  }
  EXPECT_EQ(wholes, whole ? 1U : 0U);
  ASSERT_EQ(told.size(), vcpus);
  for (uint16_t n = 0; n < vcpus; ++n) EXPECT_EQ(told[n], n);
  EXPECT_EQ(table.tell(self, convention).list_count, 0U);
}
INSTANTIATE_TEST_SUITE_P(
    Notification, Lists,
    testing::Combine(testing::Values(ffa::Convention::smc32, ffa::Convention::smc64),
                     testing::Bool(), testing::Values(1, 3, 4, 6, 7, 8, 14, 15, 16, 17, 64)));

constexpr uint64_t ids(uint64_t high, uint64_t low) { return high << 16 | low; }
constexpr uint64_t bind_call = 0x8400007f;
constexpr uint64_t unbind_call = 0x84000080;
constexpr uint64_t set_call = 0x84000081;
constexpr uint64_t get_call = 0x84000082;

/// VM 1 notifies VM 2.
class BetweenVms : public testing::Test {
 protected:
  void SetUp() override {
    world.config.npi_id = 13;
    world.visible_to_vms = true;
    world.start(1, 0x10001);
    world.start(2, 0x10001);
    before = world.smc_count();
  }
  size_t sent() const { return world.smc_count() - before; }
  void bind(uint64_t bitmap, bool per_vcpu = false) {
    EXPECT_SUCCESS32(world.call(2, {bind_call, ids(1, 2), per_vcpu ? 1U : 0U, bitmap}));
  }
  ffa::Regs set(uint64_t bitmap, uint64_t flags = 0) {
    return world.call(1, {set_call, ids(1, 2), flags, bitmap});
  }
  World world;
  size_t before = 0;
};
using Irqs = std::vector<Irq>;

TEST_F(BetweenVms, SetInterruptsAndGetFetches) {
  bind(0x6);
  EXPECT_SUCCESS32(set(0x2));
  EXPECT_EQ(world.platform.irqs, (Irqs{{2, 0, 13}}));
  EXPECT_EQ(world.platform.vm_references, 0);
  EXPECT_EQ(world.call(2, {get_call, 2, 2}).x[4], 2U);
  EXPECT_EQ(world.call(2, {get_call, 2, 2}).x[4], 0U);
  EXPECT_EQ(sent(), 0U);
}
TEST_F(BetweenVms, RulesOfBindUnbindAndSet) {
  bind(0x6);
  EXPECT_REJECTED(world, world.call(2, {bind_call, ids(1, 2), 0, 0x2}), noti_bind_free);
  EXPECT_REJECTED(world, world.call(2, {bind_call, ids(7, 2), 0, 0x8}), noti_bind_sender);
  EXPECT_REJECTED(world, world.call(2, {bind_call, ids(2, 2), 0, 0x8}), noti_bind_sender);
  EXPECT_REJECTED(world, world.call(2, {unbind_call, ids(1, 2), 0, 0xa}), noti_unbind_bound);
  EXPECT_REJECTED(world, set(0x8), noti_set_bound);
  EXPECT_REJECTED(world, set(0x2, 1), noti_set_kind);
  EXPECT_REJECTED(world, set(0x2, 0x70001), noti_set_vcpu);
  EXPECT_REJECTED(world, world.call(1, {set_call, ids(1, 7), 0, 2}), noti_set_receiver);
  EXPECT_SUCCESS32(set(0x2));
  EXPECT_REJECTED(world, world.call(2, {unbind_call, ids(1, 2), 0, 0x2}), noti_unbind_pending);
  EXPECT_SUCCESS32(world.call(2, {unbind_call, ids(1, 2), 0, 0x4}));
  EXPECT_REJECTED(world, set(0x4), noti_set_bound);
  EXPECT_EQ(sent(), 0U);
}
TEST_F(BetweenVms, NoVcpuThatIsOfflineIsInterrupted) {
  bind(0x1);
  bind(0x2, true);
  world.platform.offline = {{2, 0}};
  EXPECT_SUCCESS32(set(0x1));
  EXPECT_EQ(world.platform.irqs, (Irqs{{2, 1, 13}})) << "the next one that is online";
  EXPECT_SUCCESS32(set(0x2, 1));
  EXPECT_EQ(world.platform.irqs.size(), 1U);
  EXPECT_EQ(world.call(2, {get_call, 2, 2}).x[4], 3U) << "it waits until the vCPU asks";
  world.platform.offline = {{2, 0}, {2, 1}};
  EXPECT_SUCCESS32(set(0x1));
  EXPECT_EQ(world.platform.irqs.size(), 1U);
}
TEST_F(BetweenVms, AFailedGetLosesNothing) {
  bind(0x1);
  EXPECT_SUCCESS32(set(0x1));
  const auto served = world.platform.spmc[get_call];
  world.platform.spmc[get_call] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::invalid_parameters);
  };
  EXPECT_STATUS(world.call(2, {get_call, 2, 0xf}), invalid_parameters);
  world.platform.spmc[get_call] = served;
  EXPECT_EQ(world.call(2, {0x84000083}).x[3], 2U);
  EXPECT_EQ(world.call(2, {get_call, 2, 0xf}).x[4], 1U);
}
TEST_F(BetweenVms, WhatComesWhileTheSpmcIsAskedIsFetchedFromVmsAndStillToldOfSps) {
  bind(0x3);
  EXPECT_SUCCESS32(set(0x1));
  world.platform.spmc[0xc4000083] = [](const ffa::Regs&) {
    return regs({0xc4000061, 0, 0x80, 2});  // one list: VM 2
  };
  int interrupts = 1;
  world.platform.spmc[get_call] = [&](const ffa::Regs&) {
    if (interrupts-- == 1) {
      EXPECT_SUCCESS32(set(0x2));
      world.mediator->schedule_receiver_interrupt();
    }
    return ffa::success32();
  };
  EXPECT_EQ(world.call(2, {get_call, 2, 0xf}).x[4], 3U);
  EXPECT_EQ(world.call(2, {0x84000083}).x[2], 0x80U) << "told once too often rather than never";
  EXPECT_STATUS(world.call(2, {0x84000083}), no_data);
  EXPECT_SUCCESS32(set(0x2));
  EXPECT_EQ(world.call(2, {get_call, 2, 0xf}).x[4], 2U);
  EXPECT_STATUS(world.call(2, {0x84000083}), no_data);
}

TEST(BetweenVmsAlone, TheyNeedNoSpmcThatHasNotifications) {
  World world;
  world.visible_to_vms = true;
  world.missing = {0x8400007d};
  world.start(1, 0x10001);
  world.start(2, 0x10001);
  EXPECT_SUCCESS32(world.call(1, {0x84000064, 0x84000081}));
  EXPECT_SUCCESS32(world.call(1, {0x84000064, 1}));
  EXPECT_SUCCESS32(world.call(2, {bind_call, ids(1, 2), 0, 0x6}));
  EXPECT_REJECTED(world, world.call(2, {bind_call, ids(sp1, 2), 0, 0x6}), noti_bind_sender);
  EXPECT_REJECTED(world, world.call(1, {set_call, ids(1, sp1), 0, 0x6}), noti_set_receives);
  EXPECT_SUCCESS32(world.call(1, {set_call, ids(1, 2), 0, 0x2}));
  const size_t before = world.smc_count();
  EXPECT_EQ(world.call(2, {get_call, 2, 0xf}).x[4], 2U);
  EXPECT_EQ(world.smc_count(), before);
}

}  // namespace
}  // namespace fake
