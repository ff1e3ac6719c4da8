// SPDX-License-Identifier: BSD-3-Clause
// Direct requests, messages about VMs, FFA_RUN. Numbers are rows of docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

constexpr uint64_t to_echo = uint64_t{vm1} << 16 | echo_id;
constexpr uint64_t to_user = uint64_t{vm1} << 16 | user_id;

struct SpmcMessages : testing::Test {
  World world;
  void SetUp() override { world.boot(ffa::v1_2); }
};

TEST_F(SpmcMessages, EchoAnswersA32BitRequestWithItsPayload) {
  const Regs out = world.call(
      {fid32(Fid::msg_send_direct_req), to_echo, 0, 0x1111111100000003, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp));
  EXPECT_EQ(out.x[1], uint64_t{echo_id} << 16 | vm1);
  for (unsigned n = 3; n <= 9; ++n) EXPECT_EQ(out.x[n], n) << n;
  EXPECT_EQ(out.x[2], 0U);
}

TEST_F(SpmcMessages, EchoAnswersA64BitRequestWithAll64Bits) {
  const Regs out = world.call(
      {fid64(Fid::msg_send_direct_req), to_echo, 0, 0x1111111100000003, 0x2222222200000004});
  EXPECT_EQ(out.x[0], fid64(Fid::msg_send_direct_resp));
  EXPECT_EQ(out.x[3], 0x1111111100000003U);
  EXPECT_EQ(out.x[4], 0x2222222200000004U);
}

TEST_F(SpmcMessages, Knob46DirectReq2NeedsAnSpThatTakesIt) {
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req2), to_echo}), not_supported);
  const Regs out = world.call({fid32(Fid::msg_send_direct_req2), to_user, 0, 0, 0x99});
  EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp2));
  EXPECT_EQ(out.x[1], uint64_t{user_id} << 16 | vm1);
  EXPECT_EQ(out.x[4], 0xffffffffU) << "memory_user does not know operation 0x99";
}

TEST(SpmcMessagesReq2, EchoReturnsFourteenRegisters) {
  auto sps = two_sps();
  sps[0].properties |= 0x200;
  World world(*spmc_model::find_personality("op-tee"), sps);
  world.boot(ffa::v1_2);
  Regs in;
  for (unsigned n = 4; n < 18; ++n) in.x[n] = 0x1'0000'0000 + n;
  in.x[0] = fid32(Fid::msg_send_direct_req2);
  in.x[1] = to_echo;
  in.x[2] = 0x7777;
  in.x[3] = 0x8888;
  const Regs out = world.spmc->smc(in);
  EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp2));
  EXPECT_EQ(out.x[2], 0U);
  EXPECT_EQ(out.x[3], 0U);
  for (unsigned n = 4; n < 18; ++n) EXPECT_EQ(out.x[n], in.x[n]) << n;
}

TEST(SpmcMessagesReq2, NeedsVersion1_2OnBothSides) {
  World world;
  world.boot(ffa::v1_1);
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req2), to_user}), not_supported);
  spmc_model::Personality old = *spmc_model::find_personality("op-tee");
  old.max_version = ffa::v1_1;
  World older(old);
  EXPECT_EQ(older.version(ffa::v1_2).x[0], 0x10001U);
  EXPECT_STATUS(older.call({fid32(Fid::msg_send_direct_req2), to_user}), not_supported);
}

TEST_F(SpmcMessages, ReservedBitsOfW2AreInvalid) {
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req), to_echo, 1}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::msg_send_direct_req), to_echo, 0x40000000}),
                invalid_parameters);
}

TEST_F(SpmcMessages, UnknownReceiverIsInvalid) {
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req), uint64_t{vm1} << 16 | 0x8002}),
                invalid_parameters);
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req), uint64_t{vm1} << 16 | vm2}),
                invalid_parameters);
}

TEST_F(SpmcMessages, Knob44BusySpSaysSoInThePayload) {
  world.spmc->answer_busy(EndpointId{echo_id}, 2);
  for (unsigned i = 0; i < 2; ++i) {
    const Regs out = world.call({fid32(Fid::msg_send_direct_req), to_echo, 0, 1, 2});
    EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp));
    EXPECT_EQ(out.x[3], 0xffff000dU);
    EXPECT_EQ(out.x[4], 0U);
  }
  EXPECT_EQ(world.call({fid32(Fid::msg_send_direct_req), to_echo, 0, 1, 2}).x[3], 1U);
}

TEST_F(SpmcMessages, Knob45UnknownGuestIsToldItemNotFoundInThePayload) {
  const Regs out =
      world.call({fid64(Fid::msg_send_direct_req), 0x0003ULL << 16 | echo_id, 0, 1, 2, 3});
  EXPECT_EQ(out.x[0], fid64(Fid::msg_send_direct_resp));
  EXPECT_EQ(out.x[1], 0x80010003U);
  EXPECT_EQ(out.x[3], 0xffff0008U);
  EXPECT_EQ(out.x[4], 0U);
  EXPECT_EQ(out.x[5], 0U);
}

TEST_F(SpmcMessages, RunHasNothingToResume) {
  EXPECT_STATUS(world.call(Fid::run, uint64_t{echo_id} << 16 | 2), invalid_parameters);
}

TEST_F(SpmcMessages, Knob47VmCreatedAndDestroyedAreAnswered) {
  const Regs created = world.vm_message(4, echo_id, 7);
  EXPECT_EQ(created.x[0], fid32(Fid::msg_send_direct_resp));
  EXPECT_EQ(created.x[1], uint64_t{echo_id} << 16);
  EXPECT_EQ(created.x[2], 0x80000005U);
  EXPECT_EQ(created.x[3], 0U);
  EXPECT_TRUE(world.spmc->knows_vm(EndpointId{7}));
  const Regs destroyed = world.vm_message(6, echo_id, 7);
  EXPECT_EQ(destroyed.x[2], 0x80000007U);
  EXPECT_EQ(destroyed.x[3], 0U);
  EXPECT_FALSE(world.spmc->knows_vm(EndpointId{7}));
}

TEST_F(SpmcMessages, Knob47AnSpServesOnlyVmsItWasToldOf) {
  world.vm_message(4, echo_id, 7);
  EXPECT_EQ(world.call({fid32(Fid::msg_send_direct_req), 0x00070000U | echo_id, 0, 0x42}).x[3],
            0x42U);
  EXPECT_EQ(world.call({fid32(Fid::msg_send_direct_req), 0x00070000U | user_id, 0, 0x42}).x[3],
            0xffff0008U);
}

TEST_F(SpmcMessages, Knob47DuplicatesUnknownAndImpossibleVmsAreInvalid) {
  constexpr uint32_t invalid = 0xfffffffe;
  EXPECT_EQ(world.vm_message(4, echo_id, vm1).x[3], invalid);
  EXPECT_EQ(world.vm_message(6, echo_id, 7).x[3], invalid);
  EXPECT_EQ(world.vm_message(4, echo_id, 0).x[3], invalid);
  EXPECT_EQ(world.vm_message(4, echo_id, 0x8003).x[3], invalid);
  EXPECT_SUCCESS(world.share({}));
}

TEST_F(SpmcMessages, Knob47OutOfSlotsIsDenied) {
  for (uint16_t vm = 20; vm < 34; ++vm) EXPECT_EQ(world.vm_message(4, echo_id, vm).x[3], 0U);
  EXPECT_EQ(world.vm_message(4, echo_id, 34).x[3], 0xfffffffaU);
  EXPECT_EQ(world.vm_message(4, user_id, 33).x[3], 0U) << "the second SP needs no second slot";
  EXPECT_EQ(world.vm_message(6, echo_id, 20).x[3], 0U);
  EXPECT_EQ(world.vm_message(4, echo_id, 34).x[3], 0U);
}

TEST_F(SpmcMessages, Knob47OtherFrameworkMessagesAreInvalid) {
  for (const uint32_t type : {0U, 1U, 2U, 3U, 5U, 7U, 8U, 9U, 0x104U}) {
    EXPECT_STATUS(world.vm_message(type, echo_id, 7), invalid_parameters) << type;
  }
  EXPECT_STATUS(world.vm_message(4, 0x8002, 7), invalid_parameters);
}

TEST(SpmcVmMessages, Knob47TfAHandsThemToTheSpAndServesAnyVm) {
  World world(*spmc_model::find_personality("tf-a-el3"), two_sps());
  world.call({fid32(Fid::version), 0x10002});
  EXPECT_EQ(world.vm_message(4, echo_id, 7).x[3], 0U);
  EXPECT_EQ(world.vm_message(6, echo_id, 7).x[3], 0U);
  EXPECT_EQ(world.call({fid32(Fid::msg_send_direct_req), 0x00080000U | echo_id, 0, 0x42}).x[3],
            0x42U);
}

TEST(SpmcVmMessages, Knob32AHandleWithoutOwnerStaysTakenWhenTheVmIsGone) {
  World world(*spmc_model::find_personality("hafnium"), two_sps());
  world.boot(ffa::v1_2);
  world.vm_message(4, echo_id, 7);
  world.vm_message(4, user_id, 7);
  Descriptor theirs;
  theirs.sender = 7;
  EXPECT_EQ(world.share(theirs).x[2], 0U);
  world.vm_message(6, echo_id, 7);
  world.vm_message(6, user_id, 7);
  Descriptor mine;
  mine.ranges = {{0x49800000, 1}};
  EXPECT_EQ(world.share(mine).x[2], 1U);
  EXPECT_SUCCESS(world.reclaim(0));
}

TEST(SpmcVmMessages, SpsThatDoNotSubscribeAreNotToldAndNeedNotBe) {
  auto sps = two_sps();
  sps[0].properties = 0x3;
  World world(*spmc_model::find_personality("op-tee"), sps);
  EXPECT_STATUS(world.vm_message(4, echo_id, vm1), invalid_parameters);
  EXPECT_STATUS(world.vm_message(6, echo_id, vm1), invalid_parameters);
  EXPECT_EQ(world.call({fid32(Fid::msg_send_direct_req), to_echo, 0, 0x42}).x[3], 0x42U);
  EXPECT_FALSE(world.spmc->knows_vm(EndpointId{vm1})) << "the other SP would have to be told";
}

TEST(SpmcVmMessages, WithoutAnySubscriberEveryVmIsKnown) {
  auto sps = two_sps();
  for (auto& sp : sps) sp.properties = 0x3;
  World world(*spmc_model::find_personality("op-tee"), sps);
  world.version(ffa::v1_1);
  world.map();
  EXPECT_TRUE(world.spmc->knows_vm(EndpointId{vm1}));
  EXPECT_FALSE(world.spmc->knows_vm(EndpointId{echo_id}));
  EXPECT_EQ(handle_of(world.share({})), 0x100000050000U);
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_create, vm1, 1));
  EXPECT_TRUE(world.spmc->has_bitmap(EndpointId{vm1}));
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_destroy, vm1));
  EXPECT_FALSE(world.spmc->has_bitmap(EndpointId{vm1}));
}

TEST_F(SpmcMessages, TestControlOverridesTheAnswerAndChangesNothing) {
  world.spmc->answer_vm_messages(EndpointId{echo_id}, Status::interrupted, 2);
  EXPECT_EQ(world.vm_message(4, echo_id, 7).x[3], 0xfffffffbU);
  EXPECT_EQ(world.vm_message(6, echo_id, vm1).x[3], 0xfffffffbU);
  EXPECT_FALSE(world.spmc->knows_vm(EndpointId{7}));
  EXPECT_TRUE(world.spmc->knows_vm(EndpointId{vm1}));
  EXPECT_EQ(world.vm_message(4, echo_id, 7).x[3], 0U);
}

TEST_F(SpmcMessages, DestroyedVmLeavesItsCompleteRegionsForReclaim) {
  using spmc_model::sp_protocol::Operation;
  const uint64_t handle = handle_of(world.share({}));
  EXPECT_EQ(world.ask(vm1, Operation::retrieve, handle).first, 0);
  const std::vector<uint8_t> bytes = Descriptor{}.bytes();
  EXPECT_EQ(world.call({fid64(Fid::mem_share), bytes.size() + 16, bytes.size() - 16}).x[0],
            frag_rx);
  EXPECT_EQ(world.spmc->regions(), 2U);
  world.vm_message(6, echo_id, vm1);
  EXPECT_EQ(world.spmc->regions(), 2U) << "one SP still knows the VM";
  EXPECT_STATUS(world.reclaim(handle), denied);
  world.vm_message(6, user_id, vm1);
  ASSERT_EQ(world.spmc->regions(), 1U) << "the half-sent one is gone";
  EXPECT_TRUE(world.spmc->region(0).owner_gone);
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 0U);
  EXPECT_FALSE(world.spmc->has_bitmap(EndpointId{vm1}));
  EXPECT_SUCCESS(world.reclaim(handle));
  EXPECT_EQ(world.spmc->regions(), 0U);
}

TEST_F(SpmcMessages, AnSpForgetsWhatItRetrievedFromADestroyedVm) {
  const uint64_t handle = handle_of(world.share([] {
    Descriptor descriptor;
    descriptor.layout = ffa::v1_2;
    return descriptor;
  }()));
  EXPECT_EQ(world.ask(vm1, spmc_model::sp_protocol::Operation::retrieve, handle).first, 0);
  world.vm_message(6, user_id, vm1);
  EXPECT_TRUE(world.spmc->knows_vm(EndpointId{vm1})) << "the other SP still knows it";
  EXPECT_SUCCESS(world.reclaim(handle));
}

TEST(SpmcVmMessages, TheVmIsGoneWhenAllHaveHeardThatWantTo) {
  auto sps = two_sps();
  sps[1].properties = 0x43;  // told of creation only
  World world(*spmc_model::find_personality("op-tee"), sps);
  world.boot(ffa::v1_1);
  const uint64_t handle = handle_of(world.share({}));
  EXPECT_EQ(world.ask(vm1, spmc_model::sp_protocol::Operation::retrieve, handle).first, 0);
  EXPECT_STATUS(world.vm_message(6, user_id, vm1), invalid_parameters);
  EXPECT_EQ(world.vm_message(6, echo_id, vm1).x[3], 0U);
  EXPECT_FALSE(world.spmc->knows_vm(EndpointId{vm1}));
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 0U);
  EXPECT_SUCCESS(world.reclaim(handle));
}

TEST_F(SpmcMessages, ANewVmWithTheSameIdOwnsNothingOfTheOldOne) {
  const uint64_t handle = handle_of(world.share({}));
  for (const uint16_t sp : {echo_id, user_id}) world.vm_message(6, sp, vm1);
  world.create_vm(vm1);
  EXPECT_EQ(world.ask(vm1, spmc_model::sp_protocol::Operation::retrieve, handle).first, -2);
  EXPECT_EQ(handle_of(world.share({})), handle) << "handles of an owner start anew";
}

TEST(SpmcContexts, AsManyRequestsAtOnceAsThereAreContexts) {
  using spmc_model::max_contexts;
  auto sps = two_sps();
  sps[0].contexts = 64;
  World world(*spmc_model::find_personality("hafnium"), sps);
  world.boot(ffa::v1_2);
  const auto ask = [&](uint64_t payload) {
    return world.call({fid32(Fid::msg_send_direct_req), to_echo, 0, payload});
  };
  const auto run = [&](uint64_t context) {
    return world.call({fid32(Fid::run), uint64_t{echo_id} << 16 | context});
  };
  for (uint64_t n = 0; n < max_contexts; ++n) {
    world.spmc->preempt(EndpointId{echo_id}, 1, spmc_model::StopKind::interrupt);
    EXPECT_EQ(ask(40 + n).x[1], uint64_t{echo_id} << 16 | n);
  }
  EXPECT_STATUS(ask(99), busy);
  EXPECT_STATUS(run(max_contexts), invalid_parameters);
  EXPECT_EQ(run(5).x[3], 45U);
  EXPECT_STATUS(run(5), invalid_parameters);
  EXPECT_EQ(ask(99).x[3], 99U) << "in context 5";
  world.vm_message(6, echo_id, vm1);
  EXPECT_EQ(run(0).x[3], 40U) << "the end of the VM ends no work";
}

TEST(SpmcContexts, AManagedExitIsGoneOnWithByTheSameFunctionOnly) {
  auto sps = two_sps();
  sps[0].contexts = 2;
  World world(*spmc_model::find_personality("hafnium"), sps);
  world.boot(ffa::v1_2);
  world.spmc->preempt(EndpointId{echo_id}, 1, spmc_model::StopKind::managed_exit);
  const auto ask = [&](uint32_t function, uint64_t payload) {
    return world.call({function, to_echo, 0, payload});
  };
  EXPECT_EQ(ask(fid32(Fid::msg_send_direct_req), 5).x[3], spmc_model::sp_protocol::managed_exit);
  EXPECT_STATUS(world.call({fid32(Fid::run), uint64_t{echo_id} << 16}), invalid_parameters);
  EXPECT_EQ(ask(fid64(Fid::msg_send_direct_req), 6).x[3], 6U) << "another request";
  EXPECT_EQ(ask(fid32(Fid::msg_send_direct_req), 7).x[3], 5U);
  EXPECT_EQ(ask(fid32(Fid::msg_send_direct_req), 8).x[3], 8U);
}

}  // namespace
}  // namespace spmc_test
