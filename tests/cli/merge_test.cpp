// SPDX-License-Identifier: BSD-3-Clause
// Parts of a campaign become what one process would have told, or a clear error.
#include "sim/cli/merge.hpp"

#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"

namespace sim::cli {
namespace {

using report::Outcome;
using report::Result;

Outcome sampled(uint64_t schedules, std::vector<std::string> marks = {}) {
  Outcome outcome;
  outcome.name = "a";
  outcome.seed = "0x0";
  outcome.exploration = report::Exploration{"swarm", false, schedules, 0, 0, 10 + schedules};
  outcome.sometimes = std::move(marks);
  return outcome;
}

Outcome failed(uint64_t schedules, const std::string& seed, std::vector<std::string> marks = {}) {
  Outcome outcome = sampled(schedules, std::move(marks));
  outcome.result = Result::failed;
  outcome.trouble = report::Trouble::check;
  outcome.seed = seed;
  outcome.exploration->strategy = "swarm: pct 3";
  return outcome;
}

Part part(unsigned index, unsigned count, std::vector<Outcome> outcomes, bool of_seeds = true) {
  Part part;
  part.file = "part-" + std::to_string(index);
  part.summary = report::summarise(outcomes, 2);
  part.summary.shard = {index, count, of_seeds};
  part.outcomes = std::move(outcomes);
  part.explored = true;
  return part;
}

std::string mistake(std::vector<Part> parts) {
  try {
    (void)merge(std::move(parts));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Merge, SchedulesAddUpAndMarksUnite) {
  const Merged merged = merge({part(2, 2, {sampled(4, {"tx_busy"})}),
                               part(1, 2, {sampled(5, {"tx_busy", "two_transfers_open"})})});
  ASSERT_EQ(merged.outcomes.size(), 1U);
  const Outcome& all = merged.outcomes.front();
  EXPECT_EQ(all.result, Result::passed);
  EXPECT_EQ(all.exploration->schedules, 9U);
  EXPECT_EQ(all.exploration->longest, 15U);
  EXPECT_EQ(all.sometimes, (std::vector<std::string>{"tx_busy", "two_transfers_open"}));
  EXPECT_EQ(merged.not_selected, 2U);
}

TEST(Merge, WhatWasCoveredUnitesUpToAFailure) {
  Outcome first = sampled(5);
  first.undecided = 2;
  first.exploration->covered.accepted = {"gen_conduit", "rx_release_owned"};
  first.exploration->covered.states.add(4);
  Outcome second = failed(1, "0x5");
  second.undecided = 1;
  second.exploration->covered.accepted = {"gen_conduit", "mem_handle_zero"};
  second.exploration->covered.yields = {"FFA_RX_RELEASE before lock vm_state"};
  second.exploration->covered.states.add(4);
  second.exploration->covered.states.add(9);
  Outcome third = sampled(5);
  third.undecided = 7;
  third.exploration->covered.rejected = {"mem_handle_zero"};
  const Outcome all =
      merge({part(1, 3, {first}), part(2, 3, {second}), part(3, 3, {third})}).outcomes.front();
  const CoverageNames& covered = all.exploration->covered;
  EXPECT_EQ(covered.accepted,
            (std::set<std::string>{"gen_conduit", "mem_handle_zero", "rx_release_owned"}));
  EXPECT_EQ(covered.yields.size(), 1U);
  EXPECT_EQ(covered.states.count(), 2U);
  EXPECT_TRUE(covered.rejected.empty()) << "met only behind the failure";
  EXPECT_EQ(all.undecided, 3U);
}

TEST(Merge, TheFirstFailureBySeedIsTheOneTold) {
  const Merged merged = merge({part(1, 3, {sampled(5)}), part(2, 3, {failed(2, "0x6")}),
                               part(3, 3, {failed(1, "0xa", {"tx_busy"})})});
  const Outcome& all = merged.outcomes.front();
  EXPECT_EQ(all.result, Result::failed);
  EXPECT_EQ(all.seed, "0x6");
  EXPECT_EQ(all.exploration->strategy, "swarm: pct 3");
  EXPECT_EQ(all.exploration->schedules, 7U);
  EXPECT_TRUE(all.sometimes.empty()) << "met only behind the failure, where one process never was";
}

TEST(Merge, WhatLeavesNothingOpenRanOnce) {
  Outcome once = sampled(1);
  once.exploration->exhausted = true;
  const Merged merged = merge({part(1, 2, {once}), part(2, 2, {once})});
  EXPECT_EQ(merged.outcomes.front().exploration->schedules, 1U);
}

TEST(Merge, ACaseThatEndedItsProcessFails) {
  Outcome lost = failed(1, "0x0");
  lost.exploration.reset();
  const Merged merged = merge({part(1, 2, {sampled(5)}), part(2, 2, {lost})});
  EXPECT_EQ(merged.outcomes.front().result, Result::failed);
}

TEST(Merge, CasesThatWereDealtOutComeBackInOrder) {
  const auto named = [](const char* name) {
    Outcome outcome = sampled(1);
    outcome.name = name;
    return outcome;
  };
  const Merged merged =
      merge({part(1, 2, {named("a"), named("c")}, false), part(2, 2, {named("b")}, false)});
  std::string names;
  for (const Outcome& outcome : merged.outcomes) names += outcome.name;
  EXPECT_EQ(names, "abc");
}

TEST(Merge, WhatIsNoWholeCampaignIsNamed) {
  EXPECT_EQ(mistake({part(1, 3, {sampled(1)}), part(3, 3, {sampled(1)})}),
            "merge: part 2 of 3 is not there");
  EXPECT_EQ(mistake({part(1, 2, {sampled(1)})}), "merge: part 2 of 2 is not there");
  EXPECT_EQ(mistake({part(1, 2, {sampled(1)}), part(1, 2, {sampled(1)})}),
            "part-1: part 1 of 2, as part-1 is");
  EXPECT_EQ(mistake({part(1, 2, {sampled(1)}), part(2, 3, {sampled(1)})}),
            "part-2: part 2 of 3; part-1 is part 1 of 2 of another campaign");
  EXPECT_EQ(mistake({part(1, 2, {sampled(1)}), part(2, 2, {})}),
            "part-2:1: not the case that part-1 has there");
  EXPECT_EQ(mistake({part(1, 2, {}, false), part(2, 2, {sampled(1)}, false)}),
            "part-1: has 0 cases, the other parts too many for that");
}

}  // namespace
}  // namespace sim::cli
