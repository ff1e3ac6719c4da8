// SPDX-License-Identifier: BSD-3-Clause
// The search with and without reduction sees the same: every set of results and final states that
// the schedules of a case can have, with which calls were over before others began (all that I32
// judges), and every failure.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/case_world.hpp"
#include "sim/explore/explorer.hpp"
#include "sim/scenario/compile.hpp"
#include "sim/scenario/judge.hpp"
#include "sim/scenario/loader.hpp"

namespace sim::explore {
namespace {

/// Which calls of vCPUs, and steps of VMs' lives, were over before others began. A call is told by
/// its number among those of its vCPU.
std::string precedence_in(const RunRecord& record) {
  std::map<std::pair<uint16_t, uint16_t>, uint32_t> numbers;
  std::vector<std::pair<std::string, const trace::Event*>> calls;
  for (const trace::Event& event : record.events) {
    if (event.side != trace::Side::guest && event.side != trace::Side::lifecycle) continue;
    const uint16_t vcpu = event.side == trace::Side::guest ? event.vcpu : 0xffff;
    const uint32_t number = numbers[{event.vm, vcpu}]++;
    calls.emplace_back(fmt::format("{}.{}#{}", event.vm, vcpu, number), &event);
  }
  std::set<std::string> pairs;
  for (const auto& [one, first] : calls) {
    for (const auto& [other, second] : calls) {
      if (first->returned() && first->seq_ret < second->seq) pairs.insert(one + "<" + other);
    }
  }
  return fmt::format("{}\n", fmt::join(pairs, " "));
}

/// What each vCPU was answered, what was over when, what the final state is, what failed.
std::string seen_in(const scenario::CompiledCase& compiled, const RunRecord& record) {
  std::map<std::pair<uint16_t, uint16_t>, std::string> answers;
  for (const trace::Event& event : record.events) {
    if (event.side != trace::Side::guest) continue;
    std::string& text = answers[{event.vm, event.vcpu}];
    for (const uint64_t reg : event.out.x) text += fmt::format("{:x},", reg);
  }
  std::string all;
  for (const auto& [vcpu, text] : answers) {
    all += fmt::format("{}.{}: {}\n", vcpu.first, vcpu.second, text);
  }
  all += precedence_in(record);
  for (const StateDump& dump : record.states) {
    for (const auto& [name, value] : dump.facts) all += fmt::format("{}={} ", name, value);
  }
  for (const scenario::Failure& failure : judge(compiled, record)) all += failure.text + "\n";
  return all;
}

struct Walk {
  std::set<std::string> seen;
  uint64_t schedules = 0;
  bool failed = false;
};

Walk walk(const scenario::CompiledCase& compiled, bool reduce) {
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory};
  Walk result;
  const RunSchedule run = [&](Choices& choices) -> const RunRecord& {
    const RunRecord& record = world.run(choices);
    result.seen.insert(seen_in(compiled, record));
    return record;
  };
  const RunOnce no_sweep;
  Plan plan;
  plan.strategy = Strategy::exhaustive;
  plan.reduce = reduce;
  Explorer explorer{compiled, run, no_sweep, plan};
  const Progress progress = explorer.run([&](const Schedule& schedule, const Progress&) {
    result.failed = result.failed || !schedule.result.failures.empty();
    return true;
  });
  EXPECT_TRUE(progress.exhausted);
  EXPECT_EQ(progress.pruned != 0, reduce);
  result.schedules = progress.schedules;
  return result;
}

class Reduction : public testing::TestWithParam<const char*> {};

TEST_P(Reduction, SeesAllThatTheWholeSearchSees) {
  const std::string file = fmt::format("{}/{}.json", SOURCE_DIR, GetParam());
  const scenario::LoadResult loaded = scenario::load_scenarios({file}, {});
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front();
  const scenario::CompiledCase compiled = scenario::compile(loaded.cases.front().data);
  const Walk whole = walk(compiled, false);
  const Walk reduced = walk(compiled, true);
  EXPECT_EQ(whole.seen, reduced.seen);
  EXPECT_EQ(whole.failed, reduced.failed);
  EXPECT_LT(reduced.schedules, whole.schedules);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Reduction,
    testing::Values("scenarios/concurrency/map_unmap", "scenarios/concurrency/reclaim_reclaim",
                    "scenarios/concurrency/share_share", "scenarios/concurrency/retrieve_reclaim",
                    "scenarios/concurrency/set_get", "scenarios/concurrency/create_list",
                    "scenarios/rxtx/two_senders", "scenarios/ver/two_vcpus_at_once"),
    [](const auto& param) {
      const std::string file = param.param;
      return file.substr(file.rfind('/') + 1);
    });

TEST(ReductionFailures, AreFoundWithBoth) {
  const std::string file = fmt::format("{}/tests/cli/explored/who_comes_first.json", SOURCE_DIR);
  const scenario::LoadResult loaded = scenario::load_scenarios({file}, {});
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front();
  const scenario::CompiledCase compiled = scenario::compile(loaded.cases.front().data);
  const Walk whole = walk(compiled, false);
  const Walk reduced = walk(compiled, true);
  EXPECT_TRUE(whole.failed);
  EXPECT_TRUE(reduced.failed);
  EXPECT_EQ(whole.seen, reduced.seen);
}

}  // namespace
}  // namespace sim::explore
