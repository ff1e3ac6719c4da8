// SPDX-License-Identifier: BSD-3-Clause
// The SMC dispatcher: SMCCC's own functions, what is handed on, widths and conduits.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

using mediator::Conduit;
using mediator::Dispatch;

class Dispatcher : public testing::Test {
 protected:
  void SetUp() override { world.start(); }
  World world;
};

TEST_F(Dispatcher, AnswersSmcccVersion12) {
  const ffa::Regs out = world.call(1, {0x80000000, 0x77, 0x88, 0x99, 0xaa});
  EXPECT_EQ(out.x[0], 0x10002U);
  EXPECT_EQ(out.x[4], 0xaaU);
  EXPECT_EQ(world.dispatch, Dispatch::handled);
}
TEST_F(Dispatcher, ArchFeaturesSaysYesAndNoProperly) {
  EXPECT_EQ(world.call(1, {0x80000001, 0x80000000}).x[0], 0U);
  EXPECT_EQ(world.call(1, {0x80000001, 0x80000001}).x[0], 0U);
  EXPECT_EQ(world.call(1, {0x80000001, 0x80008000}).x[0], 0xffffffffU);
  EXPECT_EQ(world.call(1, {0x80000001, 0x84000063}).x[0], 0xffffffffU);
}
TEST_F(Dispatcher, AnswersTheQueriesOfTheServiceRange) {
  EXPECT_GT(world.call(1, {0x8400ff00}).x[0], 10U);
  const ffa::Regs uid = world.call(1, {0x8400ff01});
  EXPECT_EQ(uid.x[0], 0x0e8a1d6dU);
  EXPECT_EQ(uid.x[1], 0x0b4fc452U);
  EXPECT_EQ(uid.x[2], 0xf081379cU);
  EXPECT_EQ(uid.x[3], 0x56a9e24bU);
  const ffa::Regs revision = world.call(1, {0x8400ff03, 5, 6, 7});
  EXPECT_EQ(revision.x[0], 1U);
  EXPECT_EQ(revision.x[1], 0U);
}
TEST_F(Dispatcher, HandsOthersOnUntouched) {
  for (const uint32_t fid :
       {0x84000000U, 0x84000001U, 0xc4000003U, 0x8400005fU, 0x84000100U, 0x8400ff02U, 0x86000000U,
        0x80008000U, 0x32000000U, 0x04000069U, 0U, 0xc400ff00U, 0x84020069U}) {
    const ffa::Regs in = regs({0x5500000000ULL | fid, 0xf1, 0xf2});
    ffa::Regs out = in;
    const auto dispatch =
        world.mediator->handle_call(ffa::EndpointId{1}, ffa::VcpuId{0}, Conduit::smc, out);
    EXPECT_EQ(dispatch, Dispatch::not_mine) << std::hex << fid;
    EXPECT_EQ(out, in) << std::hex << fid;
  }
  EXPECT_EQ(world.platform.reports, 1U);  // FFA_VERSION only
}
TEST_F(Dispatcher, UnknownNumbersOfTheFfaRangeAreNotSupported) {
  const size_t before = world.smc_count();
  for (const uint32_t fid :
       {0x84000091U, 0x840000ffU, 0xc40000ffU, 0x8400008fU, 0xc4000090U, 0xc4000098U}) {
    EXPECT_STATUS(world.call(1, {fid}), not_supported);
    EXPECT_EQ(world.dispatch, Dispatch::handled);
  }
  EXPECT_EQ(world.smc_count(), before);
}
TEST_F(Dispatcher, AnUnknownNumberIsTheRuleOfThatName) {
  EXPECT_REJECTED(world, world.call(1, {0x840000a0}), gen_known_function);
}
TEST_F(Dispatcher, TheOtherWidthOfACallThatHasOneIsNotSupported) {
  EXPECT_REJECTED(world, world.call(1, {0xc4000069}), gen_known_function);
  EXPECT_REJECTED(world, world.call(1, {0xc4000063, 0x10002}), gen_known_function);
  EXPECT_REJECTED(world, world.call(1, {0x8400008b}), gen_known_function);
}
TEST_F(Dispatcher, CallsThatAVmDoesNotMakeAreNotSupported) {
  const size_t before = world.smc_count();
  for (const uint32_t fid :
       {0x84000060U, 0x84000061U, 0xc4000061U, 0x8400006aU, 0x8400006bU, 0x8400006cU, 0x8400006eU,
        0x84000070U, 0xc4000070U, 0x84000071U, 0xc4000072U, 0x84000074U, 0x84000076U, 0x8400007aU,
        0x8400007bU, 0x8400007cU, 0x8400007dU, 0x8400007eU, 0x84000084U, 0x84000086U, 0xc4000087U,
        0x84000088U, 0x8400008aU, 0x8400008cU, 0xc400008dU, 0xc400008eU}) {
    EXPECT_REJECTED(world, world.call(1, {fid}), gen_offered);
  }
  EXPECT_EQ(world.smc_count(), before);
}
TEST_F(Dispatcher, TheSveHintIsNotPartOfTheFunction) {
  EXPECT_EQ(world.call(1, {0x84010069}).x[2], 1U);
  EXPECT_EQ(world.call(1, {0x80010000}).x[0], 0x10002U);
}
TEST_F(Dispatcher, GarbageAboveBit31IsIgnored) {
  EXPECT_SUCCESS32(world.call(1, {0xffffffff84000069, 0xffffffff00000000}));
  const ffa::Regs out = world.call(1, {0xaaaaaaaa84000064, 0xbbbbbbbb84000069, 0xcccccccc00000000});
  EXPECT_SUCCESS32(out);
  for (unsigned n = 1; n < 8; ++n) EXPECT_EQ(out.x[n], 0U);
}
TEST_F(Dispatcher, HvcIsServedAsSmc) {
  EXPECT_EQ(world.call(1, regs({0x84000069}), 0, Conduit::hvc), world.call(1, regs({0x84000069})));
}
TEST(DispatcherConfig, HvcIsRefusedWhereTheConfigurationSaysSo) {
  World world;
  world.config.allow_hvc = false;
  world.start();
  EXPECT_REJECTED(world, world.call(1, regs({0x84000069}), 0, Conduit::hvc), gen_conduit);
  EXPECT_SUCCESS32(world.call(1, regs({0x84000069})));
  world.call(1, regs({0x80000000}), 0, Conduit::hvc);
  EXPECT_EQ(world.dispatch, Dispatch::not_mine);
}
TEST(DispatcherWidth, A32BitGuestHasSmc32IdsOnly) {
  World world;
  ASSERT_TRUE(world.boot().ok());
  auto vm = World::vm_config(1);
  vm.aarch64 = false;
  ASSERT_TRUE(world.create_vm(vm).ok());
  world.negotiate(1, 0x10001);
  EXPECT_REJECTED(world, world.call(1, {0xc4000066, tx_ipa, rx_ipa, 1}), gen_smc64_width);
  EXPECT_SUCCESS32(world.call(1, {0x84000066, tx_ipa, rx_ipa, 1}));
  EXPECT_EQ(world.call(1, {0xc4000001}).x[0], 0xffffffffU);
  EXPECT_EQ(world.dispatch, Dispatch::handled);
  EXPECT_STATUS(world.call(1, {0x84000064, 0xc4000066}), not_supported);
}
TEST_F(Dispatcher, AVmThatDoesNotExistIsNotSupported) {
  EXPECT_STATUS(world.call(2, {0x84000069}), not_supported);
  EXPECT_EQ(world.call(2, {0x80000000}).x[0], 0x10002U);
}
TEST_F(Dispatcher, AVcpuThatDoesNotExistIsNotServed) {
  EXPECT_STATUS(world.call(1, {0x84000069}, 2), not_supported);
  EXPECT_SUCCESS32(world.call(1, {0x84000069}, 1));
}
TEST(DispatcherTee, TypeNoneGetsNothingAndAsksNothing) {
  World world;
  ASSERT_TRUE(world.boot().ok());
  auto vm = World::vm_config(3);
  vm.tee = mediator::TeeType::none;
  EXPECT_EQ(mediator::Mediator<Platform>::memory_needed(world.config, vm), 0U);
  const size_t before = world.smc_count();
  ASSERT_TRUE(world.create_vm(vm).ok());
  EXPECT_EQ(world.call(3, {0x84000063, 0x10002}).x[0], 0xffffffffU);
  EXPECT_STATUS(world.call(3, {0x84000069}), not_supported);
  EXPECT_EQ(world.call(3, {0x8400ff00}).x[0], 3U);
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{3}), mediator::Progress::done);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{3}), mediator::Progress::done);
  world.mediator->free_domain_ctx(ffa::EndpointId{3});
  EXPECT_EQ(world.smc_count(), before);
}
/// A VM and what it is told of the service: its version (0: it negotiates none) and width, the
/// highest version that its configuration has, and what its SPMC lacks.
struct Service {
  uint32_t version;
  bool aarch64;
  ffa::Version offered;
  std::set<uint32_t> missing;
  void make(World& world) const {
    world.missing = missing;
    ASSERT_TRUE(world.boot().ok());
    auto vm = World::vm_config(1);
    vm.aarch64 = aarch64;
    vm.max_version = offered;
    ASSERT_TRUE(world.create_vm(vm).ok());
    if (version != 0) world.negotiate(1, version);
  }
};
/// True if a call of the VM gets as far as a handler.
bool is_served(const Service& service, uint32_t fid) {
  World world;
  service.make(world);
  if (service.version == 0) world.negotiate(1, service.offered.raw());
  world.call(1, {fid});
  const mediator::Rule rule = world.platform.last_rules.rejected();
  return rule != mediator::Rule::gen_smc64_width && rule != mediator::Rule::gen_known_function &&
         rule != mediator::Rule::gen_offered;
}
TEST(DispatcherCount, TheCallCountIsWhatGetsToAHandlerAndTheQueries) {
  const Service services[] = {
      {0x10000, true, ffa::v1_2, {}},
      {0x10001, true, ffa::v1_2, {0x84000081}},
      {0x10002, true, ffa::v1_2, {0x8400007f, 0x84000071}},
      {0x10002, false, ffa::v1_2, {}},
      {0, true, ffa::v1_0, {0x8400006f}},
      {0, false, ffa::v1_1, {}},
  };
  std::set<uint64_t> counts;
  for (const Service& service : services) {
    uint64_t served = 0;
    for (uint32_t number = 0x60; number <= 0xff; ++number) {
      for (const uint32_t fid : {0x84000000U | number, 0xc4000000U | number}) {
        served += is_served(service, fid) ? 1U : 0U;
      }
    }
    World world;
    service.make(world);
    const uint64_t count = world.call(1, {0x8400ff00}).x[0];
    EXPECT_EQ(count, served + 3) << std::hex << service.version << ' ' << service.offered.raw();
    counts.insert(count);
  }
  EXPECT_GT(counts.size(), 3U);  // the services differ
}
TEST_F(Dispatcher, AnErrorCodeIsZeroExtended) {
  world.map_buffers(1);
  world.platform.spmc[0x8400006f] = [](const ffa::Regs&) {
    return regs({0x84000060, 0, 0xfffffffffffffffe});
  };
  EXPECT_EQ(world.call(1, {0x8400006f, 0x10000 | sp1}).x[2], 0xfffffffeU);
}

}  // namespace
}  // namespace fake
