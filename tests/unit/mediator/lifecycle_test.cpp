// SPDX-License-Identifier: BSD-3-Clause
// The life of a VM: what is told to the SPs and the SPMC, what a failure undoes, and a teardown
// that can stop anywhere.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

using mediator::Progress;
constexpr uint32_t req = 0x8400006f;
constexpr uint32_t created = 0x80000004, destroyed = 0x80000006;
constexpr uint16_t sp4 = 0x8004, sp5 = 0x8005;

/// A response to a framework message.
ffa::Regs response(const ffa::Regs& in, int32_t status) {
  ffa::Regs out = World::echo(in);
  out.x[3] = static_cast<uint32_t>(status);
  return out;
}

class Lifecycle : public testing::Test {
 protected:
  Lifecycle() {
    // created+destroyed, neither, created+destroyed, created only, destroyed only
    world.sps = {{sp1, 1, 0x1c9, uuid1},
                 {sp2, 1, 0x109, uuid2},
                 {sp3, 1, 0x1c9, uuid3},
                 {sp4, 1, 0x149, uuid1},
                 {sp5, 1, 0x189, uuid2}};
    EXPECT_TRUE(world.boot().ok());
    boot_smcs = world.smc_count();
  }
  /// Who was sent which framework message, in order.
  std::vector<std::pair<uint32_t, uint16_t>> messages() const {
    std::vector<std::pair<uint32_t, uint16_t>> list;
    for (const Smc& smc : world.platform.sent(req)) {
      if ((smc.in.w(2) >> 31) != 0)
        list.emplace_back(smc.in.w(2), static_cast<uint16_t>(smc.in.w(1)));
    }
    return list;
  }
  std::vector<uint32_t> functions(size_t from) const {
    std::vector<uint32_t> list;
    for (size_t n = from; n < world.smc_count(); ++n)
      list.push_back(world.platform.smcs[n].in.w(0));
    return list;
  }
  /// The answer of `sp` to messages of this type.
  void on_message(uint16_t sp, uint32_t type, std::function<ffa::Regs(const ffa::Regs&)> answer) {
    auto before = world.platform.spmc[req];
    world.platform.spmc[req] = [=](const ffa::Regs& in) {
      return in.w(2) == type && (in.w(1) & 0xffff) == sp ? answer(in) : before(in);
    };
  }
  Progress teardown(uint16_t id = 1) {
    return world.mediator->domain_teardown(ffa::EndpointId{id});
  }
  /// As often as it takes. `refusals`: how often it said `later`.
  Progress teardown_whole(unsigned refusals, uint16_t id = 1) {
    for (unsigned n = 0; n < refusals; ++n) EXPECT_EQ(teardown(id), Progress::later);
    return teardown(id);
  }
  void end(uint16_t id = 1) {
    EXPECT_EQ(teardown(id), Progress::done);
    EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{id}), Progress::done);
    world.mediator->free_domain_ctx(ffa::EndpointId{id});
  }
  World world;
  size_t boot_smcs = 0;
};
using Messages = std::vector<std::pair<uint32_t, uint16_t>>;

TEST_F(Lifecycle, EachSubscriberIsToldOnceThenTheBitmapIsCreated) {
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(messages(), (Messages{{created, sp1}, {created, sp3}, {created, sp4}}));
  const Smc first = world.platform.sent(req)[0];
  EXPECT_EQ(first.in, regs({req, sp1, created, 0x55667788, 0x11223344, 1}));
  EXPECT_EQ(first.vm, 0);
  EXPECT_EQ(functions(boot_smcs).back(), 0x8400007dU);
  EXPECT_EQ(world.platform.smcs.back().in, regs({0x8400007d, 1, 2}));
}
TEST_F(Lifecycle, TeardownTellsThoseThatKnowAndAsked) {
  ASSERT_TRUE(world.create_vm(1).ok());
  const size_t before = world.smc_count();
  end();
  const auto list = messages();
  EXPECT_EQ(Messages(list.begin() + 3, list.end()),
            (Messages{{destroyed, sp1}, {destroyed, sp3}, {destroyed, sp5}}));
  EXPECT_EQ(functions(before), (std::vector<uint32_t>{0x8400007e, req, req, req}));
  EXPECT_EQ(world.platform.smcs[before + 1].in,
            regs({req, sp1, destroyed, 0x55667788, 0x11223344, 1}));
  ASSERT_TRUE(world.create_vm(1).ok());
}
TEST_F(Lifecycle, ARefusalTakesBackWhatWasTold) {
  for (const int32_t status : {-6, -3, -1, -8}) {
    World fresh;
    fresh.sps = world.sps;
    ASSERT_TRUE(fresh.boot().ok());
    auto before = fresh.platform.spmc[req];
    fresh.platform.spmc[req] = [=](const ffa::Regs& in) {
      return in.w(2) == created && (in.w(1) & 0xffff) == sp4 ? response(in, status) : before(in);
    };
    const auto result = fresh.create_vm(1);
    EXPECT_EQ(result.error(), static_cast<ffa::Status>(status));
    Messages list;
    for (const Smc& smc : fresh.platform.sent(req))
      list.emplace_back(smc.in.w(2), static_cast<uint16_t>(smc.in.w(1)));
    EXPECT_EQ(
        list,
        (Messages{
            {created, sp1}, {created, sp3}, {created, sp4}, {destroyed, sp3}, {destroyed, sp1}}));
    EXPECT_TRUE(fresh.platform.sent(0x8400007d).empty());
    EXPECT_STATUS(fresh.call(1, {0x84000069}), not_supported);
    fresh.platform.spmc[req] = before;
    EXPECT_TRUE(fresh.create_vm(1).ok()) << "the id and the slot are free again";
  }
}
TEST_F(Lifecycle, AnSpThatKnowsAnEarlierVmForgetsItWithTheRefusal) {
  bool known = true;
  on_message(sp3, created, [&](const ffa::Regs& in) { return response(in, known ? -2 : 0); });
  on_message(sp3, destroyed, [&](const ffa::Regs& in) {
    known = false;
    return response(in, 0);
  });
  EXPECT_EQ(world.create_vm(1).error(), ffa::Status::invalid_parameters);
  EXPECT_EQ(messages(),
            (Messages{{created, sp1}, {created, sp3}, {destroyed, sp3}, {destroyed, sp1}}));
  EXPECT_TRUE(world.create_vm(1).ok());
}
TEST_F(Lifecycle, PatienceEnds) {
  for (const int32_t status : {-7, -5, -4}) {
    World fresh;
    fresh.config.vm_message_retries = 3;
    ASSERT_TRUE(fresh.boot().ok());
    fresh.platform.spmc[req] = [status](const ffa::Regs& in) { return response(in, status); };
    EXPECT_EQ(fresh.create_vm(1).error(), static_cast<ffa::Status>(status));
    EXPECT_EQ(fresh.platform.sent(req).size(), 4U);
  }
}
TEST_F(Lifecycle, RetryIsAskedAgainUntilItIsAccepted) {
  int n = 0;
  on_message(sp3, created, [&](const ffa::Regs& in) {
    return ++n <= 10 ? response(in, n % 2 == 0 ? -7 : -5) : response(in, 0);
  });
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(n, 11);
}
TEST_F(Lifecycle, AnFfaErrorBusyIsAskedAgainAndOthersAreFinal) {
  int n = 0;
  on_message(sp1, created, [&](const ffa::Regs& in) {
    return ++n == 1 ? ffa::reply(ffa::Status::busy) : response(in, 0);
  });
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(n, 2);
  on_message(sp1, created, [&](const ffa::Regs&) {
    ++n;
    return ffa::reply(ffa::Status::aborted);
  });
  EXPECT_EQ(world.create_vm(2).error(), ffa::Status::aborted);
  EXPECT_EQ(n, 3);
}
TEST_F(Lifecycle, AnInterruptedMessageGoesOnWithRun) {
  on_message(sp1, created, [](const ffa::Regs&) { return regs({0x84000062, 0x80010003}); });
  int n = 0;
  world.platform.spmc[0x8400006d] = [&](const ffa::Regs&) {
    if (++n == 1) return regs({0x84000062, 0x80010003});
    return n == 2 ? ffa::reply(ffa::Status::busy) : regs({0x84000070, 0x80010000, created + 1});
  };
  ASSERT_TRUE(world.create_vm(1).ok());
  const auto runs = world.platform.sent(0x8400006d);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].in, regs({0x8400006d, 0x80010003}));
}
TEST_F(Lifecycle, AnythingButTheMatchingResponseIsRefused) {
  const std::vector<ffa::Regs> wrong = {
      regs({0x84000070, 0x80010000, destroyed + 1}),  // of the other message
      regs({0x84000070, 0x80010000, created}),        // the request's own code
      regs({0x84000070, 0x80010000, 0}),              // a partition message
      regs({0x84000070, 0x80020000, created + 1}),    // of another SP
      regs({0x84000070, 0x80010001, created + 1}),    // to another receiver
      regs({0xc4000070, 0x80010000, created + 1}),    // in 64 bits
      regs({0x84000061}),
      regs({0}),
      regs({0xffffffff}),
      regs({0x8400007a})};
  for (const ffa::Regs& answer : wrong) {
    World fresh;
    ASSERT_TRUE(fresh.boot().ok());
    fresh.platform.spmc[req] = [answer](const ffa::Regs&) { return answer; };
    EXPECT_EQ(fresh.create_vm(1).error(), ffa::Status::invalid_parameters)
        << answer.x[0] << ' ' << answer.x[2];
    // The SP may have taken it all the same: it is told of the end.
    const auto sent = fresh.platform.sent(req);
    ASSERT_GE(sent.size(), 2U);
    EXPECT_EQ(sent[1].in.w(2), destroyed);
  }
}
TEST_F(Lifecycle, WithoutDirectRequestsNobodyIsTold) {
  World fresh;
  fresh.missing = {req};
  ASSERT_TRUE(fresh.boot().ok());
  EXPECT_TRUE(fresh.create_vm(1).ok());
  EXPECT_EQ(fresh.mediator->domain_teardown(ffa::EndpointId{1}), Progress::done);
  EXPECT_TRUE(fresh.platform.sent(req).empty());
}
TEST_F(Lifecycle, ABitmapLeftBehindIsDestroyedOnce) {
  int n = 0;
  world.platform.spmc[0x8400007d] = [&](const ffa::Regs&) {
    return ++n == 1 ? ffa::reply(ffa::Status::denied) : ffa::success32();
  };
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(n, 2);
  EXPECT_EQ(world.platform.sent(0x8400007e).size(), 1U);
}
TEST_F(Lifecycle, ABitmapThatIsRefusedFailsTheVmAndTakesTheMessagesBack) {
  world.platform.spmc[0x8400007d] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::no_memory);
  };
  EXPECT_EQ(world.create_vm(1).error(), ffa::Status::no_memory);
  EXPECT_EQ(
      messages(),
      (Messages{
          {created, sp1}, {created, sp3}, {created, sp4}, {destroyed, sp3}, {destroyed, sp1}}));
  world.platform.spmc[0x8400007d] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  EXPECT_EQ(world.create_vm(1).error(), ffa::Status::denied);
  EXPECT_EQ(world.platform.sent(0x8400007d).size(), 3U);
}
TEST_F(Lifecycle, IdsAndSlotsAreBounded) {
  EXPECT_EQ(world.create_vm(0).error(), ffa::Status::invalid_parameters);
  EXPECT_EQ(world.create_vm(0x8000).error(), ffa::Status::invalid_parameters);
  EXPECT_TRUE(world.create_vm(0x7fff).ok());
  for (uint16_t id = 1; id <= 3; ++id) EXPECT_TRUE(world.create_vm(id).ok());
  const size_t before = world.smc_count();
  EXPECT_EQ(world.create_vm(4).error(), ffa::Status::no_memory);
  EXPECT_EQ(world.smc_count(), before);
}
TEST_F(Lifecycle, AnIdInUseIsDeniedAndItsVmGoesOn) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  std::vector<World::Chunk> other(world.vm_memory[1].size());
  EXPECT_EQ(world.mediator->domain_init(World::vm_config(1), World::bytes_of(other)).error(),
            ffa::Status::denied);
  EXPECT_SUCCESS32(world.call(1, {0x84000069}));
}
TEST_F(Lifecycle, AVmNeedsExactlyTheMemoryThatItAsksFor) {
  auto vm = World::vm_config(1);
  for (const uint16_t vcpus : std::initializer_list<uint16_t>{1, 2, 7}) {
    vm.vcpus = vcpus;
    vm.max_rxtx_pages = vcpus;
    const size_t bytes = mediator::Mediator<Platform>::memory_needed(world.config, vm);
    EXPECT_EQ(bytes % 64, 0U);
    std::vector<World::Chunk> memory(bytes / 64);
    const auto all = World::bytes_of(memory);
    EXPECT_EQ(world.mediator->domain_init(vm, all.first(bytes - 64)).error(),
              ffa::Status::no_memory);
    EXPECT_EQ(world.mediator->domain_init(vm, all.subspan(8)).error(), ffa::Status::no_memory);
    EXPECT_TRUE(world.mediator->domain_init(vm, all).ok());
    end();
  }
}
TEST_F(Lifecycle, ADyingVmIsNotServed) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  EXPECT_EQ(teardown(), Progress::done);
  const size_t before = world.smc_count();
  EXPECT_REJECTED(world, world.call(1, {0x84000069}), gen_vm_alive);
  EXPECT_REJECTED(world, world.call(1, {0x8400006f, 0x18001}), gen_vm_alive);
  EXPECT_EQ(world.call(1, {0x84000063, 0x10001}).x[0], 0xffffffffU);
  EXPECT_EQ(world.smc_count(), before);
}
TEST_F(Lifecycle, TheBuffersGoWithTheVmWhateverTheirState) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  world.map_buffers(1, 2);
  EXPECT_SUCCESS32(world.call(1, {0x84000068}));  // the VM owns RX
  EXPECT_EQ(teardown(), Progress::done);
  EXPECT_EQ(world.platform.mapped_buffers, 2);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::done);
  EXPECT_EQ(world.platform.mapped_buffers, 0);
  EXPECT_EQ(world.platform.pins(1), 0);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::done);
}
TEST_F(Lifecycle, TeardownOfWhatIsNotThereIsDone) {
  EXPECT_EQ(teardown(9), Progress::done);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{9}), Progress::done);
  world.mediator->free_domain_ctx(ffa::EndpointId{9});
}
TEST_F(Lifecycle, ABudgetOfOneGivesTheSameSmcsAsNone) {
  ASSERT_TRUE(world.create_vm(1).ok());
  ASSERT_TRUE(world.create_vm(2).ok());
  int n = 0;
  on_message(sp3, destroyed,
             [&](const ffa::Regs& in) { return response(in, ++n % 3 == 0 ? 0 : -7); });
  size_t before = world.smc_count();
  EXPECT_EQ(teardown_whole(2), Progress::done);
  const auto whole = functions(before);
  n = 0;
  before = world.smc_count();
  unsigned calls = 0;
  Progress progress = Progress::restart;
  while (mediator::goes_on(progress) && calls < 100) {
    world.platform.budget = 1;
    const size_t smcs = world.smc_count();
    progress = teardown(2);
    EXPECT_LE(world.smc_count() - smcs, 1U);
    ++calls;
  }
  EXPECT_EQ(progress, Progress::done);
  EXPECT_GT(calls, whole.size());
  EXPECT_EQ(functions(before), whole);
}
TEST_F(Lifecycle, RelinquishWaitsForTheTeardown) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.platform.budget = 0;
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::restart);
  world.platform.budget = -1;
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::done);
  EXPECT_EQ(messages().back(), std::make_pair(destroyed, sp5));
}
TEST_F(Lifecycle, AnSpThatNeverAcceptsTheEndIsGivenUp) {
  ASSERT_TRUE(world.create_vm(1).ok());
  on_message(sp1, destroyed, [](const ffa::Regs& in) { return response(in, -7); });
  const size_t before = messages().size();
  EXPECT_EQ(teardown_whole(world.config.vm_message_retries), Progress::done);
  EXPECT_EQ(messages().size() - before, world.config.vm_message_retries + 1U + 2U);
  EXPECT_FALSE(world.platform.logs.empty());
}
TEST_F(Lifecycle, AnInterruptedEndGoesOnWithRunAcrossRestarts) {
  ASSERT_TRUE(world.create_vm(1).ok());
  on_message(sp1, destroyed, [](const ffa::Regs&) { return regs({0x84000062, 0x80010002}); });
  world.platform.spmc[0x8400006d] = [](const ffa::Regs&) {
    return regs({0x84000070, 0x80010000, destroyed + 1});
  };
  Progress progress = Progress::restart;
  for (unsigned n = 0; n < 50 && mediator::goes_on(progress); ++n) {
    world.platform.budget = 1;
    progress = teardown();
  }
  EXPECT_EQ(progress, Progress::done);
  ASSERT_EQ(world.platform.sent(0x8400006d).size(), 1U);
  EXPECT_EQ(world.platform.sent(0x8400006d)[0].in.x[1], 0x80010002U);
}
TEST_F(Lifecycle, WhatIsBoundIsUnboundWhereTheBitmapIsDenied) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  EXPECT_SUCCESS32(world.call(1, {0x8400007f, 0x80010001, 0, 0x6, 0}));
  EXPECT_SUCCESS32(world.call(1, {0x8400007f, 0x80020001, 0, 0x8, 0x80000000}));
  EXPECT_SUCCESS32(world.call(1, {0x84000080, 0x80010001, 0, 0x2, 0}));
  int n = 0;
  world.platform.spmc[0x8400007e] = [&](const ffa::Regs&) {
    return ++n == 1 ? ffa::reply(ffa::Status::denied) : ffa::success32();
  };
  const size_t before = world.smc_count();
  EXPECT_EQ(teardown(), Progress::done);
  EXPECT_EQ(functions(before),
            (std::vector<uint32_t>{0x8400007e, 0x84000082, 0x84000082, 0x84000080, 0x84000080,
                                   0x8400007e, req, req, req}));
  EXPECT_EQ(world.platform.smcs[before + 1].in, regs({0x84000082, 0x00000001, 5}));
  EXPECT_EQ(world.platform.smcs[before + 2].in, regs({0x84000082, 0x00010001, 5}));
  EXPECT_EQ(world.platform.smcs[before + 3].in, regs({0x84000080, 0x80010001, 0, 0x4, 0}));
  EXPECT_EQ(world.platform.smcs[before + 4].in, regs({0x84000080, 0x80020001, 0, 0x8, 0x80000000}));
}
TEST_F(Lifecycle, ABitmapThatStaysDeniedDoesNotHoldTheTeardownUp) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.platform.spmc[0x8400007e] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::denied);
  };
  const unsigned retries = world.config.vm_message_retries;
  EXPECT_EQ(teardown_whole(retries), Progress::done);
  EXPECT_EQ(world.platform.sent(0x8400007e).size(), 2U + retries);
  EXPECT_FALSE(world.platform.logs.empty());
}
TEST_F(Lifecycle, TheEndOfABitmapIsAskedForAgain) {
  ASSERT_TRUE(world.create_vm(1).ok());
  int n = 0;
  world.platform.spmc[0x8400007e] = [&](const ffa::Regs&) {
    return ++n < 3 ? ffa::reply(ffa::Status::busy) : ffa::success32();
  };
  EXPECT_EQ(teardown_whole(2), Progress::done);
  EXPECT_EQ(n, 3);
  EXPECT_TRUE(world.platform.logs.empty());
}
TEST_F(Lifecycle, WhatCanNotBeUnboundIsUnboundInTheNextRound) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  EXPECT_SUCCESS32(world.call(1, {0x8400007f, 0x80010001, 0, 0x6, 0}));
  int unbinds = 0;
  world.platform.spmc[0x84000080] = [&](const ffa::Regs& in) {
    EXPECT_EQ(in, regs({0x84000080, 0x80010001, 0, 0x6, 0}));
    return ++unbinds == 1 ? ffa::reply(ffa::Status::denied) : ffa::success32();
  };
  world.platform.spmc[0x8400007e] = [&](const ffa::Regs&) {
    return unbinds < 2 ? ffa::reply(ffa::Status::denied) : ffa::success32();
  };
  EXPECT_EQ(teardown_whole(1), Progress::done);
  EXPECT_EQ(unbinds, 2);
  EXPECT_TRUE(world.platform.logs.empty());
}
TEST_F(Lifecycle, AnIdThatAnSpKeepsIsNotGivenAgain) {
  ASSERT_TRUE(world.create_vm(1).ok());
  bool keeps = true;
  on_message(sp3, destroyed, [&](const ffa::Regs& in) { return response(in, keeps ? -6 : 0); });
  EXPECT_EQ(teardown_whole(world.config.vm_message_retries), Progress::done);
  EXPECT_FALSE(world.platform.logs.empty());
  world.mediator->free_domain_ctx(ffa::EndpointId{1});

  size_t before = messages().size();
  EXPECT_EQ(world.create_vm(1).error(), ffa::Status::denied);
  for (size_t n = before; n < messages().size(); ++n) EXPECT_EQ(messages()[n].first, destroyed);
  EXPECT_TRUE(world.create_vm(2).ok()) << "another id is another VM";

  keeps = false;
  before = messages().size();
  ASSERT_TRUE(world.create_vm(1).ok());
  const auto list = messages();
  EXPECT_EQ(Messages(list.begin() + static_cast<ptrdiff_t>(before), list.end()),
            (Messages{{destroyed, sp1},
                      {destroyed, sp3},
                      {destroyed, sp5},
                      {created, sp1},
                      {created, sp3},
                      {created, sp4}}));
  end();
  before = messages().size();
  ASSERT_TRUE(world.create_vm(1).ok());
  EXPECT_EQ(messages().size() - before, 3U) << "forgotten is forgotten";
}
TEST_F(Lifecycle, AnSpThatDoesNotKnowTheVmHasNothingToForget) {
  ASSERT_TRUE(world.create_vm(1).ok());
  on_message(sp3, destroyed, [&](const ffa::Regs& in) { return response(in, -2); });
  EXPECT_EQ(teardown(), Progress::done);
  EXPECT_TRUE(world.platform.logs.empty());
}
TEST_F(Lifecycle, TeardownWaitsForCallsUnderWay) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  int n = 0;
  on_message(sp1, 0, [&](const ffa::Regs& in) {
    ++n;
    const size_t before = world.smc_count();
    EXPECT_EQ(teardown(), Progress::later);
    EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), Progress::later);
    EXPECT_EQ(world.smc_count(), before);
    return regs({0x84000070, in.w(1) << 16 | in.w(1) >> 16, 0, 7});
  });
  EXPECT_EQ(world.call(1, {0x8400006f, 0x18001}).w(3), 7U) << "it comes to its end";
  EXPECT_EQ(n, 1);
  EXPECT_EQ(teardown(), Progress::done);
}
TEST_F(Lifecycle, GuestsCanNotFloodTheLog) {
  ASSERT_TRUE(world.create_vm(1).ok());
  world.negotiate(1, 0x10001);
  for (uint64_t n = 0; n < 1000; ++n) {
    world.call(1, {0x84000060 + n % 0xa0, n, ~n});
    world.call(1, {0xc4000060 + n % 0xa0, n, ~n});
  }
  EXPECT_TRUE(world.platform.logs.empty());
}

}  // namespace
}  // namespace fake
