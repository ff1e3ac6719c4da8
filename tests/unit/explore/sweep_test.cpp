// SPDX-License-Identifier: BSD-3-Clause
// A sweep lets each fault strike at each place, each with whatever else is open about it, one a
// run; what a scenario expects does not count then, and every VM comes to its end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "sim/engine/case_world.hpp"
#include "sim/explore/explorer.hpp"
#include "sim/scenario/case.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::explore {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

scenario::CompiledCase swept_case(const std::string& faults, const std::string& rest) {
  const std::string text =
      fmt::format(R"({{"name": "unit/case", "only_invariants": true, {}, "world": {{"pcpus": 2,)"
                  R"( "vms": {{"vm1": {{"vcpus": 2}}}}, "faults": [{}]}}}})",
                  rest, faults);
  return scenario::compile({"unit/case", "case.json", {}, nlohmann::json::parse(text)});
}

std::string chosen(const std::string& op, bool status) {
  return fmt::format(R"({{"op": "{}", "nth": "chosen"{}}})", op,
                     status ? R"(, "answer": "chosen")" : "");
}

constexpr const char* share_and_reclaim =
    R"("steps": [{"do": "share", "save": {"h": "handle"}}, {"do": "reclaim", "handle": "$h"}])";

struct Sweep {
  std::multiset<std::string> struck;  ///< "" for the run without a fault
  std::vector<std::string> failures;
  Progress progress;
  std::map<std::string, RunRecord> records;  ///< by what struck
};

Sweep sweep(const scenario::CompiledCase& compiled, bool reduce = true) {
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory};
  const RunSchedule run = [&](Choices& choices) -> const RunRecord& { return world.run(choices); };
  const RunOnce none;
  Plan plan;
  plan.strategy = Strategy::sweep;
  plan.bounds = {0, 1};
  plan.reduce = reduce;
  Explorer explorer{compiled, run, none, plan};
  Sweep result;
  result.progress = explorer.run([&](const Schedule& schedule, const Progress&) {
    result.struck.insert(schedule.result.where);
    result.records[schedule.result.where] = *schedule.record;
    for (const auto& failure : schedule.result.failures) {
      result.failures.push_back(schedule.result.where + ": " + failure.text);
    }
    return true;
  });
  return result;
}

uint64_t calls(const RunRecord& record) {
  return static_cast<uint64_t>(std::ranges::count_if(
      record.events, [](const trace::Event& event) { return event.side == trace::Side::guest; }));
}

TEST(Sweep, EachStatusOfEachSmcOnce) {
  const Sweep swept = sweep(swept_case(chosen("smc", true), share_and_reclaim));
  EXPECT_THAT(swept.failures, IsEmpty());
  EXPECT_TRUE(swept.progress.exhausted);
  EXPECT_EQ(swept.struck.count(""), 1U);
  EXPECT_EQ(swept.struck.size(), std::set(swept.struck.begin(), swept.struck.end()).size());
  EXPECT_EQ(swept.struck.size(), 1U + 6U + 5U);
  EXPECT_THAT(swept.struck, AllOf(Contains("smc FFA_MEM_SHARE 1 NO_MEMORY"),
                                  Contains("smc FFA_MEM_RECLAIM 2 ABORTED"),
                                  Not(Contains("smc FFA_MEM_RECLAIM 2 BUSY"))));
}

// A step that fails under a fault is no failure, and a VM that is left is destroyed, unless what it
// was created from is missing.
TEST(Sweep, ExpectationsDoNotCountAndEveryVmEnds) {
  const Sweep swept = sweep(swept_case(chosen("pin", true) + "," + chosen("map", true),
                                       R"("steps": [{"do": "rxtx_unmap"}, {"do": "rxtx_map"}])"));
  EXPECT_THAT(swept.failures, IsEmpty());
  EXPECT_GT(swept.struck.size(), 8U);
  for (const auto& [struck, record] : swept.records) {
    ASSERT_FALSE(record.events.empty());
    EXPECT_EQ(record.events.back().op, "free") << struck;
  }
}

TEST(Sweep, AVcpuThatWasKilledMakesNoCallAnyMore) {
  const Sweep swept = sweep(swept_case(chosen("kill", false), share_and_reclaim));
  EXPECT_THAT(swept.failures, IsEmpty());
  ASSERT_THAT(swept.records, SizeIs(3));
  const uint64_t all = calls(swept.records.at(""));
  EXPECT_EQ(calls(swept.records.at("kill 1")), all - 1);
  EXPECT_EQ(calls(swept.records.at("kill 2")), all);
}

TEST(Sweep, AVmIsDestroyedAtEveryYieldPoint) {
  const auto compiled = swept_case(chosen("destroy", false),
                                   R"("steps": [{"do": "share", "save": {"h": "handle"}}])");
  const Sweep swept = sweep(compiled);
  EXPECT_THAT(swept.failures, IsEmpty());
  // Before the step, within it, after it.
  EXPECT_GT(swept.struck.count("destroy 1"), 10U);
  const Sweep all = sweep(compiled, false);
  EXPECT_THAT(all.failures, IsEmpty());
  EXPECT_GE(all.struck.count("destroy 1"), swept.struck.count("destroy 1"));
}

TEST(Sweep, WhatAGuestWritesAroundAReadIsTried) {
  const Sweep swept = sweep(swept_case(chosen("tx", false), share_and_reclaim));
  EXPECT_THAT(swept.failures, IsEmpty());
  // Each of the first 48 words at most, four values, before the read and after it.
  EXPECT_GT(swept.struck.count("tx 1"), 4U * 16);
  EXPECT_EQ(swept.struck.count("tx 1"), swept.struck.count("tx 2"));
}

TEST(Sweep, AVcpuMovesToEachCpu) {
  const Sweep swept = sweep(swept_case(chosen("migrate", false), share_and_reclaim));
  EXPECT_THAT(swept.failures, IsEmpty());
  EXPECT_EQ(swept.struck.count("migrate 1"), 2U);
}

TEST(Sweep, WithThreadsAnyScheduleOfTheBoundsIsTaken) {
  const Sweep swept =
      sweep(swept_case(chosen("smc", true), R"("threads": {"vm1.0": [{"do": "share"}],)"
                                            R"( "vm1.1": [{"do": "features", "of": "FFA_RUN"}]})"));
  EXPECT_THAT(swept.failures, IsEmpty());
  EXPECT_TRUE(swept.progress.exhausted);
  EXPECT_GE(swept.struck.size(), 7U);
}

// Decisions about faults are none of PCT's places: else nearly every fall would lie behind the end.
TEST(Pct, FaultsThatMayStrikeLeaveItItsPreemptions) {
  std::string faults = chosen("smc", true);
  for (const char* op : {"pin", "map", "translate", "set_access"}) faults += "," + chosen(op, true);
  for (const char* op : {"migrate", "kill", "budget"}) faults += "," + chosen(op, false);
  const auto compiled =
      swept_case(faults, R"("threads": {"vm1.0": [{"do": "share"}], "vm1.1": [{"do": "share"}]})");
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory};
  uint64_t preempted = 0;
  const RunSchedule run = [&](Choices& choices) -> const RunRecord& {
    const RunRecord& record = world.run(choices);
    preempted += choices.preemptions();
    return record;
  };
  const RunOnce none;
  Plan plan;
  plan.strategy = Strategy::pct;
  plan.depth = 2;
  plan.end_seed = 200;
  Explorer explorer{compiled, run, none, plan};
  explorer.run([](const Schedule&, const Progress&) { return true; });
  // A fault may end a call, and with it the run, before the place comes.
  EXPECT_GT(preempted, 170U);
}

}  // namespace
}  // namespace sim::explore
