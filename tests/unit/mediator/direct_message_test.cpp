// SPDX-License-Identifier: BSD-3-Clause
// FFA_MSG_SEND_DIRECT_REQ and FFA_RUN: who may send what to whom, what an answer becomes, one
// unfinished request a vCPU.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

class DirectMessage : public testing::Test {
 protected:
  void SetUp() override {
    world.start(1, 0x10001);
    before = world.smc_count();
  }
  size_t sent() const { return world.smc_count() - before; }
  void answer(uint32_t fid, std::initializer_list<uint64_t> values) {
    world.platform.spmc[fid] = [out = regs(values)](const ffa::Regs&) { return out; };
  }
  ffa::Regs request(uint16_t vcpu = 0, uint16_t sp = sp1) {
    return world.call(1, {0x8400006f, ids(1, sp), 0, 0x31, 0x41, 0x51, 0x61, 0x71}, vcpu);
  }
  ffa::Regs run(uint64_t target, uint16_t vcpu = 0) {
    return world.call(1, {0x8400006d, target}, vcpu);
  }
  World world;
  size_t before = 0;
};

TEST_F(DirectMessage, Req32GoesOnWithItsPayload) {
  const ffa::Regs out =
      world.call(1, {0x8400006f, ids(1, sp2), 0, 0xffffffff00000003, 0x4, 0x5, 0x6, 0x7});
  ASSERT_EQ(sent(), 1U);
  EXPECT_EQ(world.platform.smcs.back().vm, 1);
  EXPECT_EQ(world.platform.smcs.back().in, regs({0x8400006f, ids(1, sp2), 0, 3, 4, 5, 6, 7}));
  EXPECT_EQ(out.x[0], 0x84000070U);
  EXPECT_EQ(out.x[1], ids(sp2, 1));
  EXPECT_EQ(out.x[3], 0xfffffffcU);
  EXPECT_EQ(out.x[7], 0xfffffff8U);
}
TEST_F(DirectMessage, Req64CarriesFullRegisters) {
  const ffa::Regs out = world.call(1, {0xc400006f, ids(1, sp1), 0, 0x3333333300000001, 4, 5, 6, 7});
  EXPECT_EQ(out.x[0], 0xc4000070U);
  EXPECT_EQ(out.x[3], ~0x3333333300000001ULL);
  EXPECT_EQ(world.platform.smcs.back().in.x[3], 0x3333333300000001U);
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(world.platform.smcs.back().in.x[n], 0U) << n;
}
TEST_F(DirectMessage, RulesOnWhoAndWhat) {
  ASSERT_TRUE(world.create_vm(2).ok());
  auto visible = World::vm_config(3);
  visible.visible_to_vms = true;  // VM 1 does not say so
  ASSERT_TRUE(world.create_vm(visible).ok());
  before = world.smc_count();
  const auto send = [&](uint64_t w1, uint64_t w2 = 0) {
    return world.call(1, {0x8400006f, w1, w2, 9});
  };
  EXPECT_REJECTED(world, send(ids(2, sp1)), dmsg_sender);
  EXPECT_REJECTED(world, send(ids(0, sp1)), dmsg_sender);
  EXPECT_REJECTED(world, send(ids(1, 1)), dmsg_self);
  EXPECT_REJECTED(world, send(ids(1, sp1), 0x80000004), dmsg_framework);
  EXPECT_REJECTED(world, send(ids(1, sp1), 0x80000000), dmsg_framework);
  EXPECT_REJECTED(world, send(ids(1, sp1), 1), dmsg_flags);
  EXPECT_REJECTED(world, send(ids(1, sp1), 0x40000000), dmsg_flags);
  EXPECT_REJECTED(world, send(ids(1, 0x8004)), dmsg_receiver);
  EXPECT_REJECTED(world, send(ids(1, 0x8000)), dmsg_receiver);
  EXPECT_REJECTED(world, send(ids(1, 0xffff)), dmsg_receiver);
  EXPECT_REJECTED(world, send(ids(1, 0)), dmsg_receiver);
  EXPECT_REJECTED(world, send(ids(1, 4)), dmsg_receiver);  // absent
  EXPECT_REJECTED(world, send(ids(1, 2)), dmsg_receiver);  // hidden
  EXPECT_REJECTED(world, send(ids(1, 3)), dmsg_receiver);
  EXPECT_REJECTED(world, send(ids(1, sp3)), dmsg_receives);
  EXPECT_EQ(sent(), 0U);
}
TEST_F(DirectMessage, AnErrorOfTheSpIsPassedUnchanged) {
  for (const int32_t status : {-1, -2, -3, -4, -5, -6, -7, -8, -9}) {
    answer(0x8400006f, {0x84000060, 0x77, static_cast<uint32_t>(status)});
    const ffa::Regs out = request();
    EXPECT_EQ(out.x[0], 0x84000060U);
    EXPECT_EQ(out.x[1], 0U);
    EXPECT_EQ(out.x[2], static_cast<uint32_t>(status));
  }
}
TEST_F(DirectMessage, AnErrorWithoutCodeIsNotSupportedAndNeverSuccess) {
  answer(0x8400006f, {0x84000060, 0, 0});
  EXPECT_STATUS(request(), not_supported);
  answer(0x8400006f, {0x84000060, 0, 0x12345});
  EXPECT_STATUS(request(), not_supported);
}
TEST_F(DirectMessage, AnythingElseIsAborted) {
  for (const uint64_t w0 : {0x84000061ULL, 0xc4000061ULL, 0x8400006fULL, 0xc400008eULL,
                            0x8400006bULL, 0x8400007aULL, 0x84000075ULL, 0xffffffffULL, 0ULL}) {
    answer(0x8400006f, {w0, ids(sp1, 1), 0, 1, 2, 3, 4, 5});
    EXPECT_STATUS(request(), aborted);
  }
  EXPECT_EQ(sent(), 9U);  // one SMC each: nobody loops
}
TEST_F(DirectMessage, AResponseThatIsNotForTheCallerIsAborted) {
  for (const uint64_t w1 : {ids(sp2, 1), ids(sp1, 2), ids(1, sp1), ids(sp1, 0)}) {
    answer(0x8400006f, {0x84000070, w1, 0, 1});
    EXPECT_STATUS(request(), aborted);
  }
  answer(0x8400006f, {0x84000070, ids(sp1, 1), 0x80000005});
  EXPECT_STATUS(request(), aborted);
  answer(0x8400006f, {0x84000070, ids(sp1, 1), 4});
  EXPECT_STATUS(request(), aborted);
}
TEST_F(DirectMessage, UpperHalvesFollowTheAnswer) {
  answer(0x8400006f, {0xc4000070, ids(sp1, 1), 0, 0x1234567812345678});
  EXPECT_EQ(request().x[3], 0x1234567812345678U);
  answer(0xc400006f, {0x84000070, ids(sp1, 1), 0, 0x1234567812345678});
  EXPECT_EQ(world.call(1, {0xc400006f, ids(1, sp1)}).x[3], 0x12345678U);
}
TEST_F(DirectMessage, A32BitGuestIsNotAnsweredIn64Bits) {
  auto vm = World::vm_config(2);
  vm.aarch64 = false;
  ASSERT_TRUE(world.create_vm(vm).ok());
  world.negotiate(2, 0x10001);
  answer(0x8400006f, {0xc4000070, ids(sp1, 2), 0, 5});
  EXPECT_REJECTED(world, world.call(2, {0x8400006f, ids(2, sp1)}), dmsg_answer_width);
}
TEST_F(DirectMessage, AnInterruptIsPassedAndRunGoesOn) {
  answer(0x8400006f, {0x84000062, ids(sp1, 2), 0x99, 0x88});
  const ffa::Regs stopped = request();
  EXPECT_EQ(stopped.x[0], 0x84000062U);
  EXPECT_EQ(stopped.x[1], ids(sp1, 2));
  for (unsigned n = 2; n < 8; ++n) EXPECT_EQ(stopped.x[n], 0U) << n;
  answer(0x8400006d, {0x84000062, ids(sp1, 0)});
  EXPECT_EQ(run(ids(sp1, 2)).x[1], ids(sp1, 0));
  answer(0x8400006d, {0x84000070, ids(sp1, 1), 0, 0xabc});
  EXPECT_REJECTED(world, run(ids(sp1, 2)), run_own);  // it waits in another context now
  const ffa::Regs done = run(ids(sp1, 0));
  EXPECT_EQ(done.x[0], 0x84000070U);
  EXPECT_EQ(done.x[3], 0xabcU);
  EXPECT_REJECTED(world, run(ids(sp1, 0)), run_own);
}
TEST_F(DirectMessage, AYieldCarriesItsTimeout) {
  answer(0x8400006f, {0x8400006c, ids(sp1, 1), 0x1111, 0x2222});
  const ffa::Regs out = request();
  EXPECT_EQ(out, [&] {
    ffa::Regs expected = regs({0x8400006c, ids(sp1, 1), 0x1111, 0x2222});
    for (unsigned n = 8; n < 18; ++n) expected.x[n] = World::poison + n;
    return expected;
  }());
  EXPECT_REJECTED(world, request(), dmsg_one);
}
TEST_F(DirectMessage, TheTargetShownIsTheCalledPartition) {
  answer(0x8400006f, {0x84000062, ids(sp2, 1)});
  EXPECT_EQ(request().x[1], ids(sp1, 1));
  EXPECT_REJECTED(world, run(ids(sp2, 1)), run_own);
}
TEST_F(DirectMessage, OneUnfinishedRequestAVcpu) {
  answer(0x8400006f, {0x84000062, ids(sp1, 0)});
  request(0);
  EXPECT_REJECTED(world, request(0), dmsg_one);
  EXPECT_REJECTED(world, request(0, sp2), dmsg_one);
  EXPECT_REJECTED(world, run(ids(sp1, 0), 1), run_own);  // another vCPU's
  answer(0x8400006f, {0x84000062, ids(sp2, 0)});
  EXPECT_EQ(request(1, sp2).x[1], ids(sp2, 0));
  EXPECT_REJECTED(world, run(ids(sp2, 0), 0), run_own);
  answer(0x8400006d, {0x84000070, ids(sp2, 1), 0, 0x22});
  EXPECT_EQ(run(ids(sp2, 0), 1).x[3], 0x22U);
  answer(0x8400006d, {0x84000070, ids(sp1, 1), 0, 0x11});
  EXPECT_EQ(run(ids(sp1, 0), 0).x[3], 0x11U);
}
TEST_F(DirectMessage, RunNamesAnSpWithAnUnfinishedRequest) {
  before = world.smc_count();
  EXPECT_REJECTED(world, run(ids(0x8009, 0)), run_endpoint);
  EXPECT_REJECTED(world, run(ids(1, 0)), run_endpoint);
  EXPECT_REJECTED(world, run(ids(sp1, 0)), run_own);
  EXPECT_EQ(sent(), 0U);
}
TEST_F(DirectMessage, RunThatIsPutOffKeepsTheRequest) {
  answer(0x8400006f, {0x84000062, ids(sp1, 0)});
  request();
  for (const int32_t status : {-4, -7, -5}) {
    answer(0x8400006d, {0x84000060, 0, static_cast<uint32_t>(status)});
    EXPECT_EQ(run(ids(sp1, 0)).w(2), static_cast<uint32_t>(status));
  }
  answer(0x8400006d, {0x84000070, ids(sp1, 1), 0, 0x11});
  EXPECT_EQ(run(ids(sp1, 0)).x[3], 0x11U);
}
TEST_F(DirectMessage, RunThatFailsEndsTheRequest) {
  for (const int32_t status : {-1, -2, -6, -8}) {
    answer(0x8400006f, {0x84000062, ids(sp1, 0)});
    EXPECT_EQ(request().x[0], 0x84000062U);
    answer(0x8400006d, {0x84000060, 0, static_cast<uint32_t>(status)});
    EXPECT_EQ(run(ids(sp1, 0)).w(2), static_cast<uint32_t>(status));
    EXPECT_REJECTED(world, run(ids(sp1, 0)), run_own);
  }
}

}  // namespace
}  // namespace fake
