// SPDX-License-Identifier: BSD-3-Clause
// Notifications: what a VM may bind, set and get, what reaches the SPMC, and the interrupt that
// tells of them.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

class Notification : public testing::Test {
 protected:
  void SetUp() override {
    world.start(1, 0x10001);
    before = world.smc_count();
  }
  ffa::Regs last() const { return world.platform.smcs.back().in; }
  size_t sent() const { return world.smc_count() - before; }
  World world;
  size_t before = 0;
};

TEST_F(Notification, BindGoesOnWithItsHalvesInPlace) {
  EXPECT_SUCCESS32(world.call(1, {0x8400007f, ids(sp2, 1), 1, 0x8, 0x40000000}));
  EXPECT_EQ(last(), regs({0x8400007f, ids(sp2, 1), 1, 0x8, 0x40000000}));
  EXPECT_EQ(world.platform.smcs.back().vm, 1);
}
TEST_F(Notification, RulesOfBind) {
  const auto bind = [&](uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4 = 0, uint64_t w5 = 0,
                        uint64_t w7 = 0) {
    return world.call(1, {0x8400007f, w1, w2, w3, w4, w5, 0, w7});
  };
  EXPECT_REJECTED(world, bind(ids(sp1, 1), 2, 1), noti_bind_reserved);
  EXPECT_REJECTED(world, bind(ids(sp1, 1), 0x80000000, 1), noti_bind_reserved);
  EXPECT_REJECTED(world, bind(ids(sp1, 1), 0, 1, 0, 1), noti_bind_reserved);
  EXPECT_REJECTED(world, bind(ids(sp1, 1), 0, 1, 0, 0, 1), noti_bind_reserved);
  EXPECT_REJECTED(world, bind(ids(sp1, 2), 0, 1), noti_bind_receiver);
  EXPECT_REJECTED(world, bind(ids(1, sp1), 0, 1), noti_bind_receiver);
  EXPECT_REJECTED(world, bind(ids(1, 1), 0, 1), noti_bind_sender);
  EXPECT_REJECTED(world, bind(ids(0x8009, 1), 0, 1), noti_bind_sender);
  EXPECT_REJECTED(world, bind(ids(2, 1), 0, 1), noti_bind_sender);
  EXPECT_REJECTED(world, bind(ids(sp1, 1), 0, 0, 0), noti_bind_bitmap);
  EXPECT_EQ(sent(), 0U);
  EXPECT_SUCCESS32(bind(ids(sp1, 1), 0, 0, 1));
}
TEST_F(Notification, AnErrorOfTheSpmcIsPassedAndNothingIsBound) {
  world.platform.spmc[0x8400007f] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  EXPECT_STATUS(world.call(1, {0x8400007f, ids(sp1, 1), 0, 1}), denied);
  world.platform.spmc[0x8400007f] = [](const ffa::Regs&) { return regs({0x84000062, 1, 2}); };
  EXPECT_STATUS(world.call(1, {0x8400007f, ids(sp1, 1), 0, 1}), not_supported);
  world.platform.spmc[0x8400007e] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  world.mediator->domain_teardown(ffa::EndpointId{1});
  EXPECT_TRUE(world.platform.sent(0x84000080).empty());
}
TEST_F(Notification, TwoVcpusDoNotChangeTheSameBindingAtOnce) {
  const auto bind = [&](uint64_t bitmap, uint16_t vcpu) {
    return world.call(1, {0x8400007f, ids(sp1, 1), 0, bitmap}, vcpu);
  };
  const auto unbind = [&](uint64_t bitmap, uint16_t vcpu) {
    return world.call(1, {0x84000080, ids(sp1, 1), 0, bitmap}, vcpu);
  };
  uint64_t bound = 0;               // as the SPMC sees it
  std::function<void()> meanwhile;  // behind the SPMC's part of a call, in front of the mediator's
  world.platform.spmc[0x8400007f] = [&](const ffa::Regs& in) {
    bound |= in.w(3);
    if (auto now = std::exchange(meanwhile, nullptr)) now();
    return ffa::success32();
  };
  world.platform.spmc[0x84000080] = [&](const ffa::Regs& in) {
    bound &= ~uint64_t{in.w(3)};
    if (auto now = std::exchange(meanwhile, nullptr)) now();
    return ffa::success32();
  };
  world.platform.spmc[0x8400007e] = [&](const ffa::Regs&) {
    return bound != 0 ? ffa::reply(ffa::Status::denied) : ffa::success32();
  };
  EXPECT_SUCCESS32(bind(1, 0));
  meanwhile = [&] { EXPECT_REJECTED(world, bind(3, 1), noti_bind_free); };
  EXPECT_SUCCESS32(unbind(1, 0));
  EXPECT_EQ(bound, 0U);
  meanwhile = [&] { EXPECT_REJECTED(world, unbind(1, 1), noti_unbind_bound); };
  EXPECT_SUCCESS32(bind(1, 0));
  meanwhile = [&] { EXPECT_SUCCESS32(bind(4, 1)); };  // another one
  EXPECT_SUCCESS32(bind(2, 0));
  EXPECT_EQ(bound, 7U);
  world.mediator->domain_teardown(ffa::EndpointId{1});
  EXPECT_EQ(bound, 0U);
  EXPECT_TRUE(world.platform.logs.empty());
}
TEST_F(Notification, RulesOfUnbind) {
  const auto unbind = [&](uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4 = 0) {
    return world.call(1, {0x84000080, w1, w2, w3, w4});
  };
  EXPECT_REJECTED(world, unbind(ids(sp1, 1), 1, 1), noti_unbind_reserved);
  EXPECT_REJECTED(world, unbind(ids(sp1, 2), 0, 1), noti_unbind_receiver);
  EXPECT_REJECTED(world, unbind(ids(1, 1), 0, 1), noti_unbind_sender);
  EXPECT_REJECTED(world, unbind(ids(sp1, 1), 0, 0), noti_unbind_bitmap);
  EXPECT_EQ(sent(), 0U);
  EXPECT_SUCCESS32(unbind(ids(sp1, 1), 0, 0x10, 0x20));
  EXPECT_EQ(last(), regs({0x84000080, ids(sp1, 1), 0, 0x10, 0x20}));
}
TEST_F(Notification, RulesOfSet) {
  const auto set = [&](uint64_t w1, uint64_t w2, uint64_t w3, uint64_t w4 = 0) {
    return world.call(1, {0x84000081, w1, w2, w3, w4});
  };
  EXPECT_REJECTED(world, set(ids(1, sp1), 4, 1), noti_set_reserved);
  EXPECT_REJECTED(world, set(ids(1, sp1), 0x8000, 1), noti_set_reserved);
  EXPECT_REJECTED(world, set(ids(2, sp1), 0, 1), noti_set_sender);
  EXPECT_REJECTED(world, set(ids(sp1, 1), 0, 1), noti_set_sender);
  EXPECT_REJECTED(world, set(ids(1, sp1), 2, 1), noti_set_delay);
  EXPECT_REJECTED(world, set(ids(1, 1), 0, 1), noti_set_receiver);
  EXPECT_REJECTED(world, set(ids(1, 0x8009), 0, 1), noti_set_receiver);
  EXPECT_REJECTED(world, set(ids(1, sp1), 0, 0), noti_set_bitmap);
  EXPECT_REJECTED(world, set(ids(1, sp1), 0x10000, 1), noti_set_global);
  EXPECT_REJECTED(world, set(ids(1, sp1), 0x30001, 1), noti_set_vcpu);  // it has 3 contexts
  EXPECT_EQ(sent(), 0U);
  EXPECT_SUCCESS32(set(ids(1, sp1), 0x20001, 1));
  EXPECT_SUCCESS32(set(ids(1, sp1), 0, 0x4, 0x80));
  EXPECT_EQ(last(), regs({0x84000081, ids(1, sp1), 0, 0x4, 0x80}));
}
TEST(NotificationSet, ToAPartitionWithoutNotificationsIsDenied) {
  World world;
  world.sps = {{sp1, 1, 0x101, uuid1}};
  world.start(1, 0x10001);
  EXPECT_REJECTED(world, world.call(1, {0x84000081, ids(1, sp1), 0, 1}), noti_set_receives);
}
TEST_F(Notification, RulesOfGet) {
  const auto get = [&](uint64_t w1, uint64_t w2) { return world.call(1, {0x84000082, w1, w2}); };
  EXPECT_REJECTED(world, get(ids(0, 1), 0x10), noti_get_reserved);
  EXPECT_REJECTED(world, get(ids(0, 1), 0x80000000), noti_get_reserved);
  EXPECT_REJECTED(world, get(ids(0, 2), 5), noti_get_receiver);
  EXPECT_REJECTED(world, get(ids(0, sp1), 5), noti_get_receiver);
  EXPECT_REJECTED(world, get(ids(2, 1), 5), noti_get_vcpu);
  EXPECT_EQ(sent(), 0U);
  EXPECT_SUCCESS32(get(ids(1, 1), 5));
}
TEST_F(Notification, GetAsksTheSpmcForItsOwnPartsOnly) {
  world.platform.spmc[0x84000082] = [](const ffa::Regs&) {
    return regs({0x84000061, 0, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67});
  };
  const auto get = [&](uint64_t flags) {
    ffa::Regs out = world.call(1, {0x84000082, 1, flags});
    for (unsigned n = 8; n < 18; ++n) out.x[n] = 0;
    return out;
  };
  EXPECT_EQ(get(0xf), regs({0x84000061, 0, 0x12, 0x23, 0, 0, 0x56, 0}));
  EXPECT_EQ(last(), regs({0x84000082, 1, 5}));
  EXPECT_EQ(get(1), regs({0x84000061, 0, 0x12, 0x23}));
  EXPECT_EQ(get(4), regs({0x84000061, 0, 0, 0, 0, 0, 0x56}));
  const size_t count = world.smc_count();
  EXPECT_EQ(get(0xa), regs({0x84000061}));
  EXPECT_EQ(get(0), regs({0x84000061}));
  EXPECT_EQ(world.smc_count(), count);
}
TEST_F(Notification, BoundNotificationsAreObserved) {
  struct Facts : mediator::Observer {
    uint32_t bound = 0;
    void vm(const mediator::VmFacts& facts) override { bound = facts.notifications_bound_low; }
    void share(const mediator::ShareFacts& /*facts*/) override {}
    void range(const mediator::RangeFacts& /*facts*/) override {}
  } facts;
  EXPECT_SUCCESS32(world.call(1, {0x8400007f, ids(sp1, 1), 0, 0x9, 1}));
  world.mediator->observe(facts);
  EXPECT_EQ(facts.bound, 9U);
  EXPECT_SUCCESS32(world.call(1, {0x84000080, ids(sp1, 1), 0, 0x1, 0}));
  world.mediator->observe(facts);
  EXPECT_EQ(facts.bound, 8U);
}

class Delivery : public Notification {
 protected:
  void SetUp() override {
    world.config.npi_id = 13;
    Notification::SetUp();
    ASSERT_TRUE(world.create_vm(2).ok());
  }
  /// INFO_GET answers, one after the other, then NO_DATA.
  void pending(std::vector<ffa::Regs> answers, uint32_t fid = 0xc4000083) {
    world.platform.spmc[fid] = [answers, n = size_t{0}](const ffa::Regs&) mutable {
      return n < answers.size() ? answers[n++] : ffa::reply(ffa::Status::no_data);
    };
    world.mediator->schedule_receiver_interrupt();
  }
  static uint64_t head(std::initializer_list<uint64_t> vcpu_counts, bool more = false) {
    uint64_t word = (more ? 1U : 0U) | vcpu_counts.size() << 7;
    unsigned shift = 12;
    for (const uint64_t count : vcpu_counts) {
      word |= count << shift;
      shift += 2;
    }
    return word;
  }
};
using Irqs = std::vector<Irq>;

TEST_F(Delivery, AWholeVmGetsItOnVcpu0) {
  pending({regs({0xc4000061, 0, head({0}), 1})});
  EXPECT_EQ(world.platform.irqs, (Irqs{{1, 0, 13}}));
  EXPECT_EQ(world.platform.smcs.back().vm, 0);
  EXPECT_EQ(world.platform.vm_references, 0);
}
TEST_F(Delivery, ListedVcpusGetIt) {
  // 1 with vCPUs 1 and 0, 2 as a whole, 2 with vCPU 1
  pending({regs({0xc4000061, 0, head({2, 0, 1}), 0x0002'0000'0001'0001, 0x0001'0002})});
  EXPECT_EQ(world.platform.irqs, (Irqs{{1, 1, 13}, {1, 0, 13}, {2, 0, 13}, {2, 1, 13}}));
}
TEST_F(Delivery, MoreIsAskedForUntilThereIsNone) {
  pending({regs({0xc4000061, 0, head({0}, true), 1}), regs({0xc4000061, 0, head({0}), 2})});
  EXPECT_EQ(world.platform.irqs, (Irqs{{1, 0, 13}, {2, 0, 13}}));
  EXPECT_EQ(world.platform.sent(0xc4000083).size(), 2U);
}
TEST_F(Delivery, MoreForEverIsBounded) {
  world.platform.spmc[0xc4000083] = [](const ffa::Regs&) {
    return regs({0xc4000061, 0, head({0}, true), 1});
  };
  world.mediator->schedule_receiver_interrupt();
  EXPECT_LE(world.platform.sent(0xc4000083).size(), 100U);
}
TEST_F(Delivery, UnknownDeadAndSecureIdsAndVcpusAreSkipped) {
  world.platform.alive.erase(2);
  pending({regs({0xc4000061, 0, head({0, 0, 0, 1}), 0x0001'8001'0007'0002, 0x0005})});
  EXPECT_TRUE(world.platform.irqs.empty());
  EXPECT_EQ(world.platform.vm_references, 0);
}
TEST_F(Delivery, AVmInTeardownIsSkipped) {
  world.mediator->domain_teardown(ffa::EndpointId{2});
  pending({regs({0xc4000061, 0, head({0, 0}), 0x0001'0002})});
  EXPECT_EQ(world.platform.irqs, (Irqs{{1, 0, 13}}));
}
TEST_F(Delivery, MalformedListsEndIt) {
  pending({regs({0xc4000061, 0, head({3, 3, 3, 3, 3, 3}, true), 1}),
           regs({0xc4000061, 0, head({0}), 1})});
  EXPECT_TRUE(world.platform.irqs.empty());
  EXPECT_EQ(world.platform.sent(0xc4000083).size(), 1U);
}
TEST(Delivery32, The32BitFormIsUsedWhereTheOtherIsMissing) {
  World world;
  world.missing = {0xc4000083};
  world.platform.spmc[0x84000083] = [](const ffa::Regs&) {
    return regs({0x84000061, 0, 2ULL << 7, 0x0002'0001});
  };
  world.start(1, 0x10001);
  ASSERT_TRUE(world.create_vm(2).ok());
  world.mediator->schedule_receiver_interrupt();
  EXPECT_EQ(world.platform.irqs, (Irqs{{1, 0, 8}, {2, 0, 8}}));
}
TEST(Delivery32, WithoutNotificationsNobodyIsAsked) {
  World world;
  world.missing = {0x8400007d};
  world.start(1, 0x10001);
  const size_t before = world.smc_count();
  world.mediator->schedule_receiver_interrupt();
  EXPECT_EQ(world.smc_count(), before);
}

}  // namespace
}  // namespace fake
