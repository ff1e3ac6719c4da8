// SPDX-License-Identifier: BSD-3-Clause
// FFA_PARTITION_INFO_GET of the model.
#include "world.hpp"

namespace spmc_test {
namespace {

Regs info_get(World& world, const ffa::Uuid& uuid = {}, uint32_t flags = 0) {
  return world.call({fid32(Fid::partition_info_get), uuid.word(0), uuid.word(1), uuid.word(2),
                     uuid.word(3), flags});
}

TEST(SpmcPartitionInfo, Knob18TwentyFourByteEntriesFromV1_1) {
  World world;
  world.boot(ffa::v1_1);
  const Regs out = info_get(world);
  EXPECT_EQ(out.x[0], success_32);
  EXPECT_EQ(out.x[2], 2U);
  EXPECT_EQ(out.x[3], 24U);
  const std::vector<uint8_t> rx = world.memory.get(rx_page, 49);
  EXPECT_EQ(get_le(rx, 0, 2), echo_id);
  EXPECT_EQ(get_le(rx, 2, 2), 4U);
  EXPECT_EQ(get_le(rx, 4, 4), 0x1c3U);
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(rx[8 + i], 0x10 + i);
  EXPECT_EQ(get_le(rx, 24, 2), user_id);
  EXPECT_EQ(get_le(rx, 26, 2), 2U);
  EXPECT_EQ(get_le(rx, 28, 4), 0x1c3U) << "the bits of DIRECT_REQ2 are hidden below 1.2";
  EXPECT_EQ(rx[32], 0x60);
  EXPECT_EQ(rx[48], 0xa5) << "nothing is written behind the entries";
}

TEST(SpmcPartitionInfo, Knob18V1_2SeesTheBitsOfDirectReq2) {
  World world;
  world.boot(ffa::v1_2);
  EXPECT_EQ(info_get(world).x[3], 24U);
  EXPECT_EQ(get_le(world.memory.get(rx_page, 48), 28, 4), 0x7c3U);
}

TEST(SpmcPartitionInfo, Knob18EightByteEntriesForV1_0) {
  World world;
  world.boot(ffa::v1_0);
  const Regs out = info_get(world);
  EXPECT_EQ(out.x[2], 2U);
  EXPECT_EQ(out.x[3], 0U);
  const std::vector<uint8_t> rx = world.memory.get(rx_page, 17);
  EXPECT_EQ(get_le(rx, 4, 4), 0x3U) << "1.0 knows three property bits";
  EXPECT_EQ(get_le(rx, 8, 2), user_id);
  EXPECT_EQ(get_le(rx, 10, 2), 2U);
  EXPECT_EQ(rx[16], 0xa5);
}

TEST(SpmcPartitionInfo, UuidSelectsOnePartitionAndIsNotRepeatedInItsEntry) {
  World world;
  world.boot();
  EXPECT_EQ(info_get(world, uuid_of(0x60)).x[2], 1U);
  const std::vector<uint8_t> rx = world.memory.get(rx_page, 24);
  EXPECT_EQ(get_le(rx, 0, 2), user_id);
  EXPECT_EQ(get_le(rx, 8, 8), 0U);
  EXPECT_EQ(get_le(rx, 16, 8), 0U);
}

TEST(SpmcPartitionInfo, CountFlagNeedsNoBufferAndTakesNoOwnership) {
  World world;
  world.version(ffa::v1_1);
  const Regs out = info_get(world, {}, 1);
  EXPECT_EQ(out.x[2], 2U);
  EXPECT_EQ(out.x[3], 0U);
  EXPECT_EQ(info_get(world, uuid_of(0x10), 1).x[2], 1U);
  world.map();
  info_get(world, {}, 1);
  EXPECT_TRUE(world.spmc->owns_hypervisor_rx());
}

TEST(SpmcPartitionInfo, Knob14UnknownUuidIsSuccessWithCount0) {
  World world;
  world.boot();
  const Regs out = info_get(world, uuid_of(0x61));
  EXPECT_EQ(out.x[0], success_32);
  EXPECT_EQ(out.x[2], 0U);
  EXPECT_FALSE(world.spmc->owns_hypervisor_rx());
}

TEST(SpmcPartitionInfo, Knob15RxStaysWithTheNormalWorldAfterAnError) {
  World world;
  world.boot();
  world.memory.broken_page = rx_page;
  EXPECT_STATUS(info_get(world), invalid_parameters);
  EXPECT_FALSE(world.spmc->owns_hypervisor_rx());
  world.memory.broken_page = 1;
  EXPECT_STATUS(info_get(world), busy);
  EXPECT_SUCCESS(world.call(Fid::rx_release));
  EXPECT_SUCCESS(info_get(world));
}

TEST(SpmcPartitionInfo, Knob17ReservedFlagsAreIgnored) {
  World world;
  world.boot();
  EXPECT_EQ(info_get(world, {}, 0xfffffffe).x[3], 24U);
}

TEST(SpmcPartitionInfo, Knob19GetRegsIsNotSupported) {
  World world;
  world.boot(ffa::v1_2);
  EXPECT_STATUS(world.call({0xc400008b, 0, 0, 0}), not_supported);
}

TEST(SpmcPartitionInfo, Knob20BusyWithoutABufferOrWhileItIsOwned) {
  World world;
  world.version(ffa::v1_1);
  EXPECT_STATUS(info_get(world), busy);
  world.map();
  EXPECT_SUCCESS(info_get(world));
  EXPECT_STATUS(info_get(world), busy);
}

TEST(SpmcPartitionInfo, SixteenPartitionsFit) {
  std::vector<spmc_model::SpConfig> sps;
  for (uint16_t i = 0; i < 16; ++i) {
    sps.push_back({.id = EndpointId{static_cast<uint16_t>(0x8100 + i)},
                   .uuid = uuid_of(static_cast<uint8_t>(i)),
                   .contexts = static_cast<uint16_t>(i + 1)});
  }
  World world(*spmc_model::find_personality("op-tee"), sps);
  world.version(ffa::v1_1);
  world.map();
  EXPECT_EQ(info_get(world).x[2], 16U);
  const std::vector<uint8_t> rx = world.memory.get(rx_page, 16 * 24);
  EXPECT_EQ(get_le(rx, 15 * 24, 2), 0x810fU);
  EXPECT_EQ(get_le(rx, 15 * 24 + 2, 2), 16U);
}

}  // namespace
}  // namespace spmc_test
