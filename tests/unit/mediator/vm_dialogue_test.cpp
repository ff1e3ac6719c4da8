// SPDX-License-Identifier: BSD-3-Clause
// VMs that know of each other: the access policy, direct messages with a VM as server, indirect
// messages. What a call that waits leaves behind, and what it gets when it is made again.
#include <gtest/gtest.h>

#include "core/access.hpp"
#include "ffa/wire/message.hpp"
#include "world.hpp"

namespace fake {
namespace {

using mediator::Access;
using mediator::Dispatch;
using mediator::VmConfig;

constexpr VmConfig naming(bool every_vm, bool every_sp, uint16_t peer) {
  VmConfig vm;
  vm.visible_to_vms = every_vm;
  vm.reaches_sps = every_sp;
  vm.peers[3] = ffa::EndpointId{peer};
  return vm;
}

TEST(AccessPolicy, SpsAreNamedAndVmsAreNotUnlessSaid) {
  const Access silent{VmConfig{}};
  EXPECT_TRUE(silent.names(ffa::EndpointId{0x8001}));
  EXPECT_TRUE(!silent.names(ffa::EndpointId{2}));
  EXPECT_TRUE(!silent.names(ffa::hypervisor_id));
  EXPECT_TRUE(!silent.names_vms());
  const Access one_sp{naming(false, false, 0x8002)};
  EXPECT_TRUE(one_sp.names(ffa::EndpointId{0x8002}));
  EXPECT_TRUE(!one_sp.names(ffa::EndpointId{0x8001}));
  EXPECT_TRUE(!one_sp.names_vms());
  const Access one_vm{naming(false, true, 7)};
  EXPECT_TRUE(one_vm.names(ffa::EndpointId{7}) && !one_vm.names(ffa::EndpointId{6}));
  EXPECT_TRUE(one_vm.names_vms());
  EXPECT_FALSE(one_vm.names(ffa::hypervisor_id));  // an empty place names nobody
}
TEST(AccessPolicy, BothMustSaySo) {
  const ffa::EndpointId a{1}, b{2};
  const Access every{naming(true, true, 0)}, only_b{naming(false, true, 2)}, none{VmConfig{}};
  EXPECT_TRUE(know_each_other(only_b, a, every, b));
  EXPECT_TRUE(know_each_other(every, a, every, b));
  EXPECT_FALSE(know_each_other(every, a, none, b));
  EXPECT_FALSE(know_each_other(none, a, every, b));
  EXPECT_FALSE(know_each_other(only_b, a, only_b, b));
}

class VmDialogue : public testing::Test {
 protected:
  void SetUp() override {
    world.visible_to_vms = true;
    world.start(1, 0x10002);
    world.start(2, 0x10002);
    world.start(3, 0x10001);
    before = world.smc_count();
  }
  void TearDown() override { EXPECT_EQ(world.smc_count(), before) << "VMs need no SMC"; }
  /// A call that must wait; its registers are as they were.
  void waits(uint16_t vm, ffa::Regs in, uint16_t vcpu = 0) {
    for (unsigned n = 8; n < 18; ++n) in.x[n] = World::poison + n;
    EXPECT_EQ(world.call(vm, in, vcpu), in);
    EXPECT_EQ(world.dispatch, Dispatch::blocked);
  }
  /// The same call, made again.
  ffa::Regs again(uint16_t vm, const ffa::Regs& in, uint16_t vcpu = 0) {
    const ffa::Regs out = world.call(vm, in, vcpu);
    EXPECT_EQ(world.dispatch, Dispatch::handled);
    return out;
  }
  static ffa::Regs wait() { return regs({0x8400006b}); }
  static ffa::Regs request(uint16_t to = 2) {
    return regs({0x8400006f, ids(1, to), 0, 0x31, 0x41, 0x51, 0x61, 0x71});
  }
  static ffa::Regs response() { return regs({0x84000070, ids(2, 1), 0, 0x32, 0x42}); }
  World world;
  size_t before = 0;
};

TEST_F(VmDialogue, ARequestWakesTheServerAndItsResponseTheClient) {
  waits(2, wait());
  waits(1, request());
  ASSERT_EQ(world.platform.woken, (std::vector<std::pair<uint16_t, uint16_t>>{{2, 0}}));
  const ffa::Regs asked = again(2, wait());
  EXPECT_EQ(asked.x[0], 0x8400006fU);
  EXPECT_EQ(asked.x[1], ids(1, 2));
  EXPECT_EQ(asked.x[3], 0x31U);
  EXPECT_EQ(asked.x[7], 0x71U);
  EXPECT_EQ(asked.x[8], World::poison + 8);  // a 1.1 message leaves them alone
  waits(2, response());
  EXPECT_EQ(world.platform.woken.back(), (std::pair<uint16_t, uint16_t>{1, 0}));
  const ffa::Regs answered = again(1, request());
  EXPECT_EQ(answered.x[0], 0x84000070U);
  EXPECT_EQ(answered.x[1], ids(2, 1));
  EXPECT_EQ(answered.x[3], 0x32U);
  EXPECT_EQ(answered.x[5], 0U);
}
TEST_F(VmDialogue, Req2FillsRegistersUpToX17) {
  waits(2, wait());
  ffa::Regs in = regs({0xc400008d, ids(1, 2)});
  for (unsigned n = 4; n < 18; ++n) in.x[n] = 0x1000'0000'0000 + n;
  world.call(1, in);
  EXPECT_EQ(world.dispatch, Dispatch::blocked);
  const ffa::Regs asked = again(2, wait());
  for (unsigned n = 4; n < 18; ++n) EXPECT_EQ(asked.x[n], in.x[n]) << n;
  EXPECT_REJECTED(world, world.call(2, response()), resp_kind);
  ffa::Regs out = regs({0xc400008e, ids(2, 1), 0, 0, 0x99});
  for (unsigned n = 8; n < 18; ++n) out.x[n] = n;
  world.call(2, out);
  EXPECT_EQ(world.dispatch, Dispatch::blocked);
  const ffa::Regs answered = again(1, in);
  EXPECT_EQ(answered.x[0], 0xc400008eU);
  EXPECT_EQ(answered.x[4], 0x99U);
  EXPECT_EQ(answered.x[17], 17U);
}
TEST_F(VmDialogue, OnlyWhoWasAskedAnswersAndOnlyWhoAsked) {
  EXPECT_REJECTED(world, world.call(2, response()), resp_asked);
  waits(2, wait());
  waits(1, request());
  again(2, wait());
  EXPECT_REJECTED(world, world.call(3, {0x84000070, ids(3, 1)}), resp_asked);
  EXPECT_REJECTED(world, world.call(2, {0x84000070, ids(2, 3)}), resp_receiver);
  EXPECT_REJECTED(world, world.call(2, {0x84000070, ids(3, 1)}), resp_sender);
  EXPECT_REJECTED(world, world.call(2, {0x84000070, ids(2, 1), 0x80000005}), resp_flags);
  EXPECT_REJECTED(world, world.call(2, response(), 1), resp_asked);
  waits(2, response());
}
TEST_F(VmDialogue, MadeAgainTooEarlyACallIsInterrupted) {
  waits(2, wait());
  waits(1, request());
  const ffa::Regs interrupted = again(1, request());
  EXPECT_EQ(interrupted.x[0], 0x84000062U);
  EXPECT_EQ(interrupted.x[1], ids(2, 0));
  EXPECT_REJECTED(world, world.call(1, request()), dmsg_one);
  again(2, wait());
  waits(2, response());
  const ffa::Regs late = world.call(1, {0x8400006d, ids(2, 0)});
  EXPECT_EQ(late.x[0], 0x84000070U);
  EXPECT_EQ(late.x[3], 0x32U);
  EXPECT_REJECTED(world, world.call(1, {0x8400006d, ids(2, 0)}), run_own);
}
TEST_F(VmDialogue, TheResponseThatOvertakesAnInterruptionIsAllThatIsSeen) {
  waits(2, wait());
  waits(1, request());
  again(2, wait());
  waits(2, regs({0x8400006c}));  // FFA_YIELD: the client is to be told
  world.mediator->domain_teardown(ffa::EndpointId{2});
  before = world.smc_count();
  EXPECT_STATUS(again(1, request()), aborted);
  EXPECT_REJECTED(world, world.call(1, {0x8400006d, ids(2, 0)}), run_endpoint);
}
TEST_F(VmDialogue, TheEndOfAClientFreesItsServer) {
  waits(2, wait());
  waits(1, request());
  again(2, wait());
  world.mediator->domain_teardown(ffa::EndpointId{1});
  before = world.smc_count();
  EXPECT_REJECTED(world, world.call(2, response()), resp_asked);
  waits(2, wait());
}
/// Ends a VM at once; it makes no calls.
void end_vm(World& world, uint16_t vm) {
  world.mediator->domain_teardown(ffa::EndpointId{vm});
  world.mediator->relinquish_resources(ffa::EndpointId{vm});
  world.mediator->free_domain_ctx(ffa::EndpointId{vm});
}
TEST_F(VmDialogue, ALaterVmWithFewerVcpusIsNobodysPartner) {
  for (const bool client_first : {true, false}) {
    const uint16_t first = client_first ? 1 : 2, second = client_first ? 2 : 1;
    waits(2, wait(), 1);
    const ffa::Regs in = request();
    waits(1, in, 1);
    world.platform.budget =
        1;  // the second one begins to end, and keeps what it knows of the first
    EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{second}),
              mediator::Progress::restart);
    world.platform.budget = -1;
    end_vm(world, first);
    world.limits = [](VmConfig& vm) { vm.vcpus = 1; };
    world.start(first, 0x10002);
    world.platform.woken.clear();
    end_vm(world, second);
    EXPECT_TRUE(world.platform.woken.empty());
    waits(first, wait());
    end_vm(world, first);
    world.limits = nullptr;
    world.start(1, 0x10002);
    world.start(2, 0x10002);
    before = world.smc_count();
  }
}
TEST_F(VmDialogue, NobodyWaitsNobodyIsAsked) {
  EXPECT_REJECTED(world, world.call(1, request()), dmsg_server_waits);
  waits(2, wait(), 1);
  waits(1, request());
  EXPECT_EQ(world.platform.woken.back(), (std::pair<uint16_t, uint16_t>{2, 1}));
  EXPECT_REJECTED(world, world.call(3, {0x8400006f, ids(3, 2)}), dmsg_server_waits);
}

/// Puts a message with a 1.1 header, and its payload behind it, into a VM's TX.
void put_message(World& world, uint16_t from, uint16_t to, std::vector<std::byte> payload,
                 uint32_t size) {
  const ffa::wire::PartitionMessageV1_1 header{0, 0x5a5a5a5a, 20, to, from, size};
  std::vector<std::byte> bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  world.platform.write(from, tx_ipa, bytes);
}

TEST(IndirectMessage, ReachesAReceiverOfAnotherVersionWithAHeaderOfItsOwn) {
  World world;
  world.visible_to_vms = true;
  world.start(2, 0x10002);
  world.start(3, 0x10001);
  world.map_buffers(2);
  world.map_buffers(3);
  put_message(world, 3, 2, {std::byte{7}, std::byte{9}}, 2);
  EXPECT_SUCCESS32(world.call(3, {0x84000086}));
  const auto rx = world.platform.read(2, rx_ipa, 4096);
  ffa::wire::PartitionMessageV1_2 seen{};
  std::memcpy(&seen, rx.data(), sizeof seen);
  EXPECT_EQ(seen.message_offset, 40U);
  EXPECT_EQ(seen.reserved_4, 0U);  // nothing of the sender's own header
  EXPECT_EQ(seen.sender, 3);
  EXPECT_EQ(seen.receiver, 2);
  EXPECT_EQ(seen.message_size, 2U);
  EXPECT_TRUE(seen.uuid.is_nil());
  EXPECT_EQ(rx[40], std::byte{7});
  EXPECT_EQ(rx[41], std::byte{9});
  for (size_t n = 42; n < rx.size(); ++n) ASSERT_EQ(rx[n], std::byte{0}) << n;
  EXPECT_REJECTED(world, world.call(3, {0x84000086}), send2_rx_free);
  EXPECT_EQ(world.platform.vm_references, 0);
}
TEST(IndirectMessage, AReceiverThatNegotiatesMeanwhileReadsTheLayoutOfItsVersion) {
  World world;
  world.visible_to_vms = true;
  world.start(3, 0x10001);
  EXPECT_TRUE(world.create_vm(2).ok());
  world.map_buffers(3);
  for (const uint32_t version : {0x10002U, 0x10000U}) {
    put_message(world, 3, 2, {std::byte{7}}, 1);
    world.platform.after_copy_in = [&world, version] {
      if (world.platform.copies_in % 2 != 0) return;  // the header comes first
      world.platform.after_copy_in = nullptr;
      world.platform.at_load = [&world, version] {
        world.negotiate(2, version);
        world.map_buffers(2);
      };
      world.platform.loads_before_hook = 2;  // between its version and its RX
    };
    world.platform.copies_in = 0;
    const ffa::Regs sent = world.call(3, {0x84000086});
    if (version >= 0x10002) {
      EXPECT_SUCCESS32(sent);
      EXPECT_EQ(world.platform.read(2, rx_ipa + 8, 1)[0], std::byte{40});
    } else {
      EXPECT_STATUS(sent, denied);
      EXPECT_EQ(world.call(2, {0x84000067}).x[0], 0x84000061U);  // RX is free
    }
    end_vm(world, 2);
    EXPECT_TRUE(world.create_vm(2).ok());
  }
}
TEST(IndirectMessage, TheLongestMessageOfTheLargestBufferStaysInItsBounds) {
  World world;
  world.visible_to_vms = true;
  world.start(2, 0x10001);
  world.start(3, 0x10001);
  world.map_buffers(2, 4);
  world.map_buffers(3, 4);
  constexpr uint32_t longest = 4 * 4096 - 20;
  put_message(world, 3, 2, std::vector<std::byte>(longest, std::byte{0x6b}), longest);
  EXPECT_SUCCESS32(world.call(3, {0x84000086}));
  EXPECT_EQ(world.platform.read(2, rx_ipa + 4 * 4096 - 1, 1)[0], std::byte{0x6b});
  put_message(world, 3, 2, {}, longest + 1);
  EXPECT_REJECTED(world, world.call(3, {0x84000086}), send2_within_tx);
}

}  // namespace
}  // namespace fake
