// SPDX-License-Identifier: BSD-3-Clause
// FFA_PARTITION_INFO_GET and FFA_PARTITION_INFO_GET_REGS: layouts by version, filters, RX
// ownership, the zeroed tail.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

using ffa::wire::PartitionInfoV1_1;

ffa::Regs query(const ffa::Uuid& uuid, uint64_t flags = 0) {
  return regs({0x84000068, uuid.word(0), uuid.word(1), uuid.word(2), uuid.word(3), flags});
}
constexpr ffa::Uuid nil{};

class PartitionInfo : public testing::Test {
 protected:
  void start(uint32_t version, bool map = true) {
    world.start(1, version);
    if (map) world.map_buffers(1);
  }
  std::vector<PartitionInfoV1_1> entries(size_t count, size_t size) {
    std::vector<PartitionInfoV1_1> list(count);
    for (size_t n = 0; n < count; ++n) {
      const auto bytes = world.platform.read(1, rx_ipa + n * size, size);
      std::memcpy(&list[n], bytes.data(), size);
    }
    return list;
  }
  void expect_zero_tail(size_t from) {
    const auto tail = world.platform.read(1, rx_ipa + from, 4096 - from);
    for (const std::byte byte : tail) ASSERT_EQ(byte, std::byte{0});
  }
  void create_visible_vm(uint16_t id) {
    auto vm = World::vm_config(id);
    vm.visible_to_vms = true;
    vm.vcpus = id;
    ASSERT_TRUE(world.create_vm(vm).ok());
  }
  World world;
};

TEST_F(PartitionInfo, V10Gets8ByteDescriptorsAndNoSize) {
  start(0x10000);
  const ffa::Regs out = world.call(1, query(nil));
  EXPECT_SUCCESS32(out);
  EXPECT_EQ(out.x[2], 3U);
  EXPECT_EQ(out.x[3], 0U);
  const auto list = entries(3, 8);
  EXPECT_EQ(list[0].id, sp1);
  EXPECT_EQ(list[0].execution_contexts, 3);
  EXPECT_EQ(list[0].properties, 0x1U);  // of 0x1c9: bits that 1.0 knows
  EXPECT_EQ(list[1].id, sp2);
  EXPECT_EQ(list[1].properties, 0x3U);
  expect_zero_tail(24);
}
TEST_F(PartitionInfo, V11Gets24ByteDescriptors) {
  start(0x10001);
  const ffa::Regs out = world.call(1, query(nil));
  EXPECT_EQ(out.x[2], 3U);
  EXPECT_EQ(out.x[3], 24U);
  const auto list = entries(3, 24);
  EXPECT_EQ(list[0].properties, 0x1c9U);
  EXPECT_EQ(list[0].uuid, uuid1);
  EXPECT_EQ(list[2].id, sp3);
  EXPECT_EQ(list[2].uuid, uuid3);
  expect_zero_tail(72);
}
TEST_F(PartitionInfo, V12SeesItselfAndBelowItDoesNot) {
  start(0x10002);
  const ffa::Regs out = world.call(1, query(nil));
  EXPECT_EQ(out.x[2], 4U);
  const auto list = entries(4, 24);
  EXPECT_EQ(list[3].id, 1);
  EXPECT_EQ(list[3].execution_contexts, 2);
  EXPECT_EQ(list[3].properties, 0x10aU);  // sends direct requests, takes notifications, AArch64
  EXPECT_EQ(list[3].uuid, nil);
}
TEST_F(PartitionInfo, PropertiesOfCallsThatAreNotForwardedAreHidden) {
  world.sps = {{sp1, 1, 0x7ff, uuid1}};
  start(0x10002);
  EXPECT_SUCCESS32(world.call(1, query(uuid1)));
  EXPECT_EQ(entries(1, 24)[0].properties, 0x1fbU);
}
TEST_F(PartitionInfo, AUuidSelectsAndIsNotRepeated) {
  start(0x10001);
  const ffa::Regs out = world.call(1, query(uuid2));
  EXPECT_EQ(out.x[2], 1U);
  EXPECT_EQ(entries(1, 24)[0].id, sp2);
  EXPECT_EQ(entries(1, 24)[0].uuid, nil);
}
TEST_F(PartitionInfo, AnUnknownUuidIsInvalidAndLeavesRxFree) {
  start(0x10001);
  EXPECT_REJECTED(world, world.call(1, query(ffa::Uuid::from_words(1, 2, 3, 4))), pinfo_uuid);
  EXPECT_REJECTED(world, world.call(1, query(ffa::Uuid::from_words(1, 2, 3, 4), 1)), pinfo_uuid);
  EXPECT_SUCCESS32(world.call(1, query(uuid1)));
}
TEST_F(PartitionInfo, ACountNeedsNoRxAndHasTheSameFilter) {
  start(0x10001, false);
  const ffa::Regs out = world.call(1, query(nil, 1));
  EXPECT_EQ(out.x[2], 3U);
  EXPECT_EQ(out.x[3], 0U);
  EXPECT_EQ(world.call(1, query(uuid3, 1)).x[2], 1U);
  world.map_buffers(1);
  EXPECT_SUCCESS32(world.call(1, query(nil)));
  EXPECT_EQ(world.call(1, query(nil, 1)).x[2], 3U);  // also while RX is owned
}
TEST_F(PartitionInfo, OtherFlagsAreInvalid) {
  start(0x10001);
  for (const uint64_t flags : {2ULL, 3ULL, 0x80000000ULL}) {
    EXPECT_REJECTED(world, world.call(1, query(nil, flags)), pinfo_flags);
  }
}
TEST_F(PartitionInfo, V10HasNoFlags) {
  start(0x10000);
  EXPECT_REJECTED(world, world.call(1, query(nil, 1)), pinfo_flags);
}
TEST_F(PartitionInfo, RxMustBeMappedAndFree) {
  start(0x10001, false);
  EXPECT_REJECTED(world, world.call(1, query(nil)), rx_free);
  world.map_buffers(1);
  EXPECT_SUCCESS32(world.call(1, query(nil)));
  EXPECT_REJECTED(world, world.call(1, query(nil)), rx_free);
  EXPECT_SUCCESS32(world.call(1, {0x84000065}));
  EXPECT_SUCCESS32(world.call(1, query(nil)));
}
TEST_F(PartitionInfo, TooMuchForRxIsNoMemoryAndLeavesRxFreeAndUntouched) {
  world.config.max_partitions = 400;
  world.config.spmc_buffer_pages = 3;
  world.sps.clear();
  for (uint16_t n = 0; n < 171; ++n)
    world.sps.push_back({static_cast<uint16_t>(0x8001 + n), 1, 1, uuid1});
  start(0x10001);
  EXPECT_REJECTED(world, world.call(1, query(nil)), pinfo_fits);  // 171 * 24 = 4104
  EXPECT_EQ(world.platform.read(1, rx_ipa, 1)[0], std::byte{0xa5});
  EXPECT_EQ(world.call(1, query(nil, 1)).x[2], 171U);
  EXPECT_SUCCESS32(world.call(1, {0x84000067}));
  EXPECT_SUCCESS32(world.call(1, {0xc4000066, tx_ipa, rx_ipa, 2}));
  EXPECT_EQ(world.call(1, query(nil)).x[2], 171U);
}
TEST_F(PartitionInfo, ExactlyAsMuchAsRxHolds) {
  world.config.max_partitions = 400;
  world.config.spmc_buffer_pages = 3;
  world.sps.clear();
  for (uint16_t n = 0; n < 170; ++n)
    world.sps.push_back({static_cast<uint16_t>(0x8001 + n), 1, 1, uuid1});
  start(0x10001);
  EXPECT_EQ(world.call(1, query(nil)).x[2], 170U);
  expect_zero_tail(4080);
}
TEST_F(PartitionInfo, VisibleVmsAreListedForTheNilUuidOnly) {
  world.visible_to_vms = true;
  start(0x10001);
  create_visible_vm(2);
  world.visible_to_vms = false;
  ASSERT_TRUE(world.create_vm(3).ok());  // hidden
  EXPECT_EQ(world.call(1, query(nil, 1)).x[2], 4U);
  EXPECT_EQ(world.call(1, query(uuid1, 1)).x[2], 1U);
  EXPECT_EQ(world.call(1, query(nil)).x[2], 4U);
  EXPECT_EQ(entries(4, 24)[3].id, 2);
  EXPECT_EQ(entries(4, 24)[3].properties, 0x10fU);
  world.mediator->domain_teardown(ffa::EndpointId{2});
  EXPECT_EQ(world.call(1, query(nil, 1)).x[2], 3U);
}
TEST_F(PartitionInfo, ADyingVmLeavesTheList) {
  start(0x10001);
  create_visible_vm(2);
  world.mediator->domain_teardown(ffa::EndpointId{2});
  EXPECT_EQ(world.call(1, query(nil, 1)).x[2], 3U);
}
TEST_F(PartitionInfo, AQueryCostsNoWorldSwitch) {
  start(0x10001);
  const size_t before = world.smc_count();
  for (int n = 0; n < 3; ++n) {
    EXPECT_SUCCESS32(world.call(1, query(nil)));
    EXPECT_SUCCESS32(world.call(1, {0x84000065}));
  }
  EXPECT_EQ(world.smc_count(), before);
}

class PartitionInfoRegs : public PartitionInfo {
 protected:
  ffa::Regs get(const ffa::Uuid& uuid, uint64_t start_index = 0, uint64_t tag = 0) {
    return world.call(1, {0xc400008b, uuid.dword(0), uuid.dword(1), tag << 16 | start_index});
  }
};

TEST_F(PartitionInfoRegs, NilUuidGivesAllWithUuids) {
  start(0x10002, false);
  const ffa::Regs out = get(nil);
  EXPECT_EQ(out.x[0], 0xc4000061U);
  EXPECT_EQ(out.x[1], 0U);
  EXPECT_EQ(out.x[2] & 0xffffffff, 0x00030003U);  // last index 3 (the VM itself), current 3
  EXPECT_EQ(out.x[2] >> 48, 24U);
  EXPECT_EQ(out.x[3], 0x1c9ULL << 32 | 3ULL << 16 | sp1);
  EXPECT_EQ(out.x[4], uuid1.dword(0));
  EXPECT_EQ(out.x[5], uuid1.dword(1));
  EXPECT_EQ(out.x[12], 0x10aULL << 32 | 2ULL << 16 | 1U);
  for (unsigned n = 13; n < 18; ++n) EXPECT_EQ(out.x[n], 0U) << n;
}
TEST_F(PartitionInfoRegs, AUuidSelects) {
  start(0x10002, false);
  const ffa::Regs out = get(uuid3);
  EXPECT_EQ(out.x[2] & 0xffffffff, 0U);
  EXPECT_EQ(out.x[3] & 0xffff, sp3);
  EXPECT_EQ(out.x[4], 0U);
  for (unsigned n = 6; n < 18; ++n) EXPECT_EQ(out.x[n], 0U) << n;
}
TEST_F(PartitionInfoRegs, ContinuationGivesEveryPartitionExactlyOnce) {
  world.sps.clear();
  for (uint16_t n = 0; n < 11; ++n)
    world.sps.push_back({static_cast<uint16_t>(0x8001 + n), n, 1, uuid1});
  start(0x10002, false);
  std::vector<uint16_t> seen;
  uint64_t index = 0, tag = 0;
  for (unsigned call = 0; call < 3; ++call) {
    const ffa::Regs out = get(nil, index, tag);
    EXPECT_EQ(out.x[2] & 0xffff, 11U);
    const uint64_t current = (out.x[2] >> 16) & 0xffff;
    for (uint64_t n = index; n <= current; ++n) {
      seen.push_back(static_cast<uint16_t>(out.x[3 + 3 * (n - index)]));
    }
    tag = (out.x[2] >> 32) & 0xffff;
    index = current + 1;
  }
  std::vector<uint16_t> all;
  for (uint16_t n = 0; n < 11; ++n) all.push_back(static_cast<uint16_t>(0x8001 + n));
  all.push_back(1);
  EXPECT_EQ(seen, all);
  EXPECT_REJECTED(world, get(nil, 12, tag), pinfo_regs_index);
  EXPECT_EQ(get(nil, 11, tag).x[0], 0xc4000061U);
}
TEST_F(PartitionInfoRegs, RulesOfIndexTagAndUuid) {
  start(0x10002, false);
  EXPECT_REJECTED(world, get(nil, 0, 1), pinfo_regs_first_tag);
  EXPECT_REJECTED(world, get(ffa::Uuid::from_words(9, 8, 7, 6)), pinfo_regs_uuid);
  EXPECT_REJECTED(world, world.call(1, {0xc400008b, 0, 0, 1ULL << 32}), pinfo_regs_reserved);
  const uint64_t tag = (get(nil).x[2] >> 32) & 0xffff;
  EXPECT_REJECTED(world, get(nil, 1, tag + 1), pinfo_regs_tag);
  EXPECT_REJECTED(world, get(nil, 4, tag), pinfo_regs_index);
  EXPECT_EQ(get(nil, 3, tag).x[0], 0xc4000061U);
}
TEST_F(PartitionInfoRegs, AChangedListNeedsANewStart) {
  world.visible_to_vms = true;
  start(0x10002, false);
  const uint64_t tag = (get(nil).x[2] >> 32) & 0xffff;
  create_visible_vm(2);
  EXPECT_REJECTED(world, get(nil, 1, tag), pinfo_regs_tag);
  const uint64_t new_tag = (get(nil).x[2] >> 32) & 0xffff;
  EXPECT_NE(new_tag, tag);
  EXPECT_EQ(get(nil, 1, new_tag).x[0], 0xc4000061U);
}
TEST_F(PartitionInfoRegs, AVmThatIsNotListedChangesNothing) {
  start(0x10002, false);
  const uint64_t before = get(nil).x[2];
  create_visible_vm(2);
  EXPECT_EQ(get(nil).x[2], before);
}
TEST_F(PartitionInfoRegs, AnErrorToo) {
  start(0x10002, false);
  const ffa::Regs out = get(nil, 0, 1);
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], 0U) << n;
}

}  // namespace
}  // namespace fake
