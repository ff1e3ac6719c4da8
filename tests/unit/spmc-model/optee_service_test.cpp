// SPDX-License-Identifier: BSD-3-Clause
// Blocking calls of the OP-TEE-like service, its sizes, and regions that it holds.
#include "optee_world.hpp"

namespace spmc_test {
namespace {

using optee::DataCommand;
using optee::WorkerCommand;

std::vector<uint64_t> payload(const Regs& regs) {
  return {regs.x[3], regs.x[4], regs.x[5], regs.x[6], regs.x[7]};
}

struct TeeService : testing::Test, TeeWorld {};

TEST_F(TeeService, TellsItsVersionsAndCapabilities) {
  EXPECT_EQ(payload(request(vm1, 0)), (std::vector<uint64_t>{1, 0, 0, 0, 0}));
  EXPECT_EQ(payload(request(vm1, 1)), (std::vector<uint64_t>{4, 10, 0x753dfa90, 0, 0}));
  EXPECT_EQ(payload(request(vm1, 2)), (std::vector<uint64_t>{0, 4, 7, 0, 0}));
}

TEST_F(TeeService, UnknownServicesAreNotSupported) {
  for (const uint32_t service : {4U, 6U, 0x7fffffffU, 0x80000002U, 0xffffffffU}) {
    EXPECT_EQ(payload(request(vm1, service)),
              (std::vector<uint64_t>{tee_not_supported, 0, 0, 0, 0}));
  }
}

TEST(TeeConfig, VersionsAreConfigured) {
  TeeWorld world{{.threads = 1, .sessions = 1, .major = 3, .minor = 22, .build = 0xabcd0123}};
  EXPECT_EQ(payload(world.request(vm1, 1)), (std::vector<uint64_t>{3, 22, 0xabcd0123, 0, 0}));
}

TEST(TeeConfig, SizesOutOfRangeAreRefused) {
  for (const optee::Config& config :
       {optee::Config{.threads = 0}, optee::Config{.threads = 9}, optee::Config{.sessions = 0},
        optee::Config{.sessions = 17}}) {
    FakeMemory memory;
    std::vector<std::byte> storage(spmc_model::Spmc::storage_bytes());
    const auto sps = TeeWorld::sps(config);
    EXPECT_EQ(
        spmc_model::Spmc::create(
            storage, {.personality = TeeWorld::personality(), .sps = sps, .missing_functions = {}},
            memory),
        nullptr);
  }
}

TEST_F(TeeService, HoldsARegionFromItsFirstUseUntilItIsUnregistered) {
  const uint64_t handle = share_pages(vm1, {{0x4b000000, 2}});
  EXPECT_EQ(unregister(vm1, handle), 0U) << "not used yet";
  const uint32_t session = open(vm1, optee::data_ta);
  EXPECT_EQ(invoke(vm1, session, DataCommand::checksum, {memref(5, handle, 0, 16), value_out()}),
            finished());
  EXPECT_STATUS(reclaim(handle), denied);
  EXPECT_EQ(unregister(vm2, handle), 0U) << "none of its regions";
  EXPECT_STATUS(reclaim(handle), denied);
  EXPECT_EQ(unregister(vm1, handle), 0U);
  EXPECT_SUCCESS(reclaim(handle));
  EXPECT_EQ(unregister(vm1, handle), 0U) << "gone";
}

TEST_F(TeeService, ARegionInUseIsNotUnregistered) {
  const uint64_t handle = share_pages(vm1, {{0x4b000000, 2}});
  const uint32_t session = open(vm1, optee::worker_ta);
  ASSERT_EQ(send(vm1, {.command = 1, .function = 2, .session = session, .params = {value_in(7)}}),
            asks(0));
  EXPECT_EQ(unregister(vm1, handle), 0U) << "another region";
  EXPECT_EQ(unregister(vm1, shm[vm1]), 0xfffffffcU) << "the argument's own: BUSY";
  EXPECT_STATUS(reclaim(shm[vm1]), denied);
  answer_rpc(vm1, rpc_of(vm1, 1), 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(unregister(vm1, shm[vm1]), 0U);
  EXPECT_SUCCESS(reclaim(shm[vm1]));
}

TEST_F(TeeService, NotificationValueHasALimit) {
  EXPECT_EQ(payload(request(vm1, 5, 63)), (std::vector<uint64_t>{0, 0, 0, 0, 0}));
  EXPECT_EQ(request(vm1, 5, 64).w(3), tee_bad_parameters);
}

TEST_F(TeeService, PostsAnEventThroughANotification) {
  const uint32_t session = open(vm1, optee::worker_ta);
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::post, {value_in(5)}), finished());
  EXPECT_EQ(result(), tee_bad_state) << "not enabled";
  EXPECT_EQ(request(vm1, 5, 9).w(3), 0U);
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::post, {value_in(5)}), finished());
  EXPECT_EQ(result(), tee_access_denied) << "not bound";
  EXPECT_EQ(origin(), from_ta);
  EXPECT_SUCCESS(call({fid32(Fid::notification_bind), uint64_t{tee_id} << 16 | vm1, 0, 1U << 9}));
  EXPECT_EQ(memory.interrupts, 0U);
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::post, {value_in(64)}), finished());
  EXPECT_EQ(result(), tee_bad_parameters);
  for (const uint64_t event : {5U, 40U}) {
    EXPECT_EQ(invoke(vm1, session, WorkerCommand::post, {value_in(event)}), finished());
    EXPECT_EQ(result(), 0U);
  }
  EXPECT_EQ(memory.interrupts, 2U);
  EXPECT_EQ(spmc->pending_notifications(EndpointId{vm1}), 1U << 9);

  EXPECT_EQ(invoke(vm1, session, WorkerCommand::collect, {value_out()}), finished());
  EXPECT_EQ(param(0, 1), 0U) << "no bottom half yet";
  EXPECT_EQ(send(vm1, {.command = 6}), finished());
  EXPECT_EQ(result(), 0x0badbad0U) << "a bottom half has no result";
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::collect, {value_out()}), finished());
  EXPECT_EQ(param(0, 1), 1U << 5);
  EXPECT_EQ(param(0, 2), 1U << (40 - 32));
  EXPECT_EQ(send(vm1, {.command = 7}), finished());
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::post, {value_in(5)}), finished());
  EXPECT_EQ(result(), tee_bad_state) << "stopped";
}

TEST_F(TeeService, ADestroyedVmLeavesNothing) {
  const uint32_t session = open(vm1, optee::worker_ta);
  ASSERT_EQ(invoke(vm1, session, WorkerCommand::wait, {value_in(7)}), asks(0));
  for (const uint16_t sp : {echo_id, user_id, tee_id}) {
    EXPECT_EQ(vm_message(6, sp, vm1).x[3], 0U);
  }
  EXPECT_SUCCESS(reclaim(shm[vm1]));
  for (const uint16_t sp : {echo_id, user_id, tee_id}) {
    EXPECT_EQ(vm_message(4, sp, vm1).x[3], 0U);
  }
  EXPECT_EQ(resume(vm1, 0), failed(tee_bad_parameters));
  shm[vm1] = share_pages(vm1, {{argument_page, 1}});
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::collect, {value_out()}), finished());
  EXPECT_EQ(result(), tee_bad_parameters) << "no such session";
  EXPECT_EQ(request(vm2, 0).x[3], 1U);
}

}  // namespace
}  // namespace spmc_test
