// SPDX-License-Identifier: BSD-3-Clause
// FFA_FEATURES and the id calls. The invariant: yes if and only if the call is not answered
// NOT_SUPPORTED.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

bool says_yes(World& world, uint32_t query) {
  return status_in(world.call(1, {0x84000064, query})) == ffa::Status::success;
}

/// Over every number and width: FEATURES against the rule that really rejects the call.
void expect_honest(World& world) {
  for (uint32_t number = 0x60; number <= 0xff; ++number) {
    for (const uint32_t base : {0x84000000U, 0xc4000000U}) {
      const uint32_t fid = base | number;
      const bool reply_only = number <= 0x62;
      const bool yes = says_yes(world, fid);
      if (reply_only || fid == 0x84000063) continue;
      const ffa::Regs out = world.call(1, {fid});
      const auto rule = world.platform.last_rules.rejected();
      const bool refused =
          rule == mediator::Rule::gen_offered || rule == mediator::Rule::gen_known_function;
      EXPECT_EQ(yes, !refused) << std::hex << fid;
      if (refused) {
        EXPECT_STATUS(out, not_supported);
      }
    }
  }
}

class Features : public testing::TestWithParam<uint32_t> {};
TEST_P(Features, IsHonest) {
  World world;
  world.start(1, GetParam());
  expect_honest(world);
}
TEST_P(Features, IsHonestOverAPoorSpmc) {
  for (const uint32_t fid :
       {0x84000077U, 0x8400006fU, 0xc400006fU, 0xc4000073U, 0x84000081U, 0x8400007dU}) {
    World world;
    world.missing = {fid};
    world.start(1, GetParam());
    expect_honest(world);
    EXPECT_TRUE(says_yes(world, 0x84000069)) << "one missing function must not switch all off";
  }
}
INSTANTIATE_TEST_SUITE_P(Versions, Features, testing::Values(0x10000, 0x10001, 0x10002));

TEST(FeaturesOf, MandatoryFunctionsAreThere) {
  World world;
  world.start(1, 0x10000);
  for (const uint32_t fid :
       {0x84000060U, 0x84000061U, 0xc4000061U, 0x84000062U, 0x84000063U, 0x84000064U, 0x84000065U,
        0x84000066U, 0xc4000066U, 0x84000067U, 0x84000068U, 0x84000069U}) {
    EXPECT_TRUE(says_yes(world, fid)) << std::hex << fid;
  }
}
TEST(FeaturesOf, FunctionsOfOtherInstancesAreNot) {
  World world;
  world.start();
  for (const uint32_t fid :
       {0x8400007cU, 0x84000084U, 0x8400007dU, 0x8400007eU, 0xc4000087U, 0x8400008cU, 0x84000091U,
        0x840000ffU, 0x84010069U, 0x84020069U, 0xffffffffU, 0x80000000U}) {
    EXPECT_REJECTED(world, world.call(1, {0x84000064, fid}), features_known);
  }
}
TEST(FeaturesOf, RxtxMapSaysSizeAndSince12TheMostPages) {
  for (const uint32_t version : {0x10000U, 0x10001U, 0x10002U}) {
    World world;
    world.start(1, version);
    for (const uint32_t fid : {0x84000066U, 0xc4000066U}) {
      const ffa::Regs out = world.call(1, {0x84000064, fid});
      EXPECT_EQ(out.x[2], version == 0x10002 ? 0x200000U : 0U);
      EXPECT_EQ(out.x[3], 0U);
    }
  }
}
TEST(FeaturesOf, MemShareHasNoDynamicBuffersWhateverTheSpmcSays) {
  World world;
  world.start();
  EXPECT_EQ(world.call(1, {0x84000064, 0xc4000073}).x[2], 0U);
}
TEST(FeaturesOf, InputPropertiesOfAFunctionAreIgnored) {
  World world;
  world.start();
  EXPECT_SUCCESS32(world.call(1, {0x84000064, 0x84000069, 0xffffffff}));
}
TEST(FeatureIds, InterruptsComeFromTheConfiguration) {
  World world;
  world.config.npi_id = 21;
  world.config.sri_id = 22;
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000064, 1}).x[2], 21U);
  EXPECT_EQ(world.call(1, {0x84000064, 2}).x[2], 22U);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 3}), features_id);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 4}), features_id);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 0}), features_id);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 0x101}), features_reserved);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 0x40000001}), features_reserved);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 1, 1}), features_input);
}
TEST(FeatureIds, AreNotThereFor10) {
  World world;
  world.start(1, 0x10000);
  EXPECT_REJECTED(world, world.call(1, {0x84000064, 1}), features_id);
}
TEST(FeatureIds, NotificationsAreAllThereOrNotAtAll) {
  for (const uint32_t missing :
       {0x8400007dU, 0x8400007eU, 0x8400007fU, 0x84000080U, 0x84000082U, 0xc4000083U}) {
    World world;
    world.missing = {missing};
    world.start(1, 0x10001);
    for (const uint32_t query : {1U, 2U, 0x8400007fU, 0x84000080U, 0x84000081U, 0x84000082U}) {
      EXPECT_FALSE(says_yes(world, query)) << std::hex << missing << ' ' << query;
    }
    EXPECT_TRUE(world.platform.sent(0x8400007d).empty());
  }
}
TEST(FeaturesOf, NotificationSetThatTheSpmcOnlyClaimsIsNotOffered) {
  World world;
  world.platform.spmc[0x84000081] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::not_supported);
  };
  world.start(1, 0x10001);
  EXPECT_FALSE(says_yes(world, 0x84000081));
  EXPECT_TRUE(says_yes(world, 0x84000082));
  EXPECT_REJECTED(world, world.call(1, {0x84000081, 0x10000 | sp1, 0, 1}), gen_offered);
}

TEST(Ids, AreTheCallersAndTheSpmcs) {
  World world;
  world.start(1, 0x10001);
  const ffa::Regs id = world.call(1, {0x84000069});
  EXPECT_EQ(id.x[2], 1U);
  for (unsigned n = 3; n < 8; ++n) EXPECT_EQ(id.x[n], 0U);
  const size_t before = world.smc_count();
  EXPECT_EQ(world.call(1, {0x84000085}).x[2], 0x8abcU);
  EXPECT_EQ(world.smc_count(), before);
}
TEST(Ids, TheSpmcHasItsUsualIdWhereItDoesNotSay) {
  World world;
  world.missing = {0x84000085};
  world.start(1, 0x10001);
  EXPECT_EQ(world.call(1, {0x84000085}).x[2], 0x8000U);
}

}  // namespace
}  // namespace fake
