// SPDX-License-Identifier: BSD-3-Clause
// Histories as they were, and histories made up from them that no order of the calls explains.
#include "sim/explore/linearizability.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ffa/reply.hpp"
#include "tests/unit/explore/concurrency_case.hpp"

namespace sim::explore {
namespace {

/// Tells another watch what happens in an order and with answers of the test's own: what threads do
/// once all have done it, what follows as it is.
class MadeUp final : public CallWatch {
 public:
  /// 'b': the call of this thread begins; 'e': it ends.
  using Order = std::vector<std::pair<char, size_t>>;

  explicit MadeUp(CallWatch& told) : told_(told) {}
  void set(Order order, std::map<size_t, ffa::Status> answers) {
    order_ = std::move(order);
    answers_ = std::move(answers);
  }
  void set_at_end(std::function<void(Simulation&)> at_end) { at_end_ = std::move(at_end); }
  /// What the call of a thread was answered in truth.
  ffa::Regs truth(size_t thread) const { return events_.at(thread).out; }

  void phase_begins(Simulation& simulation, size_t threads) override {
    told_.phase_begins(simulation, threads);
  }
  void guest_goes_on(size_t /*thread*/) override {}
  std::optional<ffa::Regs> call_begins(const WatchedCall& call) override {
    if (call.thread == WatchedCall::none) return told_.call_begins(call);
    calls_[call.thread] = call;
    return {};
  }
  void call_ends(size_t thread, const WatchedAnswer& answer) override {
    if (thread == WatchedCall::none) return told_.call_ends(thread, answer);
    events_[thread] = *answer.event;
  }
  void call_waits(size_t /*thread*/) override {}
  void call_goes_on(size_t /*thread*/) override {}
  void phase_ends(Simulation& simulation) override {
    for (const auto& [what, thread] : order_) {
      if (what == 'b') {
        told_.guest_goes_on(thread);
        told_.call_begins(calls_.at(thread));
        continue;
      }
      trace::Event event = events_.at(thread);
      if (const auto answer = answers_.find(thread); answer != answers_.end()) {
        event.out =
            answer->second == ffa::Status::success ? ffa::success32() : ffa::reply(answer->second);
      }
      told_.call_ends(thread, {.event = &event});
      told_.guest_goes_on(thread);
    }
    if (at_end_) at_end_(simulation);
    told_.phase_ends(simulation);
  }

 private:
  CallWatch& told_;
  Order order_;
  std::map<size_t, ffa::Status> answers_;  // by thread
  std::function<void(Simulation&)> at_end_;
  std::map<size_t, WatchedCall> calls_;
  std::map<size_t, trace::Event> events_;
};

const MadeUp::Order at_once = {{'b', 0}, {'b', 1}, {'e', 0}, {'e', 1}};
const MadeUp::Order first_0 = {{'b', 0}, {'e', 0}, {'b', 1}, {'e', 1}};
const MadeUp::Order first_1 = {{'b', 1}, {'e', 1}, {'b', 0}, {'e', 0}};
constexpr auto success = ffa::Status::success;
constexpr auto invalid = ffa::Status::invalid_parameters;

class MadeUpHistory : public testing::Test {
 protected:
  /// The verdict on a run in which thread 0 is never preempted.
  std::optional<Violation> verdict(const char* name, const MadeUp::Order& order,
                                   std::map<size_t, ffa::Status> answers,
                                   std::function<void(Simulation&)> at_end = {}) {
    const scenario::CompiledCase compiled = compiled_case(name);
    const auto factory = built_in_mediator();
    Linearizability linearizability{compiled, *factory};
    MadeUp made_up{linearizability.watch()};
    made_up.set(order, std::move(answers));
    made_up.set_at_end(std::move(at_end));
    CaseWorld world{compiled, *factory, CaseWorld::Keeps::second_run, &made_up};
    linearizability.begin();
    Choices choices{recorded_choices("", "no preemption")};
    world.run(choices);
    return linearizability.judge();
  }
};

TEST_F(MadeUpHistory, AsItWasItIsExplained) {
  EXPECT_FALSE(verdict("reclaim_reclaim", first_0, {}));
  EXPECT_FALSE(verdict("reclaim_reclaim", at_once, {}));
}

TEST_F(MadeUpHistory, OneOfTwoReclaimsOfOneHandleSucceeds) {
  const auto both = verdict("reclaim_reclaim", at_once, {{0, success}, {1, success}});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->invariant, "I32");
  EXPECT_NE(both->text.find("FFA_MEM_RECLAIM answers INVALID_PARAMETERS instead of FFA_SUCCESS"),
            std::string::npos)
      << both->text;
  EXPECT_TRUE(verdict("reclaim_reclaim", at_once, {{0, invalid}, {1, invalid}}));
}

TEST_F(MadeUpHistory, WhatWasOverComesFirst) {
  const std::map<size_t, ffa::Status> other_way = {{0, invalid}, {1, success}};
  EXPECT_FALSE(verdict("reclaim_reclaim", at_once, other_way));
  EXPECT_FALSE(verdict("reclaim_reclaim", first_1, other_way));
  EXPECT_TRUE(verdict("reclaim_reclaim", first_0, other_way));
}

TEST_F(MadeUpHistory, TheStateAtTheEndIsThatOfTheOrder) {
  const auto taken_away = [](Simulation& simulation) {
    const VmSpec& vm = simulation.spec().vms.front();
    ASSERT_TRUE(simulation.remove_page(vm.config.id.raw(), vm.memory.front().ipa + 0x1f000));
  };
  const auto verdict_on_end = verdict("reclaim_reclaim", at_once, {}, taken_away);
  ASSERT_TRUE(verdict_on_end);
  EXPECT_NE(verdict_on_end->text.find("at the end the stage 2 of VM 1 differs"), std::string::npos)
      << verdict_on_end->text;
}

TEST_F(MadeUpHistory, ARefusalBecauseOfACallBesideItIsExcusedBesideItOnly) {
  // Thread 0 binds, thread 1 unbinds; so run, both succeed, and nothing is bound at the end.
  const std::map<size_t, ffa::Status> refused = {{1, ffa::Status::denied}};
  EXPECT_FALSE(verdict("bind_unbind_of_sp", first_0, {}));
  EXPECT_TRUE(verdict("bind_unbind_of_sp", first_0, refused));
  // Excused, the unbinding has not been done: so what was bound must be bound at the end.
  const auto at_end = verdict("bind_unbind_of_sp", at_once, refused);
  ASSERT_TRUE(at_end);
  EXPECT_FALSE(verdict("bind_unbind_of_sp", at_once, {{0, ffa::Status::denied}, {1, success}}));
}

TEST_F(MadeUpHistory, AnotherRefusalIsNotExcused) {
  EXPECT_TRUE(verdict("bind_unbind_of_sp", at_once, {{1, ffa::Status::busy}}));
}

/// Orders that were run to explain so many schedules.
uint64_t orders_for(const char* name, uint64_t seeds) {
  const scenario::CompiledCase compiled = compiled_case(name);
  const auto factory = built_in_mediator();
  Linearizability linearizability{compiled, *factory};
  CaseWorld world{compiled, *factory, CaseWorld::Keeps::second_run, &linearizability.watch()};
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    linearizability.begin();
    Choices choices{seeded_choices(seed)};
    world.run(choices);
    const auto violation = linearizability.judge();
    EXPECT_FALSE(violation) << name << ", seed " << seed << ": " << violation->text;
  }
  return linearizability.orders_run();
}

TEST(Explanations, OneServesManySchedules) {
  EXPECT_LT(orders_for("reclaim_reclaim", 300), 10U);
  EXPECT_LT(orders_for("two_vcpus_of_two_guests", 300), 300U);
}

TEST(Explanations, HandlesAreTheSpmcsToNumber) {
  // The two VMs' shares get their handles in the order in which the SPMC sees them.
  EXPECT_LT(orders_for("two_guests_share", 300), 100U);
}

}  // namespace
}  // namespace sim::explore
