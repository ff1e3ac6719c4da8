// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/scheduler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t vm_state = 2;
constexpr uint32_t vm_memory = 3;
constexpr uint32_t spmc_tx = 4;

struct Scheduled {
  explicit Scheduled(std::unique_ptr<ChoiceSource> source)
      : choices(std::move(source)),
        scheduler(choices, [this](const std::string& id, const std::string& text) {
          reports.push_back(id + " " + text);
        }) {}
  Choices choices;
  std::vector<std::string> reports;
  Scheduler scheduler;
};

std::string interleaving(uint64_t seed) {
  Scheduled s{seeded_choices(seed)};
  std::string order;
  const auto body = [&](char name) {
    return [&order, &s, name] {
      for (int n = 0; n < 6; ++n) {
        order += name;
        s.scheduler.yield();
      }
    };
  };
  EXPECT_TRUE(s.scheduler.run({{"a", body('a')}, {"b", body('b')}, {"c", body('c')}}));
  EXPECT_EQ(order.size(), 18U);
  return order;
}

TEST(Scheduler, TheSameSeedGivesTheSameSchedule) {
  EXPECT_EQ(interleaving(5), interleaving(5));
  EXPECT_NE(interleaving(5), interleaving(6));
}

TEST(Scheduler, WithoutDecisionsEachTaskRunsToItsEnd) {
  Scheduled s{recorded_choices("", "t")};
  std::string order;
  const auto body = [&](char name) {
    return [&order, &s, name] {
      for (int n = 0; n < 3; ++n) {
        order += name;
        s.scheduler.yield();
      }
    };
  };
  EXPECT_TRUE(s.scheduler.run({{"a", body('a')}, {"b", body('b')}}));
  EXPECT_EQ(order, "aaabbb");
}

TEST(Scheduler, ADecisionSwitchesExactlyThere) {
  Scheduled s{recorded_choices("2:schedule=1", "t")};
  std::string order;
  const auto body = [&](char name) {
    return [&order, &s, name] {
      for (int n = 0; n < 3; ++n) {
        order += name;
        s.scheduler.yield();
      }
    };
  };
  // Decision 0 is who begins; 2 is the second yield of a.
  EXPECT_TRUE(s.scheduler.run({{"a", body('a')}, {"b", body('b')}}));
  EXPECT_EQ(order, "aabbba");
}

TEST(Scheduler, ASingleTaskMakesNoDecision) {
  Scheduled s{seeded_choices(1)};
  EXPECT_TRUE(s.scheduler.run({{"only", [&] { s.scheduler.yield(); }}}));
  EXPECT_TRUE(s.scheduler.run({}));
  EXPECT_THAT(s.choices.log(), IsEmpty());
}

TEST(Scheduler, WaitersGetALockInTheirOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Scheduled s{seeded_choices(seed)};
    uint32_t word = 0;
    std::string wanted;
    std::string got;
    bool inside = false;
    const auto body = [&](char name) {
      return [&, name] {
        for (int n = 0; n < 3; ++n) {
          s.scheduler.lock_acquire(&word, vm_state);
          EXPECT_FALSE(inside);
          EXPECT_NE(word, 0U);
          inside = true;
          got += name;
          s.scheduler.yield();
          inside = false;
          s.scheduler.lock_release(&word, vm_state);
        }
      };
    };
    ASSERT_TRUE(s.scheduler.run({{"a", body('a')}, {"b", body('b')}, {"c", body('c')}}));
    EXPECT_EQ(word, 0U);
    EXPECT_EQ(got.size(), 9U);
    EXPECT_THAT(s.reports, IsEmpty());
  }
}

TEST(Scheduler, ADeadlockIsFoundAndExplained) {
  bool found = false;
  for (uint64_t seed = 0; seed < 50 && !found; ++seed) {
    Scheduled s{seeded_choices(seed)};
    uint32_t one = 0;
    uint32_t two = 0;
    const auto body = [&](uint32_t& first, uint32_t first_class, uint32_t& second,
                          uint32_t second_class) {
      return [&, first_class, second_class] {
        s.scheduler.lock_acquire(&first, first_class);
        s.scheduler.lock_acquire(&second, second_class);
        s.scheduler.lock_release(&second, second_class);
        s.scheduler.lock_release(&first, first_class);
      };
    };
    const bool done = s.scheduler.run({{"left", body(one, vm_state, two, vm_memory)},
                                       {"right", body(two, vm_memory, one, vm_state)}});
    if (done) continue;
    found = true;
    EXPECT_THAT(s.reports.back(),
                testing::AllOf(HasSubstr("I33"),
                               HasSubstr("left waits for a lock of class vm_memory held by right"),
                               HasSubstr("right waits for a lock of class vm_state held by left")));
    // The scheduler is usable afterwards.
    EXPECT_TRUE(s.scheduler.run({{"next", [] {}}}));
  }
  EXPECT_TRUE(found);
}

TEST(Scheduler, TheWrongLockOrderIsFoundWithoutADeadlock) {
  Scheduled s{recorded_choices("", "t")};
  uint32_t one = 0;
  uint32_t two = 0;
  EXPECT_TRUE(s.scheduler.run({{"task", [&] {
                                  s.scheduler.lock_acquire(&two, vm_memory);
                                  s.scheduler.lock_acquire(&one, vm_state);
                                  s.scheduler.lock_release(&one, vm_state);
                                  s.scheduler.lock_release(&two, vm_memory);
                                }}}));
  EXPECT_THAT(
      s.reports,
      ElementsAre("I31 task takes a lock of class vm_state while it holds one of class vm_memory"));
}

TEST(Scheduler, TwoLocksOfOneClassAreAViolation) {
  Scheduled s{recorded_choices("", "t")};
  uint32_t one = 0;
  uint32_t two = 0;
  EXPECT_TRUE(s.scheduler.run({{"task", [&] {
                                  s.scheduler.lock_acquire(&one, vm_state);
                                  s.scheduler.lock_acquire(&two, vm_state);
                                  s.scheduler.lock_release(&one, vm_state);
                                  s.scheduler.lock_release(&two, vm_state);
                                }}}));
  EXPECT_THAT(s.reports, ElementsAre(HasSubstr("I31")));
}

TEST(Scheduler, LocksHeldWhereNoneMayBeAreReported) {
  Scheduled s{recorded_choices("", "t")};
  uint32_t tx = 0;
  uint32_t state = 0;
  EXPECT_TRUE(s.scheduler.run({{"task", [&] {
                                  s.scheduler.lock_acquire(&state, vm_state);
                                  s.scheduler.lock_acquire(&tx, spmc_tx);
                                  s.scheduler.check_locks_free("across an SMC", spmc_tx);
                                  s.scheduler.lock_release(&state, vm_state);
                                }}}));
  EXPECT_THAT(s.reports,
              ElementsAre("I31 task holds a lock of class vm_state across an SMC",
                          "I31 task holds a lock of class spmc_tx at the end of its task"));
}

TEST(Scheduler, ReleasingWhatIsNotHeldIsReported) {
  Scheduled s{recorded_choices("", "t")};
  uint32_t word = 0;
  EXPECT_TRUE(s.scheduler.run({{"task", [&] { s.scheduler.lock_release(&word, vm_state); }}}));
  EXPECT_THAT(s.reports, ElementsAre(HasSubstr("does not hold")));
}

TEST(Scheduler, AnErrorInATaskComesOutAndLeavesTheOthers) {
  Scheduled s{recorded_choices("0:schedule=1", "t")};
  bool ran = false;
  const auto fails = [] { throw std::runtime_error("inside"); };
  EXPECT_THROW(s.scheduler.run({{"a", [&] { ran = true; }}, {"b", fails}}), std::runtime_error);
  EXPECT_FALSE(ran);
  EXPECT_FALSE(s.scheduler.on_task());
}

TEST(Scheduler, ARecordedDecisionThatDoesNotFitComesOutOfAYield) {
  Scheduled s{recorded_choices("1:fault=1", "t")};
  const auto body = [&] { s.scheduler.yield(); };
  EXPECT_THROW(s.scheduler.run({{"a", body}, {"b", body}}), InputError);
}

TEST(Scheduler, GivingUpEndsTheRun) {
  Scheduled s{recorded_choices("", "t")};
  bool behind = false;
  EXPECT_FALSE(s.scheduler.run({{"a", [&] {
                                   s.scheduler.give_up();
                                   behind = true;
                                 }}}));
  EXPECT_FALSE(behind);
}

TEST(Scheduler, WhatIsLeftMidwayIsUnwound) {
  Scheduled s{recorded_choices("1:schedule=1", "t")};
  const auto owned = std::make_shared<int>(0);
  const auto waits = [&, mine = owned] {
    const auto on_stack = mine;
    s.scheduler.yield();
    s.scheduler.yield();
  };
  const auto fails = [&, mine = owned] {
    const auto on_stack = mine;
    s.scheduler.fail(std::make_exception_ptr(std::runtime_error("inside")));
  };
  EXPECT_THROW(s.scheduler.run({{"a", waits}, {"b", fails}, {"never begun", fails}}),
               std::runtime_error);
  EXPECT_EQ(owned.use_count(), 3);  // with the two bodies above
}

TEST(Scheduler, WhatStillWaitsIsUnwoundWhenItIsCancelled) {
  Scheduled s{recorded_choices("", "t")};
  const auto owned = std::make_shared<int>(0);
  EXPECT_TRUE(s.scheduler.run({{"a", [&] {
                                  const auto on_stack = owned;
                                  s.scheduler.wait_until([] { return false; }, true);
                                }}}));
  EXPECT_EQ(owned.use_count(), 2);
  s.scheduler.cancel();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_TRUE(s.scheduler.empty());
}

// Nothing can be thrown through `foreign`: it would end the program.
TEST(Scheduler, FramesThatKnowNoExceptionsArePassedByWhenATaskIsUnwound) {
  Scheduled s{recorded_choices("", "t")};
  const auto owned = std::make_shared<int>(0);
  const auto called_back = [&](const auto& inner) {
    try {
      const auto behind = owned;
      inner();
    } catch (const FiberEnded&) {
    }
    Fiber::end_behind_foreign();
  };
  const auto foreign = [&](const auto& inner) noexcept { called_back(inner); };
  EXPECT_FALSE(s.scheduler.run(
      {{"a", [&] {
          const auto before = owned;
          Fiber::call_foreign([&] {
            foreign([&] { Fiber::call_foreign([&] { foreign([&] { s.scheduler.give_up(); }); }); });
          });
        }}}));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Scheduler, ManyRunsReuseTheirStacks) {
  Scheduled s{seeded_choices(11)};
  uint64_t sum = 0;
  for (int run = 0; run < 500; ++run) {
    ASSERT_TRUE(s.scheduler.run({{"a",
                                  [&] {
                                    s.scheduler.yield();
                                    ++sum;
                                  }},
                                 {"b", [&] { ++sum; }}}));
  }
  EXPECT_EQ(sum, 1000U);
}

TEST(Scheduler, StartedTasksGoOnWhenWhatTheyWaitForComes) {
  Scheduled s{recorded_choices("", "t")};
  std::vector<int> order;
  bool first = false;
  bool second = false;
  s.scheduler.start({"a", [&] {
                       order.push_back(1);
                       s.scheduler.wait_until([&] { return first; });
                       order.push_back(2);
                     }});
  EXPECT_THAT(order, IsEmpty());
  EXPECT_TRUE(s.scheduler.advance());
  s.scheduler.start({"b", [&] {
                       s.scheduler.wait_until([&] { return second; });
                       order.push_back(3);
                     }});
  EXPECT_TRUE(s.scheduler.advance());
  EXPECT_THAT(order, ElementsAre(1));
  second = true;
  EXPECT_TRUE(s.scheduler.advance());
  EXPECT_THAT(order, ElementsAre(1, 3));
  first = true;
  EXPECT_TRUE(s.scheduler.advance());
  EXPECT_THAT(order, ElementsAre(1, 3, 2));
  EXPECT_TRUE(s.scheduler.run({}));
  EXPECT_THAT(s.reports, IsEmpty());
}

TEST(Scheduler, WhatNeverComesIsNoProgress) {
  Scheduled s{recorded_choices("", "t")};
  s.scheduler.start({"a", [&] { s.scheduler.wait_until([] { return false; }); }});
  EXPECT_TRUE(s.scheduler.advance());
  EXPECT_FALSE(s.scheduler.run({}));
  EXPECT_THAT(s.reports, ElementsAre(HasSubstr("I33 no task can go on: a waits for what never")));
}

TEST(Scheduler, AStartedTaskThatThrowsComesOutOfAdvance) {
  Scheduled s{recorded_choices("", "t")};
  s.scheduler.start({"a", [] { throw std::runtime_error("inside"); }});
  EXPECT_THROW(s.scheduler.advance(), std::runtime_error);
  EXPECT_TRUE(s.scheduler.run({}));
}

using Seen = std::pair<size_t, OperationKind>;

/// Decides as a text says, and keeps what it is told.
class Watching final : public ChoiceSource {
 public:
  Watching(const std::string& text, std::vector<Seen>& seen)
      : inner_(recorded_choices(text, "t")), seen_(seen) {}
  uint32_t choose(uint32_t n, const char* label) override { return inner_->choose(n, label); }
  [[nodiscard]] bool watches() const override { return true; }
  void performed(size_t task, const Operation& operation) override {
    EXPECT_EQ(operation.object, operation.kind == OperationKind::none ? 0U : 7U);
    seen_.emplace_back(task, operation.kind);
  }

 private:
  std::unique_ptr<ChoiceSource> inner_;
  std::vector<Seen>& seen_;
};

TEST(Scheduler, ALockIsToldOfWhenATaskQueuesForItAndWhenItHasIt) {
  std::vector<Seen> seen;
  Scheduled s{std::make_unique<Watching>("2:schedule=1", seen)};
  uint32_t word = 0;
  const auto body = [&] {
    s.scheduler.lock_acquire(&word, vm_state, 7);
    s.scheduler.yield({OperationKind::p2m, 7});
    s.scheduler.lock_release(&word, vm_state, 7);
  };
  EXPECT_TRUE(s.scheduler.run({{"a", body}, {"b", body}}));
  using enum OperationKind;
  EXPECT_THAT(seen, ElementsAre(Seen{0, lock_acquire}, Seen{1, lock_acquire}, Seen{0, p2m},
                                Seen{0, lock_release}, Seen{0, none}, Seen{1, lock_acquire},
                                Seen{1, p2m}, Seen{1, lock_release}, Seen{1, none}));
}

TEST(Scheduler, AnotherTaskMayGoOnRightAfterARelease) {
  Scheduled s{recorded_choices("2:schedule=1", "t")};
  std::string order;
  uint32_t word = 0;
  const auto body = [&](char name) {
    return [&order, &s, &word, name] {
      s.scheduler.lock_acquire(&word, vm_state);
      order += name;
      s.scheduler.lock_release(&word, vm_state);
      order += name;
    };
  };
  EXPECT_TRUE(s.scheduler.run({{"a", body('a')}, {"b", body('b')}}));
  EXPECT_EQ(order, "abba");
}

TEST(Operation, OnlyWhatIsKnownToBeApartIsIndependent) {
  using enum OperationKind;
  static_assert(depend({}, {memory, 1, false}));
  static_assert(!depend({everything, 0, false}, {memory, 1, false}));
  static_assert(!depend({}, {none, 0, false}));
  static_assert(depend({call_begin, 0, false}, {memory, 1, true}));
  static_assert(depend({call_begin, 0, false}, {call_end, 0, false}));
  static_assert(depend({call_end, 0, false}, {call_begin, 0, false}));
  static_assert(!depend({call_begin, 0, false}, {call_begin, 0, false}));
  static_assert(!depend({call_end, 0, false}, {call_end, 0, false}));
  static_assert(depend({lock_acquire, 1}, {lock_release, 1}));
  static_assert(!depend({lock_acquire, 1}, {lock_acquire, 2}));
  static_assert(!depend({lock_acquire, 1}, {atomic, 1}));
  static_assert(depend({memory, 1, false}, {memory, 1, true}));
  static_assert(!depend({memory, 1, false}, {memory, 1, false}));
}

}  // namespace
}  // namespace sim
