// SPDX-License-Identifier: BSD-3-Clause
// Calls of the OP-TEE-like service that stop on their way: threads, RPCs, sessions in use.
#include "optee_world.hpp"

namespace spmc_test {
namespace {

using optee::WorkerCommand;

constexpr uint64_t given = 0x4b000000;
constexpr uint32_t get_time = 3;
constexpr uint32_t notification = 4;
constexpr uint32_t shm_alloc = 6;
constexpr uint32_t shm_free = 7;

struct TeeRpc : testing::Test, TeeWorld {
  explicit TeeRpc(uint16_t threads = 4) : TeeWorld({.threads = threads}) {}
  uint32_t session = open(vm1, optee::worker_ta);

  void expect_rpc(const Rpc& asked, uint32_t command, uint64_t attributes, uint64_t a, uint64_t b,
                  uint64_t c) {
    EXPECT_EQ(asked.command, command);
    EXPECT_EQ(asked.result, tee_generic) << "until the normal world says otherwise";
    EXPECT_EQ(asked.count, 1U);
    EXPECT_EQ(asked.param.attributes, attributes);
    EXPECT_EQ(asked.param.a, a);
    EXPECT_EQ(asked.param.b, b);
    EXPECT_EQ(asked.param.c, c);
  }
  /// `allocate` of 16 bytes up to the normal world's turn.
  Rpc allocate() {
    EXPECT_EQ(invoke(vm1, session, WorkerCommand::allocate, {value_in(16, 1), value_out()}),
              asks(0));
    return rpc_of(vm1, 2);
  }
};

TEST_F(TeeRpc, PreemptedAsOftenAsAsked) {
  for (const uint32_t times : {0U, 1U, 3U}) {
    TeeReturn back = invoke(vm1, session, WorkerCommand::preempt, {value_in(times), value_out()});
    for (uint32_t n = 0; n < times; ++n) {
      EXPECT_EQ(back, preempted(0));
      back = resume(vm1, 0);
    }
    EXPECT_EQ(back, finished());
    EXPECT_EQ(param(1, 1), times);
  }
}

TEST_F(TeeRpc, OnlySuspendedThreadsOfTheVmAreResumed) {
  EXPECT_EQ(resume(vm1, 0), failed(tee_bad_parameters)) << "nothing is suspended";
  ASSERT_EQ(invoke(vm1, session, WorkerCommand::preempt, {value_in(1), value_out()}), preempted(0));
  EXPECT_EQ(resume(vm2, 0), failed(tee_bad_parameters));
  for (const uint64_t thread : {1U, 7U, 8U, 0xffffffffU}) {
    EXPECT_EQ(resume(vm1, thread), failed(tee_bad_parameters)) << thread;
  }
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(resume(vm1, 0), failed(tee_bad_parameters));
}

TEST_F(TeeRpc, ThreadsRunOutForOneVm) {
  for (uint32_t n = 0; n < 4; ++n) {
    const uint32_t another = open(vm1, optee::worker_ta, 0x400 * n);
    EXPECT_EQ(invoke(vm1, another, WorkerCommand::wait, {value_in(n)}, 0x400 * n), asks(n));
  }
  const uint64_t spare = share_pages(vm1, {{given, 1}});
  memory.put(given, TeeCall{.command = 2}.bytes());
  EXPECT_EQ(start(vm1, spare, 0), failed(tee_busy));
  EXPECT_EQ(open(vm2, optee::worker_ta), 1U);
  answer_rpc(vm1, rpc_of(vm1, 1, 0x800), 0);
  EXPECT_EQ(resume(vm1, 2), finished());
  EXPECT_EQ(start(vm1, spare, 0), finished());
}

TEST_F(TeeRpc, AllocatesUsesAndFrees) {
  const Rpc asked = allocate();
  expect_rpc(asked, shm_alloc, 1, 1, 16, 8);
  std::vector<uint8_t> bytes(16);
  for (uint8_t n = 0; n < 16; ++n) bytes[n] = n;
  memory.put(given + 0x21, bytes);
  const uint64_t handle = share_pages(vm1, {{given, 1}});
  answer_rpc(vm1, asked, 0, memref(6, handle, 0, 16, 0x21));
  EXPECT_EQ(resume(vm1, 0), asks(0));
  expect_rpc(rpc_of(vm1, 2), shm_free, 1, 1, handle, 0);
  EXPECT_EQ(memory.get(given + 0x20, 3), (std::vector<uint8_t>{0xa5, 0xff, 0xfe}));
  EXPECT_EQ(memory.get(given + 0x30, 2), (std::vector<uint8_t>{0xf0, 0xa5}));
  EXPECT_SUCCESS(reclaim(handle));
  answer_rpc(vm1, rpc_of(vm1, 2), 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), 0U);
  EXPECT_EQ(param(1, 1), 120U);
  EXPECT_EQ(param(1, 2), 680U);
}

TEST_F(TeeRpc, AnAnswerThatCanNotBeUsed) {
  const uint64_t handle = share_pages(vm1, {{given, 1}});
  const uint64_t foreign = share_pages(vm2, {{given + 0x10000, 1}});
  const std::pair<uint32_t, TeeParam> answers[] = {{tee_out_of_memory, memref(6, handle, 0, 16)},
                                                   {0, {}},
                                                   {0, memref(5, handle, 0, 16)},
                                                   {0, memref(7, handle, 0, 16)},
                                                   {0, {0x106, 0, 16, handle}},
                                                   {0, memref(6, foreign, 0, 16)},
                                                   {0, memref(6, handle + 1, 0, 16)},
                                                   {0, memref(6, handle, 0, 16, 0x1000)},
                                                   {0, memref(6, shm[vm1], 0, 16, 1)}};
  for (const auto& [code, answer] : answers) {
    answer_rpc(vm1, allocate(), code, answer);
    EXPECT_EQ(resume(vm1, 0), finished());
    EXPECT_EQ(result(), tee_out_of_memory);
    EXPECT_EQ(origin(), from_ta);
  }
  EXPECT_SUCCESS(reclaim(handle));
}

TEST_F(TeeRpc, TooLittleMemoryIsGivenBack) {
  const uint64_t handle = share_pages(vm1, {{given, 1}});
  answer_rpc(vm1, allocate(), 0, memref(6, handle, 0, 16, 0xff1));
  EXPECT_EQ(resume(vm1, 0), asks(0));
  expect_rpc(rpc_of(vm1, 2), shm_free, 1, 1, handle, 0);
  EXPECT_SUCCESS(reclaim(handle));
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), tee_out_of_memory);
}

TEST_F(TeeRpc, AllocationInUseIsNotUnregistered) {
  const uint64_t handle = share_pages(vm1, {{given, 1}});
  const uint32_t data = open(vm1, optee::data_ta, 0x800);
  EXPECT_EQ(invoke(vm1, data, optee::DataCommand::checksum, {memref(5, handle, 0, 1), value_out()},
                   0x800),
            finished());
  memory.broken_page = given;  // the TA stops before it lets go
  answer_rpc(vm1, allocate(), 0, memref(6, handle, 0, 16));
  EXPECT_EQ(resume(vm1, 0), asks(0));
  EXPECT_EQ(rpc_of(vm1, 2).command, shm_free);
  EXPECT_SUCCESS(reclaim(handle));
}

TEST_F(TeeRpc, TimeComesFromTheNormalWorld) {
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::time, {value_out()}), asks(0));
  const Rpc asked = rpc_of(vm1, 1);
  expect_rpc(asked, get_time, 2, 0, 0, 0);
  answer_rpc(vm1, asked, 0, {2, 0x123456789, 77, 0});
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(param(0, 1), 0x23456789U);
  EXPECT_EQ(param(0, 2), 77U);
}

TEST_F(TeeRpc, WaitsForAKey) {
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::wait, {value_in(0x31, 500)}), asks(0));
  expect_rpc(rpc_of(vm1, 1), notification, 1, 0, 0x31, 500);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), tee_generic) << "the normal world did not answer";
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::wake, {value_in(0x31, 500)}), asks(0));
  expect_rpc(rpc_of(vm1, 1), notification, 1, 1, 0x31, 0);
  answer_rpc(vm1, rpc_of(vm1, 1), 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), 0U);
}

TEST_F(TeeRpc, AWaitIsCancelled) {
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::wait, {value_in(1)}), asks(0));
  EXPECT_EQ(send(vm1, {.command = 3, .session = session}, 0x800), finished());
  answer_rpc(vm1, rpc_of(vm1, 1), 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), tee_cancel);
  EXPECT_EQ(invoke(vm1, session, WorkerCommand::wait, {value_in(1)}), asks(0));
  answer_rpc(vm1, rpc_of(vm1, 1), 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), 0U) << "the next call is not";
}

TEST_F(TeeRpc, ASessionInUseIsWaitedFor) {
  ASSERT_EQ(invoke(vm1, session, WorkerCommand::preempt, {value_in(1), value_out()}), preempted(0));
  ASSERT_EQ(invoke(vm1, session, WorkerCommand::collect, {value_out()}, 0x400), asks(1));
  expect_rpc(rpc_of(vm1, 1, 0x400), notification, 1, 0, 1, 0);
  ASSERT_EQ(close(vm1, session, 0x800), asks(2));
  EXPECT_EQ(resume(vm1, 1), asks(1)) << "still in use";

  EXPECT_EQ(resume(vm1, 0), asks(0));
  expect_rpc(rpc_of(vm1, 2), notification, 1, 1, 1, 0);
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(result(), 0U);

  EXPECT_EQ(resume(vm1, 2), finished()) << "it was quicker than who was woken, and wakes nobody";
  EXPECT_EQ(result(vm1, 0x800), 0U);
  EXPECT_EQ(resume(vm1, 1), finished());
  EXPECT_EQ(result(vm1, 0x400), tee_bad_parameters) << "closed meanwhile";
}

TEST_F(TeeRpc, ParametersAreReadOnce) {
  ASSERT_EQ(invoke(vm1, session, WorkerCommand::preempt, {value_in(2), value_out()}), preempted(0));
  memory.put(at(vm1, 0), std::vector<uint8_t>(0x60, 0xff));
  EXPECT_EQ(resume(vm1, 0), preempted(0));
  EXPECT_EQ(resume(vm1, 0), finished());
  EXPECT_EQ(param(1, 1), 2U);
  EXPECT_EQ(param(1, 0), ~uint64_t{0}) << "attributes are never written";
  EXPECT_EQ(param(0, 1), ~uint64_t{0});
  EXPECT_EQ(result(), 0U);
}

TEST(TeeVms, MoreVmsThanTheServiceKnowsFindItBusy) {
  auto personality = TeeWorld::personality();
  personality.guests_tracked = false;
  World world(personality, TeeWorld::sps({}));
  const auto ask = [&](uint64_t vm, uint64_t what) {
    return world.call({fid32(Fid::msg_send_direct_req), vm << 16 | tee_id, 0, what}).x[3];
  };
  for (uint64_t vm = 0; vm < optee::max_vms; ++vm) EXPECT_EQ(ask(vm, 0), 1U);
  EXPECT_EQ(ask(optee::max_vms, 0), tee_busy);
  EXPECT_EQ(ask(5, 0), 1U);
}

}  // namespace
}  // namespace spmc_test
