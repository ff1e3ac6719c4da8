// SPDX-License-Identifier: BSD-3-Clause
// What the reducer takes away and what it leaves, of scenarios that fail in the mediator that is
// linked in; and what a run of a sweep is as a case of its own.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sim/cli/chosen_faults.hpp"
#include "sim/cli/shrink_reducer.hpp"
#include "sim/cli/swept_case.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/swept_fault.hpp"
#include "tests/unit/temp_folder.hpp"

namespace sim::cli {
namespace {

using nlohmann::json;

ReadyCase ready_case(const std::string& name, json doc,
                     const std::vector<std::string>& kinds = {}) {
  const std::string file = test::temp_folder().file("all/" + name + ".json");
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  doc["$schema"] = "../schema/scenario.json";
  doc["name"] = "all/" + name;
  std::ofstream(file) << doc;
  Selection selection;
  selection.paths = {file};
  selection.faults = kinds;
  auto suite = load_suite(selection);
  if (!suite || suite->cases.size() != 1) throw std::runtime_error(file + " is no case");
  return std::move(suite->cases.front());
}

struct Reduced {
  json doc;
  Found found;
};

Reduced reduce(const ReadyCase& ready, const std::string& choices) {
  const auto runner = chosen_runner(Options{});
  Oracle oracle(ready, *runner, nullptr, Oracle::Clock::now() + std::chrono::minutes(5));
  const Candidate whole = whole_candidate(ready.loaded.data.doc);
  const Found failed = oracle.begin(whole, [&] { return recorded_choices(choices, "choices"); });
  Reducer reducer(oracle, whole, failed);
  reducer.run();
  return {reducer.smallest().doc, reducer.found()};
}

const json id_get = {{"do", "id_get"}};
const json share = {{"do", "share"}};
const json refused_share = {{"do", "share"}, {"expect", {{"error", "DENIED"}}}};

TEST(Reducer, StepsThatTheFailureDoesNotNeedGo) {
  const ReadyCase ready = ready_case("steps", {{"steps", {id_get, id_get, refused_share, id_get}},
                                               {"expect", {{"state", {{"vm1.shares", 1}}}}}});
  const Reduced small = reduce(ready, "");
  EXPECT_EQ(small.doc.at("steps"), json::array({refused_share}));
  EXPECT_FALSE(small.doc.contains("expect"));
  EXPECT_EQ(count_steps(small.doc), 1U);
}

TEST(Reducer, WhatMakesTheAnswerStays) {
  // The second share is refused since the pages are shared: another answer is another failure.
  const json second = {{"do", "share"}, {"expect", {{"success", true}}}};
  const Reduced small =
      reduce(ready_case("answer", {{"steps", {id_get, share, id_get, second}}}), "");
  EXPECT_EQ(small.doc.at("steps"), json::array({share, second}));
}

TEST(Reducer, ValuesGetSmaller) {
  json wide = refused_share;
  wide["ranges"] = json::array({json::array({"0x40001000", 3}), json::array({"0x40010000", 2})});
  const ReadyCase ready =
      ready_case("values", {{"steps", {wide}}, {"world", {{"vms", {{"vm1", {{"vcpus", 4}}}}}}}});
  const Reduced small = reduce(ready, "");
  EXPECT_EQ(small.doc.at("steps"), json::array({refused_share}));
  EXPECT_FALSE(small.doc.at("world").contains("vms"));
}

TEST(Reducer, APreemptionThatIsNotNeededGoes) {
  const ReadyCase ready = ready_case(
      "schedule", {{"world", {{"vms", {{"vm1", {{"vcpus", 2}}}}}}},
                   {"threads", {{"vm1.0", {id_get, refused_share}}, {"vm1.1", {id_get}}}}});
  const Reduced small = reduce(ready, "1:schedule=1,3:schedule=1");
  EXPECT_EQ(small.found.preemptions, 0U);
  EXPECT_EQ(small.doc.at("threads"), json({{"vm1.0", {refused_share}}}));
}

TEST(Reducer, AScenarioThatHoldsIsNoneToShrink) {
  EXPECT_THROW(reduce(ready_case("holds", {{"steps", {id_get}}}), ""), InputError);
}

const json pin_sweeps = json::array({{{"op", "pin"}, {"nth", "sweep"}}});

TEST(SweptCase, StrikesWhereTheRunThatFailedDid) {
  json first = share;
  first["expect"] = {{"one_of", {"SUCCESS", "NO_MEMORY"}}};
  json second = share;
  second["ranges"] = json::array({json::array({"0x40010000", 1})});
  second["expect"] = {{"success", true}};
  const ReadyCase ready =
      ready_case("sweep", {{"steps", {first, second}}, {"world", {{"faults", pin_sweeps}}}});
  const auto runner = chosen_runner(Options{});
  const ChoiceMaker no_choice = [] { return recorded_choices("", "choices"); };
  const std::string where = first_that_fails(ready, *runner, no_choice);
  EXPECT_EQ(where, "fault 0 at 2");
  const auto one = swept_case(ready, where);
  ASSERT_TRUE(one);
  EXPECT_FALSE(sweeps(*one));
  EXPECT_EQ(one->loaded.data.doc.at("/world/faults/0/nth"_json_pointer), 2);
  EXPECT_EQ(runner->run(one->compiled, no_choice).failures.size(), 1U);
  const Reduced small = reduce(*one, "");
  EXPECT_EQ(count_steps(small.doc), 1U);
  EXPECT_EQ(small.doc.at("/world/faults/0/op"_json_pointer), "pin");
}

TEST(SweptCase, OfNoSweepThereIsNone) {
  EXPECT_FALSE(swept_case(ready_case("single", {{"steps", {id_get}}}), ""));
  const ReadyCase ready =
      ready_case("unnamed", {{"steps", {share}}, {"world", {{"faults", pin_sweeps}}}});
  EXPECT_THROW(swept_case(ready, ""), InputError);
  EXPECT_THROW(swept_case(ready, "fault 3 at 1"), InputError);
}

TEST(SweptFaults, AreReadAsTheyAreTold) {
  const std::vector<SweptFault> faults = {
      {.fault = 2, .status = static_cast<int32_t>(ffa::Status::denied)}, {.fault = 0, .nth = 17}};
  EXPECT_EQ(in_words(faults), "fault 2 answers DENIED, fault 0 at 17");
  EXPECT_EQ(swept_faults(in_words(faults)), faults);
  for (const char* other : {"", "fault", "fault 1 at", "fault 1 at 3,", "smc FFA_RUN 7 BUSY",
                            "fault 1 answers LUCK", "fault 1 at x", "fault  1 at 2"}) {
    EXPECT_TRUE(swept_faults(other).empty()) << other;
  }
}

}  // namespace
}  // namespace sim::cli
