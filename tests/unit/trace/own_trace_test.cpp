// SPDX-License-Identifier: BSD-3-Clause
// Traces that the simulator wrote itself replay: of every scenario of the repository, and of some
// that are changed on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "sim/endpoint/image.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tests/unit/trace/own_traces.hpp"
#include "tools/ffa-trace/replay/given_world.hpp"
#include "tools/ffa-trace/replay/ledger.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;
using testing::HasSubstr;

using test::OwnTrace;
using test::replay;
using test::run;

/// Why the trace can't be replayed; empty: it can.
std::string refusal(const OwnTrace& trace) {
  try {
    (void)replay(trace);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return {};
}

TEST(OwnTrace, OfEveryScenarioReplays) {
  // To load all takes sanitizers longer than to replay some.
  const std::string chapters = test::few_flips ? "/scenarios/regress" : "/scenarios";
  const size_t stride = test::few_flips ? 4 : test::flip_stride;
  sim::scenario::LoadOptions options;
  options.environment = [](const std::string&) { return std::nullopt; };
  const auto loaded = sim::scenario::load_scenarios({SOURCE_DIR + chapters}, options);
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0];
  size_t replayed = 0;
  for (size_t n = 0; n < loaded.cases.size(); n += stride) {
    const auto& one = loaded.cases[n];
    if (!one.skip.empty() || !one.selected) continue;
    // Programs that are not built can't be run.
    if (!sim::endpoint::why_not(sim::scenario::compile(one.data).world).empty()) continue;
    const OwnTrace trace = run(one.data);
    const auto result = replay(trace);
    ++replayed;
    EXPECT_EQ(result.profile, "none");
    EXPECT_EQ(result.counts.divergences, 0U)
        << one.data.name << ": " << result.divergences[0].event << " "
        << result.divergences[0].field << " expected " << result.divergences[0].expected
        << ", actual " << result.divergences[0].actual;
  }
  EXPECT_GT(replayed, (test::few_flips ? 120 : 3000) / stride);
}

/// Two vCPUs share at once, and the host takes a page away meanwhile.
const char* const race = R"({
  "world": {"sps": {"sp1": {"kind": "memory_user"}}, "vms": {"vm1": {"vcpus": 2}}},
  "threads": {
    "vm1.0": [{"do": "share", "ranges": [["0x40001000", 2], ["0x40010000", 1]]}],
    "vm1.1": [{"do": "share", "ranges": [["0x40002000", 2]]}, {"do": "share", "ranges": [["0x40020000", 1]]}],
    "host": [{"do": "balloon", "vm": "vm1", "ipa": "0x40010000"}]
  }
})";

TEST(OwnTrace, WhoCameFirstInsideOverlappingCallsIsTold) {
  size_t turns = 0;
  size_t removed_inside = 0;
  size_t diverge_without = 0;
  size_t diverge = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    OwnTrace trace = run(race, seed);
    const auto result = replay(trace);
    diverge += result.counts.divergences != 0 ? 1 : 0;
    for (Event& event : trace.events) {
      turns += event.stimulus.find("turn ") != std::string::npos ? 1 : 0;
      removed_inside += event.stimulus.find("at ") != std::string::npos ? 1 : 0;
      event.stimulus.clear();
    }
    diverge_without += replay(trace).counts.divergences != 0 ? 1 : 0;
  }
  EXPECT_EQ(diverge, 0U);
  EXPECT_GT(turns, 60U);
  EXPECT_GT(removed_inside, 10U);
  EXPECT_GT(diverge_without, 10U);
}

/// Two vCPUs write what they send into one TX, out of which the SPMC reads messages: the page is
/// taken away meanwhile.
const char* const one_tx = R"({
  "world": {"spmc": {"personality": "hafnium", "version": "1.2"},
            "sps": {"sp1": {"kind": "memory_user", "properties": "0x1c7"}},
            "vms": {"vm1": {"version": "1.1", "vcpus": 2}}},
  "threads": {
    "vm1.0": [{"do": "send2", "message": "01020304", "expect": {"fault": "any"}},
              {"do": "share", "expect": {"fault": "any"}}],
    "vm1.1": [{"do": "share", "ranges": [["0x40008000", 1]], "expect": {"fault": "any"}},
              {"do": "raw", "fid": "FFA_MEM_SHARE_32", "args": [112, 112]},
              {"do": "send2", "message": "010203040506", "expect": {"fault": "any"}}]
  }
})";

TEST(OwnTrace, EachCallReadsFromASharedTxWhatItDid) {
  constexpr uint64_t raw_share = 0x84000073;
  std::set<std::vector<uint8_t>> found;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const OwnTrace trace = run(one_tx, seed);
    EXPECT_EQ(replay(trace).counts.divergences, 0U) << "seed " << seed;
    const auto raw =
        std::find_if(trace.events.rbegin(), trace.events.rend(), [](const Event& event) {
          return event.vcpu == 1 && event.in.x[0] == raw_share && event.in.x[1] == 112;
        });
    ASSERT_NE(raw, trace.events.rend());
    found.insert(raw->tx);
  }
  EXPECT_GT(found.size(), 2U);
}

/// A client's request to a VM is interrupted, answered meanwhile, and asked for again.
const char* const interrupted_client = R"({
  "world": {"vms": {"vm1": {"visible_to_vms": true}, "vm2": {"visible_to_vms": true}}},
  "steps": [
    {"do": "wait", "on": "vm2.0", "expect": {"reply": "FFA_MSG_SEND_DIRECT_REQ"}},
    {"do": "direct", "on": "vm1.0", "to": "vm2", "expect": {"reply": "FFA_INTERRUPT"}},
    {"do": "interrupt", "vcpu": "vm1.0"},
    {"do": "run", "on": "vm1.0", "sp": "vm2", "expect": {"reply": "FFA_INTERRUPT"}},
    {"do": "interrupt", "vcpu": "vm1.0"},
    {"do": "respond", "on": "vm2.0", "to": "vm1", "payload": [8], "expect": {"waits": true}},
    {"do": "run", "on": "vm1.0", "sp": "vm2", "expect": {"reply": "FFA_MSG_SEND_DIRECT_RESP"}}
  ]
})";

TEST(OwnTrace, AnInterruptThatEndsAWaitIsTold) {
  const OwnTrace trace = run(interrupted_client);
  EXPECT_EQ(replay(trace).counts.divergences, 0U);
  size_t told = 0;
  for (size_t i = 0; i < trace.events.size(); ++i) {
    if (trace.events[i].stimulus.find("interrupted 1 ") == std::string::npos) continue;
    ++told;
    OwnTrace changed = trace;
    changed.events[i].stimulus.clear();
    EXPECT_NE(replay(changed).counts.divergences, 0U) << "event " << trace.events[i].seq;
  }
  EXPECT_EQ(told, 2U);
}

TEST(OwnTrace, FaultsOfTheMachineAreTold) {
  const char* const scenario = R"({
    "world": {"sps": {"sp1": {"kind": "memory_user"}}, "vms": {"vm1": {}},
              "faults": [{"op": "pin", "nth": 2, "answer": "DENIED"}]},
    "steps": [{"do": "share", "ranges": [["0x40001000", 1], ["0x40010000", 1]]},
              {"do": "share", "ranges": [["0x40001000", 1], ["0x40010000", 1]]}]
  })";
  OwnTrace trace = run(scenario);
  EXPECT_EQ(replay(trace).counts.divergences, 0U);
  const auto struck = std::find_if(trace.events.begin(), trace.events.end(),
                                   [](const Event& event) { return !event.stimulus.empty(); });
  ASSERT_NE(struck, trace.events.end());
  EXPECT_EQ(struck->stimulus, "fault pin 2 -6");
  struck->stimulus.clear();
  EXPECT_NE(replay(trace).counts.divergences, 0U);
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
  EXPECT_THAT(with_world("7"), HasSubstr("own.json: header: \"world\": not an object"));
  EXPECT_THAT(with_world(R"({"vms": {"vm1": {"id": 0}}})"),
              HasSubstr("own.json: header:/world/vms/vm1"));
  EXPECT_THAT(with_world(R"({"faults": [{"op": "smc"}]})"),
              HasSubstr("VM 2 is not in the header's world"));
  OwnTrace changed = trace;
  changed.header.profile = "bogus";
  EXPECT_THAT(refusal(changed), HasSubstr("own.json: header: no profile \"bogus\""));
  changed.header.profile.clear();
  for (const char* const text :
       {"remove", "remove 1", "remove 1 0x1000 2", "budget", "budget x", "budget 99999999999",
        "nonsense", "budget 1;", "fault smc 1", "fault bogus 1", "fault pin", "fault pin 0",
        "fault pin 1 x", "turn 1", "turn 1 2 3 4", "at 3 budget 1", "at remove 1 0x1000"}) {
    changed.events.back().stimulus = text;
    EXPECT_THAT(refusal(changed), HasSubstr(std::string("\"") + text + "\" is not known"));
  }
}

TEST(OwnTrace, AFaultAtTheEndOfAVmIsNotSupportedYet) {
  OwnTrace trace = run(life_of_a_vm);
  const auto end = std::find_if(trace.events.begin(), trace.events.end(),
                                [](const Event& event) { return event.op == "relinquish"; });
  ASSERT_NE(end, trace.events.end());
  end->stimulus = "fault budget 1 -1";
  EXPECT_THAT(refusal(trace), HasSubstr("not supported yet: a fault of the machine"));
}

TEST(OwnTrace, WhatHappenedInsideAStepIsRead) {
  const auto stimulus = ffa_trace::parse_stimulus(
      "fault pin 3 -3; turn 4 77 9; turn 5 78; at 6 remove 1 0x1000", "p");
  ASSERT_EQ(stimulus.faults.size(), 1U);
  EXPECT_EQ(stimulus.faults[0].op, "pin");
  EXPECT_EQ(stimulus.faults[0].nth, 3U);
  EXPECT_EQ(stimulus.faults[0].status, -3);
  ASSERT_EQ(stimulus.turns.size(), 2U);
  EXPECT_EQ(stimulus.turns[0].switch_point, 4U);
  EXPECT_EQ(stimulus.turns[0].event, 77U);
  EXPECT_EQ(stimulus.turns[0].reached, 9U);
  EXPECT_EQ(stimulus.turns[1].reached, 0U);
  ASSERT_EQ(stimulus.removed.size(), 1U);
  EXPECT_EQ(stimulus.removed[0].switch_point, 6U);
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
