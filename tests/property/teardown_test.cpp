// SPDX-License-Identifier: BSD-3-Clause
// The end of a VM with everything outstanding (scenarios/vmav/everything_outstanding.json), stopped
// by its budget after every step and with every answer at every SMC. It always ends with all given
// back, or with pages quarantined and reported; no page is free that the SPMC still has, which the
// checkers see (I12); and a VM with the same id lives on. How many SMCs there are to strike at
// is taken from an end without a fault, so that no sweep stops early.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ffa/names.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/loader.hpp"

namespace property {
namespace {

using nlohmann::json;
using sim::trace::Event;
using sim::trace::Side;

constexpr int32_t statuses[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
/// Registers that are no answer to any SMC of an end: INTERRUPT and YIELD of a context that is not
/// there, nonsense, another SP's response.
const std::vector<std::vector<std::string>> no_answers = {
    {"0x84000062", "0x80010000"},
    {"0x8400006c", "0x80010000"},
    {"0xdeadbeef", "1", "2", "3"},
    {"0x84000070", "0x80770000", "0x80000007"}};

/// One way to have an end.
struct Plan {
  uint32_t budget = 0;
  std::vector<json> faults{};
};

json fault(const std::string& op, uint64_t nth) { return {{"op", op}, {"nth", nth}}; }
json with_status(json fault, int32_t status) {
  fault["answer"] = ffa::status_name(static_cast<ffa::Status>(status));
  return fault;
}

/// What became of it.
struct End {
  std::string result;         ///< of the destruction, in words
  std::vector<Event> smcs;    ///< of the end
  unsigned stages = 0;        ///< calls of the hypervisor until it was over
  std::vector<bool> fired{};  ///< a fault each
  std::string wrong;          ///< expectations that failed, violations
  std::vector<std::string> log;
  bool reborn = false;  ///< the next VM with this id came to life
};

/// An SPMC, and how the mediator has its handles for sends in fragments.
struct Way {
  const char* personality;
  const char* fragments;
};

class Teardown : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    const auto loaded = sim::scenario::load_scenarios({FFASIM_TEARDOWN_SCENARIO}, {});
    ASSERT_TRUE(loaded.errors.empty()) << loaded.errors.front();
    source_ = loaded.cases.front().data;
    source_.doc["world"]["spmc"]["personality"] = GetParam().personality;
    source_.doc["world"]["mediator"]["fragments"] = GetParam().fragments;
    calm_ = end(Plan{});
    ASSERT_EQ(calm_.result, "done");
    ASSERT_EQ(calm_.wrong, "");
    ASSERT_TRUE(calm_.log.empty()) << calm_.log.front();
  }

  /// Runs the scenario; the faults are armed for the end alone. All that is expected of an end of
  /// this kind is in `wrong`.
  End end(const Plan& plan) const {
    const End seen = run(plan, "done");
    return seen.result == "quarantined" ? run(plan, "quarantined") : seen;
  }
  /// An end that may find nothing else than what an end without faults finds.
  void expect_clean(const Plan& plan) const {
    const End seen = end(plan);
    expect_told(seen);
    ASSERT_EQ(seen.result, "done");
    expect_struck(plan, seen);
  }
  /// An end after which pages may be quarantined.
  void expect_settled(const Plan& plan) const {
    const End seen = end(plan);
    expect_told(seen);
    expect_struck(plan, seen);
  }
  /// All is given back, or what is not is reported, and nothing else; the id can be used again.
  static void expect_told(const End& seen) {
    ASSERT_EQ(seen.wrong, "");
    ASSERT_TRUE(seen.result == "done" || seen.result == "quarantined") << seen.result;
    ASSERT_EQ(seen.result == "quarantined", tells(seen, "quarantined"));
    ASSERT_TRUE(seen.reborn);
  }
  /// Each fault has struck, but for one behind the end: an SMC may be spared by the refusal of one
  /// before.
  static void expect_struck(const Plan& plan, const End& seen) {
    for (size_t n = 0; n < seen.fired.size(); ++n) {
      ASSERT_TRUE(seen.fired[n] || (n > 0 && plan.faults[n]["nth"] > seen.smcs.size()))
          << "there is no such operation";
    }
  }
  static bool tells(const End& end, const char* what) {
    return std::any_of(end.log.begin(), end.log.end(), [what](const std::string& line) {
      return line.find(what) != std::string::npos;
    });
  }
  [[nodiscard]] uint64_t smcs() const { return calm_.smcs.size(); }
  /// The lowest budget with which the end needs no more calls than without any limit; 0: none.
  [[nodiscard]] uint32_t enough_budget() const {
    for (uint32_t budget = 1; budget < 1000; ++budget) {
      if (end({.budget = budget}).stages == calm_.stages) return budget;
    }
    return 0;
  }

  sim::Case source_;
  End calm_;

 private:
  End run(const Plan& plan, const std::string& expected) const;
};

/// The steps of the end, with the faults around them and what is expected of it.
sim::Case edited(sim::Case source, const Plan& plan, const std::string& expected, size_t& at) {
  json& steps = source.doc["steps"];
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [](const json& step) { return step["do"] == "destroy"; });
  (*found)["budget"] = plan.budget;
  if (expected == "quarantined") {
    (*found)["expect"] = {{"result", expected},
                          {"state", {{"vm1.exists", false}, {"vm1.bitmap", false}}}};
    source.doc["expect"]["state"].erase("spmc.regions");
  }
  at = static_cast<size_t>(found - steps.begin());
  if (plan.faults.empty()) return source;
  source.doc["world"]["faults"] = plan.faults;
  const json off = {{"do", "faults"}, {"armed", false}};
  const json on = {{"do", "faults"}, {"armed", true}};
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(at) + 1, off);
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(at), on);
  steps.insert(steps.begin(), off);
  at += 2;
  return source;
}

End Teardown::run(const Plan& plan, const std::string& expected) const {
  size_t at = 0;
  const auto compiled = sim::scenario::compile(edited(source_, plan, expected, at));
  const auto factory = sim::built_in_mediator();
  sim::Choices choices{sim::seeded_choices(1)};
  const sim::RunRecord record = sim::run(compiled, *factory, choices);
  End seen;
  seen.log = record.log;
  seen.fired = record.fault_fired;
  const std::string pointer = fmt::format("/steps/{}", at);
  for (const sim::StepRecord& step : record.steps) {
    const sim::scenario::CompiledStep& what = compiled.steps.at(step.step);
    if (what.what == "create") seen.reborn = step.result == "SUCCESS";
    if (what.pointer != pointer) continue;
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

std::string name_of(const testing::TestParamInfo<Way>& test) {
  std::string name = fmt::format("{}_{}", test.param.personality, test.param.fragments);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Spmcs, Teardown,
                         testing::Values(Way{"op-tee", "preset"}, Way{"op-tee", "streamed"},
                                         Way{"hafnium", "streamed"}),
                         name_of);

// Everything that the scenario leaves outstanding costs an SMC at least.
TEST_P(Teardown, IsMadeOfManySteps) {
  std::vector<uint32_t> functions;
  for (const Event& smc : calm_.smcs) functions.push_back(smc.in.w(0));
  const auto count = [&](ffa::Fid fid) {
    return std::count(functions.begin(), functions.end(), ffa::fid32(fid));
  };
  EXPECT_EQ(count(ffa::Fid::run), 2) << "the preempted SP";
  const bool half_told = GetParam().fragments == std::string_view{"streamed"};
  EXPECT_EQ(count(ffa::Fid::mem_frag_tx), half_told ? 1 : 0) << "the half send";
  EXPECT_EQ(count(ffa::Fid::notification_bitmap_destroy), 2);
  EXPECT_EQ(count(ffa::Fid::notification_get), 4) << "a vCPU each";
  EXPECT_EQ(count(ffa::Fid::notification_unbind), 1);
  EXPECT_EQ(count(ffa::Fid::msg_send_direct_req), 3) << "an SP each";
  EXPECT_EQ(count(ffa::Fid::mem_reclaim), 2);
  const bool knows_buffers = GetParam().personality == std::string_view{"hafnium"};
  EXPECT_EQ(count(ffa::Fid::rxtx_unmap), knows_buffers ? 1 : 0);
}

// With each budget it makes the same SMCs.
TEST_P(Teardown, EveryBudget) {
  unsigned stages = ~0U;
  const uint32_t enough = enough_budget();
  ASSERT_NE(enough, 0U);
  for (uint32_t budget = 1; budget <= enough; ++budget) {
    SCOPED_TRACE(fmt::format("budget {}", budget));
    const End seen = end({.budget = budget});
    ASSERT_EQ(seen.wrong, "");
    ASSERT_LE(seen.stages, stages);
    stages = seen.stages;
    ASSERT_EQ(seen.smcs.size(), smcs());
    for (size_t n = 0; n < smcs(); ++n) {
      ASSERT_EQ(seen.smcs[n].in, calm_.smcs[n].in);
      ASSERT_EQ(seen.smcs[n].out, calm_.smcs[n].out);
    }
    ASSERT_TRUE(budget > 1 || stages > smcs()) << "more than one SMC a step";
  }
  ASSERT_EQ(stages, calm_.stages);
}

// The budget runs out at the n-th look at it, once, for every n.
TEST_P(Teardown, EveryInterruption) {
  uint64_t looks = 0;
  for (bool fired = true; fired; ++looks) {
    SCOPED_TRACE(fmt::format("look {}", looks + 1));
    ASSERT_LT(looks, 1000U) << "the sweep does not end";
    const End seen = end({.faults = {fault("budget", looks + 1)}});
    ASSERT_EQ(seen.wrong, "");
    ASSERT_EQ(seen.smcs.size(), smcs());
    fired = seen.fired.front();
    ASSERT_EQ(seen.stages, calm_.stages + (fired ? 1 : 0));
  }
  ASSERT_GT(looks, smcs());
}

// An SMC that was not done, whatever the SPMC says to it, is asked for again, and done.
TEST_P(Teardown, EveryStatusAtEverySmc) {
  const uint32_t enough = enough_budget();
  for (const int32_t status : statuses) {
    for (uint64_t nth = 1; nth <= smcs(); ++nth) {
      for (uint32_t budget = 0; budget < enough; ++budget) {
        SCOPED_TRACE(fmt::format("SMC {} answers {}, budget {}", nth, status, budget));
        expect_clean({.budget = budget, .faults = {with_status(fault("smc", nth), status)}});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// The SPMC has done it, but its answer is another one.
TEST_P(Teardown, EveryLostAnswer) {
  for (const int32_t status : statuses) {
    for (uint64_t nth = 1; nth <= smcs(); ++nth) {
      SCOPED_TRACE(fmt::format("SMC {} answers {}", nth, status));
      json lost = with_status(fault("smc", nth), status);
      lost["execute"] = true;
      expect_settled({.faults = {lost}});
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Teardown, WhatIsNoAnswerAtEverySmc) {
  for (const auto& answer : no_answers) {
    for (uint64_t nth = 1; nth <= smcs(); ++nth) {
      for (const bool executed : {false, true}) {
        SCOPED_TRACE(fmt::format("SMC {} answers {}, done: {}", nth, answer.front(), executed));
        json wrong = fault("smc", nth);
        wrong["answer"] = answer;
        wrong["execute"] = executed;
        expect_settled({.faults = {wrong}});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Two refusals anywhere, the second maybe of the repetition of what the first refused.
TEST_P(Teardown, EveryTwoRefusals) {
  for (const int32_t status : {-4, -6, -8}) {
    for (uint64_t first = 1; first <= smcs(); ++first) {
      for (uint64_t second = first + 1; second <= smcs(); ++second) {
        SCOPED_TRACE(fmt::format("SMCs {} and {} answer {}", first, second, status));
        expect_clean({.faults = {with_status(fault("smc", first), status),
                                 with_status(fault("smc", second), status)}});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// One function is refused for ever: a bounded number of SMCs, and an end that says what is left.
TEST_P(Teardown, EveryFunctionRefusedForEver) {
  std::vector<uint32_t> functions;
  for (const Event& smc : calm_.smcs) functions.push_back(smc.in.w(0));
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  for (const uint32_t function : functions) {
    for (const int32_t status : statuses) {
      SCOPED_TRACE(fmt::format("{:#x} answers {}", function, status));
      json always = with_status(fault("smc", 0), status);
      always["match"] = fmt::format("{:#x}", function);
      const End seen = end({.faults = {always}});
      expect_told(seen);
      if (HasFatalFailure()) return;
      ASSERT_LT(seen.smcs.size(), 200U);
      const bool reclaims = function == ffa::fid32(ffa::Fid::mem_reclaim);
      ASSERT_TRUE(!reclaims || seen.result == "quarantined");
    }
  }
}

}  // namespace
}  // namespace property
