// SPDX-License-Identifier: BSD-3-Clause
// Traces that the simulator wrote itself replay: of every scenario of the repository, and of some
// that are changed on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/engine/input_error.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/loader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tools/ffa-trace/given_world.hpp"
#include "tools/ffa-trace/ledger.hpp"
#include "tools/ffa-trace/replayer.hpp"

namespace {

using ffa_trace::ReplayResult;
using sim::trace::Event;
using sim::trace::Header;
using sim::trace::Side;
using testing::HasSubstr;

struct OwnTrace {
  Header header;
  std::vector<Event> events;
};

OwnTrace run(const sim::Case& data) {
  const auto factory = sim::built_in_mediator();
  const auto result =
      sim::run_case(sim::scenario::compile(data), *factory, [] { return sim::seeded_choices(1); });
  OwnTrace trace;
  trace.header.world = data.doc.value("world", nlohmann::json::object()).dump();
  trace.events = result.record.events;
  std::sort(trace.events.begin(), trace.events.end(),
            [](const Event& a, const Event& b) { return a.seq < b.seq; });
  return trace;
}

OwnTrace run(const std::string& json) {
  return run(sim::Case{"own/trace", "own.json", {}, nlohmann::json::parse(json)});
}

ReplayResult replay(const OwnTrace& trace) {
  const auto source = ffa_trace::vector_source("own", trace.events, trace.header);
  const auto factory = sim::built_in_mediator();
  return ffa_trace::replay_trace(*source, *factory, {});
}

/// Why the trace can't be replayed; empty: it can.
std::string refusal(const OwnTrace& trace) {
  try {
    (void)replay(trace);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return {};
}

bool has_silent_fault(const sim::Case& data) {
  const auto faults = data.doc.value("/world/faults"_json_pointer, nlohmann::json::array());
  return std::any_of(faults.begin(), faults.end(),
                     [](const auto& fault) { return fault.at("op") != "smc"; });
}

bool has_step(const sim::Case& data, const std::string& what) {
  const auto steps = data.doc.value("steps", nlohmann::json::array());
  return std::any_of(steps.begin(), steps.end(),
                     [&](const auto& step) { return step.value("do", "") == what; });
}

TEST(OwnTrace, OfEveryScenarioReplays) {
  sim::scenario::LoadOptions options;
  options.environment = [](const std::string&) { return std::nullopt; };
  const auto loaded = sim::scenario::load_scenarios({SOURCE_DIR "/scenarios"}, options);
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0];
  size_t replayed = 0;
  size_t races = 0;
  size_t races_replayed = 0;
  for (size_t n = 0; n < loaded.cases.size(); n += test::flip_stride) {
    const auto& one = loaded.cases[n];
    if (!one.skip.empty() || !one.selected) continue;
    const OwnTrace trace = run(one.data);
    if (has_silent_fault(one.data)) {
      EXPECT_THAT(refusal(trace), HasSubstr("not supported yet: a fault of")) << one.data.name;
      continue;
    }
    if (has_step(one.data, "interrupt")) {
      EXPECT_THAT(refusal(trace), HasSubstr("not supported yet: an interrupt")) << one.data.name;
      continue;
    }
    const auto result = replay(trace);
    EXPECT_EQ(result.profile, "none");
    if (one.data.doc.contains("threads")) {  // who took a lock first, no trace tells
      ++races;
      races_replayed += result.counts.divergences == 0 ? 1 : 0;
      continue;
    }
    ++replayed;
    EXPECT_EQ(result.counts.divergences, 0U)
        << one.data.name << ": " << result.divergences[0].event << " "
        << result.divergences[0].field << " expected " << result.divergences[0].expected
        << ", actual " << result.divergences[0].actual;
  }
  EXPECT_GT(replayed, 2500 / test::flip_stride);
  EXPECT_GE(races_replayed, races / 2);
}

const char* const life_of_a_vm = R"({
  "world": {"sps": {"sp1": {"kind": "memory_user"}}, "vms": {"vm1": {}, "vm2": {"create_at_boot": false}}},
  "steps": [
    {"do": "share", "save": {"a": "handle"}},
    {"do": "balloon", "vm": "vm1", "ipa": "0x40009000"},
    {"do": "share", "ranges": [["0x40003000", 2]], "save": {"b": "handle"}},
    {"do": "bind"},
    {"do": "notify", "vm": "vm1", "bitmap": 1},
    {"do": "sri"},
    {"do": "get"},
    {"do": "create", "vm": "vm2"},
    {"do": "destroy", "vm": "vm1", "budget": 2, "until_done": true},
    {"do": "create", "vm": "vm1"}
  ]
})";

TEST(OwnTrace, TellsWhatTheHostDid) {
  const OwnTrace trace = run(life_of_a_vm);
  const auto result = replay(trace);
  EXPECT_EQ(result.counts.divergences, 0U)
      << (result.divergences.empty() ? "" : result.divergences[0].field);
  EXPECT_EQ(result.counts.boot, 0U);
  EXPECT_GT(result.counts.computed, 100U);
  size_t budgets = 0;
  for (const Event& event : trace.events) budgets += event.stimulus == "budget 2" ? 1 : 0;
  EXPECT_GT(budgets, 3U);
}

TEST(OwnTrace, EachResultOfTheHostAndEachInterruptIsCompared) {
  const OwnTrace trace = run(life_of_a_vm);
  size_t tried = 0;
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const Event& event = trace.events[i];
    const bool compared = event.side == Side::lifecycle || event.op == "inject";
    if (!compared) continue;
    OwnTrace changed = trace;
    changed.events[i].result ^= 1;
    EXPECT_NE(replay(changed).counts.divergences, 0U) << event.op << " at " << event.seq;
    changed = trace;
    changed.events.erase(changed.events.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(replay(changed).counts.divergences, 0U) << "no " << event.op << " at " << event.seq;
    ++tried;
  }
  EXPECT_GT(tried, 10U);
}

TEST(OwnTrace, EventsWithoutACounterpartAreNotHeldForEver) {
  const auto profile = ffa_trace::no_profile();
  for (const bool trace_ahead : {true, false}) {
    ffa_trace::Comparison comparison(profile, 1);
    ffa_trace::Ledger ledger("irq");
    Event event;
    for (event.seq = 1; event.seq <= 5000; ++event.seq) {
      if (trace_ahead) ledger.captured(comparison, event);
      if (!trace_ahead) ledger.ours(comparison, event);
    }
    EXPECT_EQ(comparison.counts().divergences, 5000U - 1024U);
    ledger.finish(comparison);
    EXPECT_EQ(comparison.counts().divergences, 5000U);
  }
}

TEST(OwnTrace, TheStimuliMatter) {
  const OwnTrace trace = run(life_of_a_vm);
  for (size_t i = 0; i < trace.events.size(); ++i) {
    if (!trace.events[i].stimulus.starts_with("budget")) continue;
    OwnTrace changed = trace;
    changed.events[i].stimulus.clear();
    EXPECT_NE(replay(changed).counts.divergences, 0U);
    return;
  }
  FAIL() << "no budget";
}

TEST(OwnTrace, FieldsAreComparedAsInCaptures) {
  const OwnTrace trace = run(life_of_a_vm);
  bool guest_seen = false;
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const Side side = trace.events[i].side;
    guest_seen = guest_seen || side == Side::guest;
    if (side != Side::guest && (side != Side::spmc || !guest_seen)) continue;
    for (size_t reg = i % 3; reg < 18; reg += 3) {
      OwnTrace changed = trace;
      auto regs = side == Side::guest ? &Event::out : &Event::in;
      test::flip_register(i, "", regs, reg).apply(changed.events[i]);
      EXPECT_NE(replay(changed).counts.divergences, 0U) << trace.events[i].seq << " x" << reg;
    }
  }
}

TEST(OwnTrace, WhatIsWrongWithAHeaderOrStimulusIsSaid) {
  const OwnTrace trace = run(life_of_a_vm);
  const auto with_world = [&](const std::string& world) {
    OwnTrace changed = trace;
    changed.header.world = world;
    return refusal(changed);
  };
  EXPECT_THAT(with_world("7"), HasSubstr("own: header: \"world\": not an object"));
  EXPECT_THAT(with_world(R"({"vms": {"vm1": {"id": 0}}})"),
              HasSubstr("own: header:/world/vms/vm1"));
  EXPECT_THAT(with_world(R"({"faults": [{"op": "pin"}]})"), HasSubstr("a fault of \"pin\""));
  EXPECT_THAT(with_world(R"({"faults": [{"op": "smc"}]})"),
              HasSubstr("VM 2 is not in the header's world"));
  OwnTrace changed = trace;
  changed.header.profile = "bogus";
  EXPECT_THAT(refusal(changed), HasSubstr("own: header: no profile \"bogus\""));
  changed.header.profile.clear();
  for (const char* const text : {"remove", "remove 1", "remove 1 0x1000 2", "budget", "budget x",
                                 "budget 99999999999", "nonsense", "budget 1;"}) {
    changed.events.back().stimulus = text;
    EXPECT_THAT(refusal(changed), HasSubstr(std::string("\"") + text + "\" is not known"));
  }
}

TEST(OwnTrace, StimuliAreRead) {
  const auto stimulus =
      ffa_trace::parse_stimulus("remove 3 0x7000; budget 9; remove 1 0x1000", "p");
  EXPECT_EQ(stimulus.budget, 9U);
  ASSERT_EQ(stimulus.removed.size(), 2U);
  EXPECT_EQ(stimulus.removed[0].vm, 3U);
  EXPECT_EQ(stimulus.removed[0].ipa, 0x7000U);
  EXPECT_EQ(stimulus.removed[1].vm, 1U);
}

TEST(OwnTrace, TheEndOfAVmThatIsNotThereDiverges) {
  OwnTrace trace = run(life_of_a_vm);
  Event end;
  end.side = Side::lifecycle;
  end.op = "teardown";
  end.vm = 2;
  end.seq = trace.events.back().seq_ret + 1;
  end.seq_ret = end.seq + 1;
  trace.events.push_back(end);
  EXPECT_GT(replay(trace).counts.divergences, 0U);
  trace.events.back().vm = 1;
  trace.events.back().op = "free";
  EXPECT_GT(replay(trace).counts.divergences, 0U);
}

}  // namespace
