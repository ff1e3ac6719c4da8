// SPDX-License-Identifier: BSD-3-Clause
// Boot against SPMCs of every kind: absent, older, newer, poor, and hostile ones whose counts and
// sizes must not be trusted.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

/// Whether a VM is served after such a boot.
bool serves(World& world) {
  EXPECT_TRUE(world.create_vm(1).ok());
  if (world.call(1, {0x84000063, 0x10001}).x[0] != 0x10002) return false;
  return status_in(world.call(1, {0x84000069})) == ffa::Status::success;
}

TEST(Probe, TakesTheSnapshotAndGivesRxBack) {
  World world;
  EXPECT_TRUE(world.boot().ok());
  EXPECT_TRUE(world.spmc_owns_rx);
  EXPECT_EQ(world.platform.sent(0x84000065).size(), 1U);
  const auto map = world.platform.sent(0xc4000066);
  ASSERT_EQ(map.size(), 1U);
  EXPECT_EQ(map[0].in, regs({0xc4000066, 0x48000000, 0x48010000, 1}));
  EXPECT_EQ(map[0].vm, 0);
  EXPECT_TRUE(serves(world));
}
TEST(Probe, WithoutSpmcNothingIsServedAndNothingSent) {
  World world;
  world.platform.spmc.clear();
  world.platform.spmc[0x84000063] = [](const ffa::Regs&) { return regs({0xffffffff}); };
  EXPECT_EQ(world.boot().error(), ffa::Status::not_supported);
  const size_t before = world.smc_count();
  EXPECT_FALSE(serves(world));
  EXPECT_EQ(world.call(1, {0x84000063, 0x10001}).x[0], 0xffffffffU);
  EXPECT_STATUS(world.call(1, {0x84000068}), not_supported);
  EXPECT_EQ(world.call(1, {0x80000000}).x[0], 0x10002U);
  world.mediator->schedule_receiver_interrupt();
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{1}), mediator::Progress::done);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), mediator::Progress::done);
  world.mediator->free_domain_ctx(ffa::EndpointId{1});
  EXPECT_EQ(world.smc_count(), before);
}
TEST(Probe, MinusOneIn64OrIn32BitsIsNoVersion) {
  for (const uint64_t answer : {0xffffffffffffffffULL, 0x00000000ffffffffULL, 0x80010002ULL}) {
    World world;
    world.platform.spmc[0x84000063] = [answer](const ffa::Regs&) { return regs({answer}); };
    EXPECT_FALSE(world.boot().ok());
  }
}
TEST(Probe, AnotherMajorVersionIsNoUsableSpmc) {
  for (const uint32_t version : {0x20000U, 0x00001U, 0x7fff0002U}) {
    World world;
    world.spmc_version = version;
    EXPECT_FALSE(world.boot().ok());
  }
}
TEST(Probe, ANewerMinorVersionWorks) {
  World world;
  world.spmc_version = 0x10003;
  EXPECT_TRUE(world.boot().ok());
  EXPECT_EQ(world.platform.sent(0x84000063).size(), 1U);
  EXPECT_TRUE(serves(world));
}
TEST(Probe, AnOlderSpmcIsAskedForItsOwnVersion) {
  World world;
  world.spmc_version = 0x10001;
  EXPECT_TRUE(world.boot().ok());
  const auto asked = world.platform.sent(0x84000063);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].in.x[1], 0x10002U);
  EXPECT_EQ(asked[1].in.x[1], 0x10001U);
  EXPECT_TRUE(serves(world));
}
TEST(Probe, AnSpmcThatRefusesHigherMinorsIsAskedDownwards) {
  World world;
  world.platform.spmc[0x84000063] = [](const ffa::Regs& in) {
    return in.w(1) <= 0x10001 ? regs({0x10001}) : regs({0xffffffff});
  };
  EXPECT_TRUE(world.boot().ok());
  EXPECT_EQ(world.platform.sent(0x84000063).size(), 2U);
}
TEST(Probe, VersionAnswersThatChangeDoNotKeepItBusy) {
  World world;
  uint32_t n = 0;
  world.platform.spmc[0x84000063] = [&n](const ffa::Regs&) {
    return n++ % 2 == 0 ? regs({0x10001}) : regs({0x10000});
  };
  (void)world.boot();
  EXPECT_LE(world.platform.sent(0x84000063).size(), 4U);
}
TEST(Probe, A10SpmcHas8ByteDescriptorsAndNoNotifications) {
  World world;
  world.spmc_version = 0x10000;
  world.descriptor_size = 8;
  EXPECT_TRUE(world.boot().ok());
  EXPECT_TRUE(world.platform.sent(0x84000085).empty());
  EXPECT_TRUE(serves(world));
  EXPECT_TRUE(world.platform.sent(0x8400007d).empty());
  world.map_buffers(1);
  EXPECT_EQ(world.call(1, {0x84000068}).x[2], 3U);
  const auto bytes = world.platform.read(1, rx_ipa, 24);
  EXPECT_EQ(bytes[0], std::byte{0x01});
  EXPECT_EQ(bytes[1], std::byte{0x80});
  EXPECT_EQ(bytes[4], std::byte{0x01});  // 0x1c9 of which 1.0 knows bit 0
  EXPECT_EQ(bytes[5], std::byte{0});
}
TEST(Probe, DescriptorsAreReadInStepsOfTheReportedSize) {
  for (const uint32_t size : {24U, 25U, 32U, 48U, 1024U}) {
    World world;
    world.descriptor_size = size;
    EXPECT_TRUE(world.boot().ok()) << size;
    EXPECT_TRUE(serves(world));
    world.map_buffers(1);
    EXPECT_EQ(world.call(1, {0x84000068}).x[2], 3U);
    EXPECT_EQ(world.platform.read(1, rx_ipa + 24, 1)[0], std::byte{0x02});
    EXPECT_EQ(world.platform.read(1, rx_ipa + 48, 1)[0], std::byte{0x03});
  }
}
TEST(Probe, HostileCountsAndSizesAreRefusedAndRxGoesBack) {
  const std::pair<uint64_t, uint64_t> answers[] = {
      {0x100000, 24},  {65, 24},        {3, 0},    {3, 8},
      {3, 23},         {3, 2048},       {1, 4097}, {0xffffffff, 0xffffffff},
      {2, 0x80000000}, {64, 0x4000001}, {65536, 0}};
  for (const auto& [count, size] : answers) {
    World world;
    world.platform.spmc[0x84000068] =
        [&world, reply = ffa::success32(static_cast<uint32_t>(count), static_cast<uint32_t>(size))](
            const ffa::Regs&) {
          world.spmc_owns_rx = false;
          return reply;
        };
    EXPECT_EQ(world.boot().error(), ffa::Status::not_supported) << count << ' ' << size;
    EXPECT_TRUE(world.spmc_owns_rx);
    EXPECT_FALSE(serves(world));
  }
}
TEST(Probe, AsManyPartitionsAsConfigured) {
  for (const uint16_t most : std::initializer_list<uint16_t>{3, 2}) {
    World world;
    world.config.max_partitions = most;
    EXPECT_EQ(world.boot().ok(), most == 3);
  }
}
TEST(Probe, VmsInTheListOfTheSpmcAreSkipped) {
  World world;
  world.sps.push_back({7, 1, 1, uuid2});
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000068, 0, 0, 0, 0, 1}).x[2], 3U);
}
TEST(Probe, SeveralServicesOfOnePartitionAreListedAndToldOnce) {
  World world;
  world.sps = {{sp1, 3, 0x1c9, uuid1}, {sp1, 3, 0x1c9, uuid2}};
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000068, 0, 0, 0, 0, 1}).x[2], 2U);
  EXPECT_EQ(world.platform.sent(0x8400006f).size(), 1U);
}
TEST(Probe, NoPartitionsAtAllIsFine) {
  World world;
  world.sps.clear();
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000068, 0, 0, 0, 0, 1}).x[2], 0U);
}
TEST(Probe, AnErrorThatLeavesRxFreeIsNotFollowedByARelease) {
  World world;
  world.platform.spmc[0x84000068] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  EXPECT_FALSE(world.boot().ok());
  EXPECT_TRUE(world.platform.sent(0x84000065).empty());
}
TEST(Probe, AnErrorThatLeavesRxTakenIs) {
  World world;
  world.platform.spmc[0x84000068] = [&](const ffa::Regs&) {
    const auto status = world.spmc_owns_rx ? ffa::Status::invalid_parameters : ffa::Status::busy;
    world.spmc_owns_rx = false;
    return ffa::reply(status);
  };
  EXPECT_FALSE(world.boot().ok());
  EXPECT_TRUE(world.spmc_owns_rx);
  EXPECT_EQ(world.platform.sent(0x84000065).size(), 1U);
}
TEST(Probe, WithoutPartitionInfoThereAreNoPartitions) {
  World world;
  world.missing = {0x84000068};
  EXPECT_TRUE(world.boot().ok());
  EXPECT_TRUE(world.platform.sent(0x84000068).empty());
  EXPECT_TRUE(serves(world));
}
TEST(Probe, ARefusedMapOfTheOwnBuffersSwitchesOff) {
  World world;
  world.platform.spmc[0xc4000066] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  EXPECT_FALSE(world.boot().ok());
  EXPECT_FALSE(serves(world));
}
TEST(Probe, TheOwnBuffersAreMappedWith32BitsOnlyWhereTheyFit) {
  World low;
  low.missing = {0xc4000066};
  EXPECT_TRUE(low.boot().ok());
  EXPECT_EQ(low.platform.sent(0x84000066).size(), 1U);
  World high;
  high.missing = {0xc4000066};
  high.platform.own_buffer_pa = 0x880000000;
  EXPECT_FALSE(high.boot().ok());
  EXPECT_TRUE(high.platform.sent(0x84000066).empty());
}
TEST(Probe, ASpmcIdThatIsNoSecureIdIsNotTaken) {
  World world;
  world.platform.spmc[0x84000085] = [](const ffa::Regs&) { return ffa::success32(0x0005); };
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000085}).x[2], 0x8000U);
}
TEST(Create, NeedsExactlyTheMemoryItAsksForAligned) {
  World world;
  world.create();
  EXPECT_NE(world.mediator, nullptr);
  const auto bytes = World::bytes_of(world.memory);
  using M = mediator::Mediator<Platform>;
  EXPECT_EQ(M::memory_needed(world.config) % 64, 0U);
  EXPECT_EQ(M::create(world.platform, world.config, bytes.first(bytes.size() - 64)), nullptr);
  EXPECT_EQ(M::create(world.platform, world.config, bytes.subspan(8)), nullptr);
  world.config.max_vms = 0;
  EXPECT_EQ(M::create(world.platform, world.config, bytes), nullptr);
}

}  // namespace
}  // namespace fake
