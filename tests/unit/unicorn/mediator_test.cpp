// SPDX-License-Identifier: BSD-3-Clause
// Calls into an image: what crosses the border, how calls are kept apart, what a fault is told as.
#include <gmock/gmock.h>

#include <string>

#include "ffa/status.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/sched/fibers.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"
#include "tests/unicorn/images/misdeeds.hpp"
#include "unit/unicorn/fake_world.hpp"

namespace {

using broken::Misdeed;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string image_dir = IMAGE_DIR;

class BrokenImage : public testing::Test {
 protected:
  /// x1 after the call.
  uint64_t call(Misdeed what, uint64_t x2 = 0, uint64_t x3 = 0) {
    ffa::Regs regs;
    regs.x[0] = static_cast<uint64_t>(what);
    regs.x[2] = x2;
    regs.x[3] = x3;
    EXPECT_TRUE(mediator->handle_call(5, 1, FFA_SIM_HVC, regs));
    return regs.x[1];
  }
  /// How the image is said to have stopped.
  std::string fault(Misdeed what) {
    try {
      call(what);
    } catch (const sim::MediatorFault& fault) {
      stuck = fault.stuck();
      return fault.what();
    }
    return "no fault";
  }
  /// Two calls that take turns, the one that came first returns first: their digits, and whose turn
  /// it was.
  struct Woven {
    uint64_t first = 0;
    uint64_t second = 0;
    std::vector<int> order;
  };
  Woven weave_two(uint64_t rounds) {
    Woven woven;
    sim::Fiber* running = nullptr;
    sim::Fiber first{[&] { woven.first = call(Misdeed::weave, 3, rounds); }};
    sim::Fiber second{[&] { woven.second = call(Misdeed::weave, 8, rounds); }};
    world.at_budget = [&] {
      woven.order.push_back(running == &first ? 1 : 2);
      running->suspend();
    };
    const auto resume = [&running](sim::Fiber& fiber) {
      running = &fiber;
      fiber.resume();
    };
    while (!first.done() || !second.done()) {
      if (!first.done()) resume(first);
      if (!second.done()) resume(second);
    }
    world.at_budget = {};
    return woven;
  }
  void again() {
    mediator.reset();
    mediator = factory->create(world.ops(), &world, config);
  }

  FakeWorld world;
  mediator::MediatorConfig config;
  std::unique_ptr<sim::MediatorFactory> factory =
      sim::unicorn_mediator(image_dir + "/test-broken.elf");
  std::unique_ptr<sim::MediatorUnderTest> mediator = factory->create(world.ops(), &world, config);
  bool stuck = false;
};

TEST_F(BrokenImage, RegistersGoInAndComeBack) {
  ffa::Regs regs;
  for (uint64_t n = 0; n < 18; ++n) regs.x[n] = 0x1111'0000'0000'0000 * (n % 15) + n;
  regs.x[0] = static_cast<uint64_t>(Misdeed::none);
  ASSERT_TRUE(mediator->handle_call(0x7abc, 0x1234, FFA_SIM_HVC, regs));
  EXPECT_EQ(regs.x[0], 0x7abc'1234'0001U);
  for (uint64_t n = 1; n < 18; ++n)
    EXPECT_EQ(regs.x[n], 0x1111'0000'0000'0000 * (n % 15) + 2 * n) << n;
}

TEST_F(BrokenImage, ACallThatIsNotTheMediatorsChangesNothing) {
  ffa::Regs regs;
  regs.x[0] = static_cast<uint64_t>(Misdeed::not_mine);
  regs.x[1] = 7;
  EXPECT_FALSE(mediator->handle_call(1, 0, FFA_SIM_SMC, regs));
  EXPECT_EQ(regs.x[1], 7U);
}

TEST_F(BrokenImage, RunsAtExceptionLevelTwo) { EXPECT_EQ(call(Misdeed::exception_level), 2U << 2); }

TEST_F(BrokenImage, AWorldSwitchCarriesEighteenRegistersAndTheVm) {
  ffa::Regs regs;
  for (uint64_t n = 0; n < 18; ++n) regs.x[n] = 0x100 + n;
  regs.x[0] = static_cast<uint64_t>(Misdeed::world_switch);
  ASSERT_TRUE(mediator->handle_call(5, 0, FFA_SIM_SMC, regs));
  EXPECT_EQ(world.smc_vm, 5);
  for (uint64_t n = 1; n < 18; ++n) EXPECT_EQ(world.smc_in.x[n], 0x100 + n) << n;
  for (uint64_t n = 0; n < 18; ++n) EXPECT_EQ(regs.x[n], 0x1000 + n) << n;
}

TEST_F(BrokenImage, CopiesReachTheImagesMemory) {
  EXPECT_EQ(call(Misdeed::copy), 0x1111'1111'1111'1111U);
  EXPECT_THAT(world.seen, ElementsAre("copy_in 7 8", "copy_out 9 16"));
  EXPECT_EQ(world.written, std::vector<uint8_t>(16, 0x11));
}

TEST_F(BrokenImage, StatusesAndProgressComeBack) {
  EXPECT_EQ(mediator->probe(), -1);
  mediator::VmConfig vm{.id = ffa::EndpointId{1}, .max_ranges = 640};
  EXPECT_EQ(mediator->domain_init(vm), 0);
  EXPECT_EQ(mediator->domain_init(vm), static_cast<int32_t>(ffa::Status::denied));
  EXPECT_EQ(mediator->domain_teardown(1), uint32_t{FFA_SIM_RESTART});
  EXPECT_EQ(mediator->domain_teardown(2), uint32_t{FFA_SIM_DONE});
  EXPECT_EQ(mediator->relinquish_resources(1), uint32_t{FFA_SIM_QUARANTINED});
  mediator->free_domain_ctx(1);
  EXPECT_EQ(mediator->domain_init(vm), 0);
  vm.id = ffa::EndpointId{2};
  vm.tee = mediator::TeeType::none;
  EXPECT_EQ(mediator->domain_init(vm), static_cast<int32_t>(ffa::Status::denied));
  vm.max_ranges = ~uint32_t{0};
  EXPECT_EQ(mediator->domain_init(vm), static_cast<int32_t>(ffa::Status::no_memory));
  EXPECT_TRUE(mediator->memory_intact());
}

TEST_F(BrokenImage, ARefusedConfigurationIsBadInput) {
  config.max_vms = broken::refused_vms;
  try {
    (void)factory->create(world.ops(), &world, config);
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the mediator refuses its configuration"));
  }
}

TEST_F(BrokenImage, RulesHaveTheImagesNames) {
  EXPECT_EQ(mediator->rule_name(1), "broken_rule");
  EXPECT_EQ(mediator->rule_name(2), "rule_2");
}

TEST_F(BrokenImage, FactsAreTold) {
  std::vector<ffa_sim_fact> facts;
  const auto sink = [&facts](const ffa_sim_fact& fact) { facts.push_back(fact); };
  ASSERT_TRUE(mediator->observe(sink));
  EXPECT_TRUE(facts.empty());
  ASSERT_TRUE(mediator->observe(sink));
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].kind, uint32_t{FFA_SIM_FACT_VM});
  EXPECT_EQ(facts[0].vm, 3);
  EXPECT_EQ(facts[0].shares, 5U);
  EXPECT_EQ(facts[0].flags, 4);
}

// Two vCPUs that take turns in the middle of their calls, the one that came first returns first:
// registers and stacks are each one's own.
TEST_F(BrokenImage, TwoCallsAreInTheImageAtOnce) {
  const Woven woven = weave_two(5);
  EXPECT_THAT(woven.order, ElementsAre(1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
  EXPECT_EQ(woven.first, 33333U);
  EXPECT_EQ(woven.second, 88888U);
}

TEST_F(BrokenImage, ACallMayBeMadeFromInsideAnOperation) {
  uint64_t inner = 0;
  world.at_budget = [&] {
    world.at_budget = {};
    inner = call(Misdeed::weave, 4, 2);
  };
  EXPECT_EQ(call(Misdeed::weave, 7, 3), 777U);
  EXPECT_EQ(inner, 44U);
}

TEST_F(BrokenImage, AnAbandonedCallLeavesNothingBehind) {
  {
    sim::Fiber lost{[&] { call(Misdeed::weave, 1, 9); }};
    world.at_budget = [&] { lost.suspend(); };
    lost.resume();
    EXPECT_FALSE(lost.done());
  }
  again();
  world.at_budget = {};
  EXPECT_EQ(call(Misdeed::weave, 2, 3), 222U);
}

TEST_F(BrokenImage, TheNextWorldFindsTheImageAsItWas) {
  EXPECT_EQ(call(Misdeed::count_up), 41U);
  EXPECT_EQ(call(Misdeed::count_up), 42U);
  call(Misdeed::scribble_below);
  EXPECT_EQ(call(Misdeed::look_below), 0x1234U);
  again();
  EXPECT_EQ(call(Misdeed::count_up), 41U);
  EXPECT_EQ(call(Misdeed::look_below), 0xa5a5'a5a5'a5a5'a5a5U);
}

TEST_F(BrokenImage, AStackThatNobodyHasUsedLooksLikeOneOfALaterWorld) {
  EXPECT_EQ(call(Misdeed::look_below), 0xa5a5'a5a5'a5a5'a5a5U);
}

// What is told of a fault names addresses on the stack.
TEST_F(BrokenImage, WhichStackACallGetsDependsOnItsOwnWorldAlone) {
  const std::string alone = fault(Misdeed::stack_overflow);
  again();
  weave_two(1);
  again();
  EXPECT_EQ(fault(Misdeed::stack_overflow), alone);
}

TEST_F(BrokenImage, AFaultIsToldWithPlaceAndCallers) {
  const std::string text = fault(Misdeed::stack_overflow);
  EXPECT_THAT(text, StartsWith("the mediator's image stopped: data abort (EC 0x25), "));
  EXPECT_THAT(text, HasSubstr(" written at 0x5001"));
  EXPECT_THAT(text, HasSubstr("in (anonymous namespace)::deeper+0x"));
  EXPECT_THAT(text, HasSubstr(", called from (anonymous namespace)::deeper+0x"));
  EXPECT_FALSE(stuck);
}

TEST_F(BrokenImage, EachFaultHasItsCause) {
  EXPECT_THAT(fault(Misdeed::read_nothing), HasSubstr("8 bytes read at 0x10, where nothing is"));
  EXPECT_THAT(fault(Misdeed::write_code),
              HasSubstr("8 bytes written at 0x40000100, which is read-only"));
  EXPECT_THAT(fault(Misdeed::run_data), HasSubstr("instruction abort (EC 0x21) at 0x80000040"));
  EXPECT_THAT(fault(Misdeed::run_data), HasSubstr("which is no code"));
  EXPECT_THAT(fault(Misdeed::run_nothing),
              HasSubstr("instruction abort (EC 0x21) at 0x70000000, where nothing is"));
  EXPECT_THAT(fault(Misdeed::undefined), HasSubstr("undefined instruction (EC 0x00); pc 0x4"));
  EXPECT_THAT(fault(Misdeed::assertion), HasSubstr("BRK 0xaa (EC 0x3c)"));
  EXPECT_THAT(fault(Misdeed::supervisor_call), HasSubstr("SVC (EC 0x15)"));
  EXPECT_THAT(fault(Misdeed::unknown_operation),
              HasSubstr("HVC with x0 0x3e7, which is no operation"));
  EXPECT_THAT(fault(Misdeed::copy_of_no_buffer),
              HasSubstr("16 bytes at 0 of buffer 262144, which no window has"));
  EXPECT_THAT(fault(Misdeed::copy_of_nothing), HasSubstr("bytes that were not written"));
  EXPECT_THAT(fault(Misdeed::crooked_lock), HasSubstr("0x80000041, which is not aligned"));
  EXPECT_THAT(fault(Misdeed::unasked_facts), HasSubstr("nobody observes it"));
  EXPECT_TRUE(world.seen.empty());
  // The processor goes on after all of them.
  EXPECT_EQ(call(Misdeed::exception_level), 2U << 2);
}

TEST_F(BrokenImage, AnEndlessLoopIsStopped) {
  EXPECT_THAT(fault(Misdeed::endless), HasSubstr("without end; pc 0x4"));
  EXPECT_TRUE(stuck);
  EXPECT_EQ(call(Misdeed::exception_level), 2U << 2);
}

TEST_F(BrokenImage, AWriteBehindItsMemoryShows) {
  EXPECT_TRUE(mediator->memory_intact());
  call(Misdeed::write_behind_memory);
  EXPECT_FALSE(mediator->memory_intact());
}

TEST(UnicornMediator, AnImageWithoutItsFunctionsIsRefused) {
  EXPECT_THROW((void)sim::unicorn_mediator(image_dir + "/test-other-version.elf"), sim::InputError);
}

}  // namespace
