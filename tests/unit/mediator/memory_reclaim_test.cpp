// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RECLAIM, two vCPUs at once, and the reclaims of a VM's end.
#include "memory_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using ffa::Status;
using mediator::Progress;

class MemoryReclaim : public MemorySharing {
 protected:
  void refuse_with(Status status) {
    world.platform.spmc[0x84000077] = [status](const ffa::Regs&) { return ffa::reply(status); };
  }
};

TEST_F(MemoryReclaim, GivesEverythingBackOnceOnly) {
  start();
  const State before = state();
  const uint64_t handle = shared(plan());
  EXPECT_EQ(reclaim(handle), ffa::success32());
  EXPECT_EQ(state(), before);
  EXPECT_EQ(reclaims(), 1U);
  EXPECT_REJECTED(world, reclaim(handle), reclaim_handle);
  EXPECT_EQ(reclaims(), 1U) << "the SPMC is not asked";
}

TEST_F(MemoryReclaim, UnknownHandlesNeverReachTheSpmc) {
  start();
  start(2);
  const uint64_t handle = shared(plan());
  const State before = state();
  EXPECT_REJECTED(world, reclaim(handle, 2), reclaim_handle);
  EXPECT_REJECTED(world, reclaim(handle ^ (uint64_t{1} << 32)), reclaim_handle);
  EXPECT_REJECTED(world, reclaim(handle & 0xffffffff), reclaim_handle);
  EXPECT_REJECTED(world, reclaim(handle + 1), reclaim_handle);
  EXPECT_REJECTED(world, reclaim(0), reclaim_handle);
  EXPECT_REJECTED(world, reclaim(~uint64_t{0}), reclaim_handle);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(reclaims(), 0U);
  EXPECT_EQ(reclaim(handle), ffa::success32());
}

TEST_F(MemoryReclaim, TheFlagsAreCheckedAndForwarded) {
  start();
  const uint64_t handle = shared(plan());
  const State before = state();
  for (unsigned bit = 2; bit < 32; ++bit) {
    EXPECT_REJECTED(world, reclaim(handle, 1, 1U << bit), reclaim_flags);
  }
  EXPECT_EQ(reclaims(), 0U);
  EXPECT_EQ(state(), before);
  // OP-TEE and the EL3 SPMC refuse every flag: the share must survive that.
  refuse_with(Status::invalid_parameters);
  EXPECT_STATUS(reclaim(handle, 1, 3), invalid_parameters);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(world.platform.sent(0x84000077).at(0).in,
            fake::regs({0x84000077, handle & 0xffffffff, handle >> 32, 3}));
}

TEST_F(MemoryReclaim, WhatTheOwnerCanOnlyReadIsNotZeroed) {
  start();
  Descriptor descriptor = pages(flat);
  descriptor.borrowers[0].permissions = 1;
  descriptor.ranges.push_back({read_only, 1});
  const uint64_t handle = shared(descriptor);
  const State before = state();
  EXPECT_REJECTED(world, reclaim(handle, 1, 1), reclaim_zero_writable);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(reclaims(), 0U);
  EXPECT_EQ(reclaim(handle), ffa::success32());
}

TEST_F(MemoryReclaim, RegistersBehindTheFlagsAreIgnored) {
  start();
  const uint64_t handle = shared(plan());
  ffa::Regs regs = fake::regs({0x84000077, handle & 0xffffffff, handle >> 32, 0, 1, 2, 3, 4});
  EXPECT_EQ(low(world.call(1, regs)), ffa::success32());
  EXPECT_EQ(world.platform.sent(0x84000077).at(0).in.x[4], 0U);
}

TEST_F(MemoryReclaim, EveryErrorKeepsTheShare) {
  start();
  const uint64_t handle = shared(plan());
  const State before = state();
  for (int32_t code = -1; code >= -9; --code) {
    refuse_with(static_cast<Status>(code));
    EXPECT_EQ(fake::status_in(reclaim(handle)), static_cast<Status>(code));
    EXPECT_EQ(state(), before) << code;
  }
  for (const uint64_t fid : {0x84000062ULL, 0x8400007aULL, 0xffffffffULL}) {
    world.platform.spmc[0x84000077] = [fid](const ffa::Regs&) { return fake::regs({fid}); };
    EXPECT_REJECTED(world, reclaim(handle), reclaim_answer_expected);
    EXPECT_EQ(state(), before);
  }
  world.platform.spmc[0x84000077] = [](const ffa::Regs&) { return ffa::success32(); };
  EXPECT_SUCCESS32(reclaim(handle));
}

TEST_F(MemoryReclaim, TwoAtOnceGiveOneSuccess) {
  start();
  const State before = state();
  const uint64_t handle = shared(plan());
  const auto answer = world.platform.spmc[0x84000077];
  Status second{};
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    // While the SPMC works on vCPU 0's reclaim, vCPU 1 asks for the same.
    second = fake::status_in(reclaim(handle, 1, 0, 1));
    return answer(in);
  };
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(second, Status::invalid_parameters);
  EXPECT_EQ(reclaims(), 1U);
  EXPECT_EQ(state().pins, before.pins);
}

TEST_F(MemoryReclaim, ThePagesStayTakenUntilTheReclaimIsOver) {
  start();
  const uint64_t handle = shared(pages(flat));
  const auto answer = world.platform.spmc[0x84000077];
  Status second{};
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    const ffa::Regs given_back = answer(in);
    second = fake::status_in(share(pages(flat), 1));
    return given_back;
  };
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(second, Status::denied);
  EXPECT_SUCCESS32(share(pages(flat)));
  EXPECT_EQ(pins_at(flat), 1);
}

TEST_F(MemoryReclaim, ShareAndReclaimTakeAsManyLocksHoweverManyVmsThereAre) {
  start();
  const auto locks = [&] {
    const size_t before = world.platform.locks_taken;
    EXPECT_SUCCESS32(reclaim(shared(pages(flat))));
    return world.platform.locks_taken - before;
  };
  const size_t alone = locks();
  start(2);
  shared(pages(scattered, 1, 2));
  EXPECT_EQ(locks(), alone);
}

TEST_F(MemoryReclaim, AHandleGivenAgainWhileItsOldShareEndsIsANewShare) {
  start();
  start(2);
  const uint64_t handle = shared(pages(flat));
  const auto answer = world.platform.spmc[0x84000077];
  Status second{};
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    const ffa::Regs given_back = answer(in);
    if (second == Status::retry) return given_back;
    second = Status::retry;
    next_handle = handle;  // the SPMC reuses it at once, for another VM
    EXPECT_SUCCESS32(share(pages(scattered, 1, 2)));
    return given_back;
  };
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(pins_at(flat), 0);
  EXPECT_EQ(pins_at(scattered, 2), 1);
  EXPECT_REJECTED(world, reclaim(handle), reclaim_handle);
  EXPECT_SUCCESS32(reclaim(handle, 2));
}

TEST_F(MemoryReclaim, ARefusedShareWhoseHandleWasGivenAgainIsQuarantined) {
  start();
  const uint64_t handle = shared(pages(flat));
  bool nested = false;
  world.platform.spmc[0x84000077] = [&](const ffa::Regs&) {
    if (!nested) {
      nested = true;
      next_handle = handle;
      EXPECT_SUCCESS32(share(pages(scattered), 1));
    }
    return ffa::reply(Status::denied);
  };
  EXPECT_STATUS(reclaim(handle), denied);
  EXPECT_EQ(state().facts.at(0), "vm 1 2 1 4");
  EXPECT_EQ(pins_at(flat), 1);
}

class MemoryTeardown : public MemoryReclaim {
 protected:
  Progress tear_down() {
    Progress progress{};
    for (int round = 0; round < 1000; ++round) {
      progress = world.mediator->domain_teardown(ffa::EndpointId{1});
      if (!mediator::goes_on(progress)) return progress;
      ++restarts;
      world.platform.budget = 1;
    }
    return progress;
  }
  int restarts = 0;
};

TEST_F(MemoryTeardown, ReclaimsEveryShare) {
  start();
  for (uint64_t n = 0; n < 4; ++n) shared(pages(flat + n * 0x2000, 1));
  EXPECT_EQ(tear_down(), Progress::done);
  EXPECT_EQ(reclaims(), 4U);
  EXPECT_TRUE(spmc.empty());
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::done);
  EXPECT_EQ(world.platform.pins(1), 0);
}

TEST_F(MemoryTeardown, StopsForItsBudgetAndGoesOn) {
  start();
  for (uint64_t n = 0; n < 4; ++n) shared(pages(flat + n * 0x2000, 1));
  world.platform.budget = 1;
  EXPECT_EQ(tear_down(), Progress::done);
  EXPECT_GE(restarts, 4);
  EXPECT_EQ(reclaims(), 4U);
}

TEST_F(MemoryTeardown, OneThatIsRefusedDoesNotKeepTheOthersWaiting) {
  start();
  const uint64_t stuck = shared(pages(flat));
  for (uint64_t n = 1; n < 4; ++n) shared(pages(flat + n * 0x2000));
  const auto answer = world.platform.spmc[0x84000077];
  int refusals = 2;
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    const bool refuse = in.w(1) == (stuck & 0xffffffff) && refusals-- > 0;
    return refuse ? ffa::reply(Status::denied) : answer(in);
  };
  EXPECT_EQ(tear_down(), Progress::done);
  const auto asked = world.platform.sent(0x84000077);
  ASSERT_EQ(asked.size(), 6U);
  for (const size_t n : {0U, 4U, 5U}) EXPECT_EQ(asked[n].in.w(1), stuck & 0xffffffff) << n;
}

// The SPMC has let go of the memory, or never will: what lives under the handle is another VM's.
TEST_F(MemoryTeardown, AHandleThatIsAnothersMeanwhileIsNotAskedForAgain) {
  start(1);
  start(2);
  const uint64_t handle = shared(pages(flat));
  world.platform.spmc[0xc4000073] = [handle](const ffa::Regs&) {
    return ffa::MemSendSuccess{ffa::Handle{handle}}.encode();
  };
  uint32_t asked = 0;
  world.platform.spmc[0x84000077] = [&](const ffa::Regs&) {
    if (asked++ > 0) return ffa::success32();  // the other VM's memory is gone
    EXPECT_SUCCESS32(share(pages(flat, 1, 2)));
    return ffa::reply(Status::denied);
  };
  EXPECT_EQ(tear_down(), Progress::quarantined);
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(pins_at(flat), 1);
}

TEST_F(MemoryTeardown, WhatIsRefusedForGoodIsQuarantinedAndStaysPinned) {
  world.config.reclaim_retries = 3;
  start();
  const uint64_t stuck = shared(pages(flat, 5));
  shared(pages(scattered, 2));
  const auto answer = world.platform.spmc[0x84000077];
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    return in.w(1) == (stuck & 0xffffffff) ? ffa::reply(Status::busy) : answer(in);
  };
  EXPECT_EQ(tear_down(), Progress::quarantined);
  EXPECT_EQ(reclaims(), 4U);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::quarantined);
  EXPECT_EQ(reclaims(), 4U) << "not asked again";
  EXPECT_EQ(world.platform.pins(1), 5);
  EXPECT_EQ(pins_at(flat + 0x4000), 1);
}

}  // namespace
