// SPDX-License-Identifier: BSD-3-Clause
// FFA_VERSION as a VM sees it, and what the negotiated version opens and freezes.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

class VmVersion : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world.boot().ok());
    ASSERT_TRUE(world.create_vm(1).ok());
  }
  uint64_t ask(uint32_t version, uint16_t vcpu = 0) {
    const ffa::Regs out = world.call(1, {0x84000063, version}, vcpu);
    for (unsigned n = 1; n < 8; ++n) EXPECT_EQ(out.x[n], 0U);
    for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], World::poison + n);
    return out.x[0];
  }
  World world;
};

// A VM that has gone, or is going, and still makes a call.
TEST_F(VmVersion, OfAVmThatIsNotThereIsABareMinusOne) {
  const ffa::Regs out = world.call(2, {0x84000063, 0x10001});
  EXPECT_EQ(out.x[0], 0xffffffffU);
  for (unsigned n = 1; n < 8; ++n) EXPECT_EQ(out.x[n], 0U);
  EXPECT_EQ(world.call(2, {0x84000069}).w(2), ffa::to_word(ffa::Status::not_supported));
}
TEST_F(VmVersion, NothingElseIsServedBefore) {
  const size_t before = world.smc_count();
  for (const uint32_t fid : {0x84000069U, 0x84000064U, 0xc4000066U, 0x8400006fU, 0x84000085U}) {
    EXPECT_REJECTED(world, world.call(1, {fid}), gen_version_first);
  }
  EXPECT_EQ(world.smc_count(), before);
  EXPECT_EQ(ask(0x10001), 0x10002U);  // and none of them has frozen anything
}
TEST_F(VmVersion, AnswersTheOwnHighestVersion) {
  EXPECT_EQ(ask(0x10001), 0x10002U);
  EXPECT_EQ(ask(0x10000), 0x10002U);
  EXPECT_EQ(ask(0x10002), 0x10002U);
  EXPECT_EQ(ask(0x10003), 0x10002U);
  EXPECT_TRUE(world.platform.last_rules.accepted(mediator::Rule::version_compatible));
}
TEST_F(VmVersion, IncompatibleIsMinusOneAndRecordsNothing) {
  for (const uint32_t version : {0U, 0x20000U, 0x0ffffU, 0x80010002U, 0xffffffffU, 0x7fffffffU}) {
    EXPECT_EQ(ask(version), 0xffffffffU) << std::hex << version;
    EXPECT_EQ(world.platform.last_rules.rejected(), mediator::Rule::version_compatible);
  }
  EXPECT_STATUS(world.call(1, {0x84000069}), not_supported);
}
TEST_F(VmVersion, IsFrozenByTheFirstOtherCall) {
  EXPECT_EQ(ask(0x10000), 0x10002U);
  EXPECT_SUCCESS32(world.call(1, {0x84000069}));
  EXPECT_EQ(ask(0x10000), 0x10002U);
  EXPECT_EQ(ask(0x10001), 0xffffffffU);
  EXPECT_EQ(world.platform.last_rules.rejected(), mediator::Rule::version_frozen);
  EXPECT_EQ(ask(0x10002, 1), 0xffffffffU);
  EXPECT_STATUS(world.call(1, {0x84000085}), not_supported);  // still 1.0
}
TEST_F(VmVersion, IsFrozenByACallThatFails) {
  EXPECT_EQ(ask(0x10001), 0x10002U);
  EXPECT_REJECTED(world, world.call(1, {0x84000065}), rx_release_owned);
  EXPECT_EQ(ask(0x10000), 0xffffffffU);
}
TEST_F(VmVersion, IsNotFrozenByASpuriousInterrupt) {
  EXPECT_EQ(ask(0x10001), 0x10002U);
  EXPECT_STATUS(world.call(1, {0x84000062}), not_supported);
  EXPECT_EQ(ask(0x10000), 0x10002U);
  EXPECT_SUCCESS32(world.call(1, {0x84000069}));
  EXPECT_EQ(ask(0x10001), 0xffffffffU);
}
TEST_F(VmVersion, IsPerVm) {
  ASSERT_TRUE(world.create_vm(2).ok());
  EXPECT_EQ(ask(0x10000), 0x10002U);
  world.negotiate(2, 0x10002);
  EXPECT_STATUS(world.call(1, {0x84000085}), not_supported);
  EXPECT_SUCCESS32(world.call(2, {0x84000085}));
}
TEST_F(VmVersion, NewerCallsAreNotSupportedBelowTheirVersion) {
  ask(0x10000);
  for (const uint32_t fid :
       {0x8400007fU, 0x84000080U, 0x84000081U, 0x84000082U, 0x84000085U, 0xc400008bU}) {
    EXPECT_REJECTED(world, world.call(1, {fid}), gen_offered);
  }
  ASSERT_TRUE(world.create_vm(2).ok());
  world.negotiate(2, 0x10001);
  EXPECT_SUCCESS32(world.call(2, {0x84000085}));
  EXPECT_REJECTED(world, world.call(2, {0xc400008b}), gen_offered);
}
TEST(VmVersionLimit, TheConfiguredHighestVersionIsOffered) {
  World world;
  ASSERT_TRUE(world.boot().ok());
  auto vm = World::vm_config(1);
  vm.max_version = ffa::v1_0;
  ASSERT_TRUE(world.create_vm(vm).ok());
  EXPECT_EQ(world.call(1, {0x84000063, 0x10002}).x[0], 0x10000U);
  EXPECT_STATUS(world.call(1, {0x84000085}), not_supported);
}
TEST(VmVersionLimit, TheMediatorsHighestVersionBoundsThatOfTheVm) {
  World world;
  world.config.max_version = ffa::v1_1;
  ASSERT_TRUE(world.boot().ok());
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(world.call(1, {0x84000063, 0x10002}).x[0], 0x10001U);
}

}  // namespace
}  // namespace fake
