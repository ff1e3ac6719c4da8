// SPDX-License-Identifier: BSD-3-Clause
// The creation of a VM whose id an SP still keeps for an earlier one, stopped by its budget after
// every step, given up after every step, and with every answer at every SMC. It always ends with
// the VM alive, or with nothing of it left: who accepted it is told of its end, the last one first,
// and a VM with the same id comes to life afterwards. How many SMCs there are to strike at is taken
// from a creation without a fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/loader.hpp"

namespace property {
namespace {

using nlohmann::json;
using sim::trace::Event;
using sim::trace::Side;

constexpr int32_t refusals[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
constexpr uint32_t created = 0x80000004;
constexpr uint32_t destroyed = 0x80000006;

/// One way to have a creation.
struct Course {
  uint32_t budget = 0;
  uint32_t stages = 0;  ///< after which it is given up; 0: it is not
  std::vector<json> faults{};
};

/// What became of it.
struct Birth {
  std::string result;       ///< of the creation, in words
  std::vector<Event> smcs;  ///< of the creation and of giving it up
  unsigned stages = 0;      ///< calls of the hypervisor
  bool fired = false;       ///< the first fault
  std::string after;        ///< of the next creation of a VM with this id
  bool reborn = false;      ///< the last VM with this id came to life
  std::string wrong;        ///< expectations that failed, violations
};

json world_of(const char* personality) {
  return {{"spmc", {{"personality", personality}}},
          {"mediator", {{"vm_message_retries", 3}}},
          {"sps", {{"sp1", json::object()}, {"sp2", json::object()}, {"sp3", json::object()}}},
          {"vms", {{"vm1", {{"id", 7}, {"create_at_boot", false}}}}}};
}

class Creation : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    calm_ = birth({});
    ASSERT_EQ(calm_.result, "SUCCESS");
    ASSERT_EQ(calm_.wrong, "");
    ASSERT_TRUE(calm_.reborn);
  }

  /// What a run expects of the creations must be known before: another run knows it.
  [[nodiscard]] Birth birth(const Course& course) const {
    Birth seen = run(course, "SUCCESS", "SUCCESS");
    if (seen.result != "SUCCESS") seen = run(course, seen.result, "SUCCESS");
    return seen.after == "SUCCESS" ? seen : run(course, seen.result, seen.after);
  }
  void expect_settled(const Course& course) const {
    const Birth seen = birth(course);
    // An SP that took the VM, while the SPMC said that it did not, finds it there once more.
    const bool misled = course.faults.front()["execute"] && seen.result != "SUCCESS";
    ASSERT_TRUE(seen.after == "SUCCESS" || (misled && seen.after == "INVALID_PARAMETERS"))
        << seen.after;
    ASSERT_EQ(seen.wrong, "");
    ASSERT_TRUE(seen.reborn) << seen.result;
    ASSERT_TRUE(seen.fired) << "there is no such operation";
    expect_undone_in_reverse(seen);
  }
  /// Of those that accepted the VM, who refuses it last is the first one told that it is gone.
  static void expect_undone_in_reverse(const Birth& seen) {
    std::vector<uint16_t> know;
    for (const Event& smc : seen.smcs) {
      if (!ffa::is_function(smc.in, ffa::Fid::msg_send_direct_req)) continue;
      const auto sp = static_cast<uint16_t>(smc.in.w(1));
      const bool accepted = ffa::is_function(smc.out, ffa::Fid::msg_send_direct_resp) &&
                            smc.out.w(2) == created + 1 && smc.out.w(3) == 0;
      if (smc.in.w(2) == created && accepted) know.push_back(sp);
      if (smc.in.w(2) != destroyed || know.empty()) continue;
      const auto place = std::find(know.begin(), know.end(), sp);
      if (place == know.end()) continue;  // it may know it, or is told again
      ASSERT_EQ(sp, know.back()) << "not the last one first";
      know.pop_back();
    }
    ASSERT_EQ(know.empty(), seen.result != "SUCCESS") << seen.result;
  }

  Birth calm_;

 private:
  [[nodiscard]] Birth run(const Course& course, const std::string& expected,
                          const std::string& after) const;
};

/// The steps: an end that SP 2 does not accept, the creation with the faults around it, and what
/// comes after. `at`: the steps of the creation.
json steps_of(const Course& course, const std::string& expected, const std::string& after,
              std::vector<size_t>& at) {
  const json create = {{"do", "create"}, {"vm", "vm1"}};
  const json destroy = {{"do", "destroy"}, {"vm", "vm1"}, {"until_done", true}};
  json steps = json::array();
  const bool faults = !course.faults.empty();
  if (faults) steps.push_back({{"do", "faults"}, {"armed", false}});
  steps.push_back(create);
  steps.push_back(
      {{"do", "answer_vm_messages"}, {"sp", "sp2"}, {"status", "DENIED"}, {"count", 4}});
  steps.push_back(destroy);
  if (faults) steps.push_back({{"do", "faults"}, {"armed", true}});
  json stage = create;
  stage["budget"] = course.budget;
  stage["until_done"] = course.stages == 0;
  for (uint32_t n = 0; n < std::max(course.stages, 1U); ++n) {
    at.push_back(steps.size());
    steps.push_back(stage);
    const json result = course.stages == 0 ? json(expected) : json("restart");
    steps.back()["expect"] = {{"result", result}};
  }
  if (course.stages != 0) {
    at.push_back(steps.size());
    steps.push_back(destroy);
    steps.back()["budget"] = course.budget;
  }
  if (faults) steps.push_back({{"do", "faults"}, {"armed", false}});
  if (course.stages == 0 && expected == "SUCCESS") {
    steps.push_back({{"do", "version"}});
    steps.push_back({{"do", "direct"}, {"to", "sp3"}});
    steps.push_back(destroy);
  }
  steps.push_back({{"do", "check"}, {"state", {{"vm1.exists", false}}}});
  steps.push_back(create);
  steps.back()["text"] = "after";
  steps.back()["expect"] = {{"result", after}};
  if (after != "SUCCESS") steps.push_back(create);
  steps.push_back({{"do", "version"}});
  steps.push_back({{"do", "direct"}, {"to", "sp2"}});
  return steps;
}

Birth Creation::run(const Course& course, const std::string& expected,
                    const std::string& after) const {
  std::vector<size_t> at;
  sim::Case source;
  source.file = "creation";
  source.doc = {{"name", "creation"}, {"world", world_of(GetParam())}};
  source.doc["world"]["faults"] = course.faults;
  source.doc["steps"] = steps_of(course, expected, after, at);
  const json& steps = source.doc["steps"];
  const auto next = std::find_if(steps.begin(), steps.end(), [](const json& step) {
    return step.value("text", "") == "after";
  });
  const std::string next_pointer = fmt::format("/steps/{}", next - steps.begin());
  const auto compiled = sim::scenario::compile(source);
  const auto factory = sim::built_in_mediator();
  sim::Choices choices{sim::seeded_choices(1)};
  const sim::RunRecord record = sim::run(compiled, *factory, choices);
  Birth seen;
  seen.fired = course.faults.empty() || record.fault_fired.front();
  for (const sim::StepRecord& step : record.steps) {
    const sim::scenario::CompiledStep& what = compiled.steps.at(step.step);
    if (what.what == "create") seen.reborn = step.result == "SUCCESS";
    if (what.pointer == next_pointer) seen.after = step.result.value_or("");
    const bool counts = std::any_of(at.begin(), at.end(), [&](size_t place) {
      return what.pointer == fmt::format("/steps/{}", place);
    });
    if (!counts) continue;
    seen.result = step.result.value_or("");
    for (size_t n = step.first_event; n < step.end_event; ++n) {
      const Event& event = record.events[n];
      if (event.side == Side::spmc) seen.smcs.push_back(event);
      if (event.side == Side::lifecycle) ++seen.stages;
    }
  }
  for (const auto& failure : judge(compiled, record)) {
    seen.wrong += fmt::format("{}: {}\n", failure.pointer, failure.text);
  }
  return seen;
}

json fault(uint64_t nth, const json& answer, bool executed) {
  return {{"op", "smc"}, {"nth", nth}, {"answer", answer}, {"execute", executed}};
}

INSTANTIATE_TEST_SUITE_P(Spmcs, Creation, testing::Values("op-tee", "hafnium"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(Creation, IsMadeOfManySteps) {
  const auto count = [this](uint32_t message) {
    return std::count_if(calm_.smcs.begin(), calm_.smcs.end(),
                         [message](const Event& smc) { return smc.in.w(2) == message; });
  };
  EXPECT_EQ(count(destroyed), 3) << "the earlier VM, an SP each";
  EXPECT_EQ(count(created), 3) << "an SP each";
  EXPECT_EQ(calm_.smcs.size(), 7U);
  EXPECT_EQ(calm_.stages, 1U);
}

// With each budget it makes the same SMCs; the first budget that is enough is the last one tried.
TEST_P(Creation, EveryBudget) {
  unsigned stages = ~0U;
  for (uint32_t budget = 1; stages > 1; ++budget) {
    SCOPED_TRACE(fmt::format("budget {}", budget));
    ASSERT_LT(budget, 100U) << "no budget is enough";
    const Birth seen = birth({.budget = budget});
    ASSERT_EQ(seen.wrong, "");
    ASSERT_EQ(seen.result, "SUCCESS");
    ASSERT_LE(seen.stages, stages);
    stages = seen.stages;
    ASSERT_EQ(seen.smcs.size(), calm_.smcs.size());
    for (size_t n = 0; n < seen.smcs.size(); ++n) ASSERT_EQ(seen.smcs[n].in, calm_.smcs[n].in);
    ASSERT_TRUE(budget > 1 || stages > seen.smcs.size()) << "more than one SMC a step";
  }
}

TEST_P(Creation, GivenUpAfterEveryStep) {
  const uint32_t last = birth({.budget = 1}).stages;
  for (uint32_t stages = 1; stages < last; ++stages) {
    SCOPED_TRACE(fmt::format("after {} stages", stages));
    const Birth seen = birth({.budget = 1, .stages = stages});
    ASSERT_EQ(seen.wrong, "");
    ASSERT_EQ(seen.result, "done");
    ASSERT_TRUE(seen.reborn);
    expect_undone_in_reverse(seen);
  }
}

// Whatever the SPMC says to an SMC, done or not.
TEST_P(Creation, EveryStatusAtEverySmc) {
  for (const int32_t status : refusals) {
    const std::string word{ffa::status_name(static_cast<ffa::Status>(status))};
    for (uint64_t nth = 1; nth <= calm_.smcs.size(); ++nth) {
      for (const bool executed : {false, true}) {
        for (uint32_t budget = 0; budget <= 3; ++budget) {
          SCOPED_TRACE(
              fmt::format("SMC {} answers {}, done: {}, budget {}", nth, word, executed, budget));
          expect_settled({.budget = budget, .faults = {fault(nth, word, executed)}});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(Creation, WhatIsNoAnswerAtEverySmc) {
  const std::vector<std::vector<std::string>> no_answers = {
      {"0x84000062", "0x80010000"},
      {"0x8400006c", "0x80010000"},
      {"0xdeadbeef", "1", "2", "3"},
      {"0x84000070", "0x80770000", "0x80000005"}};
  for (const auto& answer : no_answers) {
    for (uint64_t nth = 1; nth <= calm_.smcs.size(); ++nth) {
      for (const bool executed : {false, true}) {
        SCOPED_TRACE(fmt::format("SMC {} answers {}, done: {}", nth, answer.front(), executed));
        expect_settled({.budget = 1, .faults = {fault(nth, answer, executed)}});
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace property
