// SPDX-License-Identifier: BSD-3-Clause
// Each kind of expectation can pass and can fail, on records made by hand: no simulator is
// involved.
#include "sim/scenario/judge.hpp"

#include "cases.hpp"
#include "ffa/reply.hpp"
#include "sim/scenario/descriptor.hpp"

namespace sim::scenario::test {
namespace {

using trace::Event;
using trace::Side;

constexpr uint64_t error_id = 0x84000060;
constexpr uint64_t success_id = 0x84000061;

/// A world whose VM needs no setup, one guest step, and the record of that step.
struct Scene {
  CompiledCase compiled;
  RunRecord record;
  size_t step = 0;

  explicit Scene(const std::string& step_text, const std::string& more = "") {
    compiled = compile(case_of(R"({"world": {"vms": {"vm1": {"setup": false, "vcpus": 2}},
        "sps": {"sp1": {"kind": "memory_user"}}, "faults": [{"op": "pin"}]}, "steps": [)" +
                               step_text + "]" + more + "}"));
    for (uint32_t n = 0; n < compiled.steps.size(); ++n) {
      StepRecord done;
      done.step = n;
      done.ran = true;
      done.slots = {0x1122'3344'5566'7788};
      record.steps.push_back(done);
    }
    record.steps[0].result = "SUCCESS";
    record.fault_fired = {false};
    step = compiled.steps.size() - 1;
  }

  Event& call(uint64_t x0, uint64_t x2 = 0, uint64_t x3 = 0) {
    Event event;
    event.seq = 100;
    event.seq_ret = 200;
    event.side = Side::guest;
    event.vm = 1;
    event.out.x[0] = x0;
    event.out.x[2] = x2;
    event.out.x[3] = x3;
    return add(event);
  }
  Event& smc(uint64_t x0, uint64_t seq = 110) {
    Event event;
    event.seq = seq;
    event.seq_ret = seq + 1;
    event.side = Side::spmc;
    event.vm = 1;
    event.in.x[0] = x0;
    return add(event);
  }
  Event& irq(uint16_t vcpu, int64_t number) {
    Event event;
    event.seq = 150;
    event.seq_ret = 151;
    event.side = Side::irq;
    event.op = "inject";
    event.vm = 1;
    event.vcpu = vcpu;
    event.result = number;
    return add(event);
  }
  Event& add(const Event& event) {
    record.events.push_back(event);
    record.steps[step].end_event = record.events.size();
    return record.events.back();
  }

  /// The pointers of all failures; empty: passed.
  [[nodiscard]] std::vector<std::string> judged() const {
    std::vector<std::string> pointers;
    for (const Failure& failure : judge(compiled, record)) {
      EXPECT_FALSE(failure.text.empty());
      EXPECT_NE(failure.expected, failure.actual);
      pointers.push_back(failure.pointer);
    }
    return pointers;
  }
};

using Pointers = std::vector<std::string>;
const Pointers passed;

TEST(Judge, CallWithoutExpectationMustSucceed) {
  Scene good{R"({"do": "id_get"})"};
  good.call(success_id);
  EXPECT_EQ(good.judged(), passed);
  Scene bad{R"({"do": "id_get"})"};
  bad.call(error_id, 0xfffffffa);
  EXPECT_EQ(bad.judged(), Pointers{"/steps/0"});
}

TEST(Judge, RawCallWithoutExpectationMayFail) {
  Scene scene{R"({"do": "raw", "fid": "FFA_ID_GET"})"};
  scene.call(error_id, 0xfffffffa);
  EXPECT_EQ(scene.judged(), passed);
}

TEST(Judge, StepThatWasNotReachedFails) {
  Scene scene{R"({"do": "id_get"})"};
  scene.record.steps[scene.step].ran = false;
  EXPECT_EQ(scene.judged(), Pointers{"/steps/0"});
}

TEST(Judge, StepWithoutItsCallFails) {
  const Scene scene{R"({"do": "id_get"})"};
  EXPECT_EQ(scene.judged(), Pointers{"/steps/0"});
}

TEST(Judge, ErrorMustBeThisStatus) {
  for (const auto& [word, fits] : {std::pair{0xfffffffaU, true}, {0xfffffffeU, false}}) {
    Scene scene{R"({"do": "id_get", "expect": {"error": "DENIED"}})"};
    scene.call(error_id, word);
    EXPECT_EQ(scene.judged().empty(), fits);
  }
  Scene success{R"({"do": "id_get", "expect": {"error": "any"}})"};
  success.call(success_id);
  EXPECT_EQ(success.judged(), Pointers{"/steps/0/expect"});
}

TEST(Judge, OneOfTakesEachOfItsStatuses) {
  for (const auto& [x0, word, fits] : {std::tuple{success_id, 0U, true},
                                       {error_id, 0xfffffffcU, true},
                                       {error_id, 0xfffffffaU, false}}) {
    Scene scene{R"({"do": "id_get", "expect": {"one_of": ["SUCCESS", "BUSY"]}})"};
    scene.call(x0, word);
    EXPECT_EQ(scene.judged().empty(), fits);
  }
}

TEST(Judge, RegistersAreComparedInTheirWidth) {
  const char* text = R"({"do": "id_get", "expect": {"success": {"w2": "0x17", "x3": "any"}}})";
  Scene good{text};
  good.call(success_id, 0xdead'0000'0000'0017, 5);
  EXPECT_EQ(good.judged(), passed);
  Scene bad{text};
  bad.call(success_id, 0x18);
  EXPECT_EQ(bad.judged(), Pointers{"/steps/0/expect/w2"});
  Scene wide{R"({"do": "id_get", "expect": {"success": {"x2": "0x17"}}})"};
  wide.call(success_id, 0xdead'0000'0000'0017);
  EXPECT_EQ(wide.judged(), Pointers{"/steps/0/expect/x2"});
}

TEST(Judge, RegistersMayBeStatusesFunctionsAndSavedValues) {
  const char* text = R"({"do": "id_get", "save": {"h": "x2"},
      "expect": {"x0": "FFA_ERROR", "w2": "DENIED", "w3": "$h.lo"}})";
  Scene good{text};
  good.call(error_id, 0xfffffffa, 0x55667788);
  EXPECT_EQ(good.judged(), passed);
  Scene bad{text};
  bad.call(error_id, 0xfffffffe, 0x55667789);
  EXPECT_EQ(bad.judged(), (Pointers{"/steps/0/expect/w2", "/steps/0/expect/w3"}));
}

TEST(Judge, VersionIsAnsweredInW0) {
  Scene good{R"({"do": "version", "expect": {"w0": "0x10002"}})"};
  good.call(0x10002);
  EXPECT_EQ(good.judged(), passed);
  Scene refused{R"({"do": "version"})"};
  refused.call(0xffffffff);
  EXPECT_EQ(refused.judged(), Pointers{"/steps/0"});
  Scene expected{R"({"do": "version", "expect": {"error": "NOT_SUPPORTED"}})"};
  expected.call(0xffffffff);
  EXPECT_EQ(expected.judged(), passed);
}

TEST(Judge, RuleMustBeTheOneThatRejected) {
  const char* text = R"({"do": "id_get", "expect": {"error": "any", "rule": "none"}})";
  Scene good{text};
  good.call(error_id, 0xfffffffa);
  EXPECT_EQ(good.judged(), passed);
  Scene bad{text};
  bad.call(error_id, 0xfffffffa).rule = "some_rule";
  EXPECT_EQ(bad.judged(), Pointers{"/steps/0/expect/rule"});
}

TEST(Judge, AskLooksAtTheSpsOwnStatusAndValue) {
  const char* text =
      R"({"do": "ask", "op": "count_pages", "handle": 1, "expect": {"value": "0x200000003"}})";
  const auto answer = [](Scene& scene, uint64_t status, uint64_t low, uint64_t high) {
    Event& event = scene.call(0x84000070);
    event.out.x[3] = status;
    event.out.x[4] = low;
    event.out.x[5] = high;
  };
  Scene good{text};
  answer(good, 0, 3, 2);
  EXPECT_EQ(good.judged(), passed);
  Scene wrong{text};
  answer(wrong, 0, 3, 1);
  EXPECT_EQ(wrong.judged(), Pointers{"/steps/0/expect/value"});
  Scene refused{R"({"do": "ask", "op": "checksum", "handle": 1})"};
  answer(refused, 0xfffffffe, 0, 0);
  EXPECT_EQ(refused.judged(), Pointers{"/steps/0/sp"});
}

TEST(Judge, SmcsAreCountedAndNamed) {
  const auto judged = [](const char* expect, bool second) {
    Scene scene{std::string{R"({"do": "id_get", "expect": )"} + expect + "}"};
    scene.call(success_id);
    scene.smc(0x84000073, 110);
    if (second) scene.smc(0x84000077, 120);
    scene.smc(0x84000077, 300);  // after the call
    return scene.judged();
  };
  EXPECT_EQ(judged(R"({"spmc_calls": 1})", false), passed);
  EXPECT_EQ(judged(R"({"spmc_calls": 1})", true), Pointers{"/steps/0/expect/spmc_calls"});
  EXPECT_EQ(judged(R"({"spmc_calls": ["FFA_MEM_SHARE", "FFA_MEM_RECLAIM"]})", true), passed);
  EXPECT_EQ(judged(R"({"spmc_calls": ["FFA_MEM_SHARE_64", "FFA_MEM_RECLAIM"]})", true), passed);
  EXPECT_EQ(judged(R"({"spmc_calls": ["FFA_MEM_RECLAIM", "FFA_MEM_SHARE"]})", true),
            Pointers{"/steps/0/expect/spmc_calls"});
}

/// A share of two ranges as an SPMC of version 1.2 sees it.
void forward_share(Scene& scene, uint64_t address) {
  Event version;
  version.seq = 1;
  version.seq_ret = 2;
  version.side = Side::spmc;
  version.in.x[0] = 0x84000063;
  version.in.x[1] = 0x10002;
  version.out.x[0] = 0x10002;
  scene.record.events.push_back(version);
  scene.record.steps[scene.step].first_event = 1;
  scene.call(success_id);
  DescriptorPlan plan;
  plan.layout = ffa::v1_2;
  plan.sender = 1;
  plan.tag = 0x7a6;
  plan.receivers.push_back({.id = 0x8001, .permissions = 1});
  plan.ranges = {{address, 2}, {address + 0x2000, 1}, {0x4a000000, 4}};
  scene.smc(0xc4000073).tx = build_descriptor(plan);
}

TEST(Judge, ForwardedDescriptorIsReadByItsMeaning) {
  const auto judged = [](const char* expect) {
    Scene scene{std::string{R"({"do": "share", "expect": )"} + expect + "}"};
    forward_share(scene, 0x48010000);
    return scene.judged();
  };
  EXPECT_EQ(judged(R"({"spmc_pages": 7})"), passed);
  EXPECT_EQ(judged(R"({"spmc_pages": 6})"), Pointers{"/steps/0/expect/spmc_pages"});
  EXPECT_EQ(
      judged(R"({"spmc": {"layout": "1.2", "sender": "vm1", "tag": "0x7a6", "total_page_count": 7,
      "range_count": 3, "receivers": [{"id": "sp1", "permissions": "ro"}]}})"),
      passed);
  EXPECT_EQ(judged(R"({"spmc": {"layout": "1.1"}})"), Pointers{"/steps/0/expect/spmc/layout"});
  EXPECT_EQ(judged(R"({"spmc": {"tag": 1}})"), Pointers{"/steps/0/expect/spmc/tag"});
  EXPECT_EQ(judged(R"({"spmc": {"receivers": [{"id": "sp1", "permissions": "rw"}]}})"),
            Pointers{"/steps/0/expect/spmc/receivers/0/permissions"});
  EXPECT_EQ(judged(R"({"spmc": {"receivers": []}})"), Pointers{"/steps/0/expect/spmc/receivers"});
  EXPECT_EQ(judged(R"({"spmc": {"fid": "FFA_MEM_SHARE_64"}})"), passed);
  EXPECT_EQ(judged(R"({"spmc": {"fid": "FFA_MEM_LEND"}})"), Pointers{"/steps/0/expect/spmc"});
  EXPECT_EQ(judged(R"({"spmc": [{"fid": "FFA_MEM_LEND"}]})"),
            Pointers{"/steps/0/expect/spmc/0/fid"});
  EXPECT_EQ(judged(R"({"spmc": []})"), Pointers{"/steps/0/expect/spmc"});
  EXPECT_EQ(judged(R"({"spmc": {"pa_ranges": [["0x48010000", 3], ["0x4a000000", 4]]}})"), passed);
  EXPECT_EQ(judged(R"({"spmc": {"pa_ranges": [["0x48010000", 3], ["0x4a000000", 5]]}})"),
            Pointers{"/steps/0/expect/spmc/ranges"});
}

TEST(Judge, RangesMustBeTheVmsOwnTranslation) {
  for (const auto& [address, fits] : {std::pair{0x48010000U, true}, {0x40001000U, false}}) {
    Scene scene{
        R"({"do": "share", "expect": {"spmc": {"ranges": [["0x40001000", 3], ["0x40010000",
            4]]}}})"};
    forward_share(scene, address);
    scene.record.translations = {{1, {{0x40001000, 0x48010000, 3}}},
                                 {2, {{0x40010000, 0x4a000000, 4}}}};
    EXPECT_EQ(scene.judged().empty(), fits);
  }
}

TEST(Judge, InterruptsAreComparedInOrder) {
  const char* text = R"({"do": "id_get", "expect": {"irq": [["vm1.1", 8]]}})";
  Scene good{text};
  good.call(success_id);
  good.irq(1, 8);
  EXPECT_EQ(good.judged(), passed);
  Scene other{text};
  other.call(success_id);
  other.irq(0, 8);
  EXPECT_EQ(other.judged(), Pointers{"/steps/0/expect/irq"});
  Scene missing{text};
  missing.call(success_id);
  EXPECT_EQ(missing.judged(), Pointers{"/steps/0/expect/irq"});
}

TEST(Judge, MemoryMustHoldTheseBytes) {
  const char* text =
      R"({"do": "id_get", "expect": {"memory": [{"ipa": "0x40001000", "bytes": "c0ffee"}]}})";
  for (const auto& [bytes, fits] : {std::pair{std::vector<uint8_t>{0xc0, 0xff, 0xee}, true},
                                    {std::vector<uint8_t>{0xc0, 0xff, 0xef}, false}}) {
    Scene scene{text};
    scene.call(success_id);
    scene.record.memory = {{1, true, bytes}};
    EXPECT_EQ(scene.judged(), fits ? passed : Pointers{"/steps/0/expect/memory/0"});
  }
  Scene missing{text};
  missing.call(success_id);
  EXPECT_EQ(missing.judged(), Pointers{"/steps/0/expect/memory/0"});
  Scene unmapped{text};
  unmapped.call(success_id);
  unmapped.record.memory = {{1, false, {}}};
  EXPECT_EQ(unmapped.judged(), Pointers{"/steps/0/expect/memory/0"});
}

TEST(Judge, UnmappedMemoryMustBeUnmapped) {
  for (const bool there : {false, true}) {
    Scene scene{R"({"do": "check", "memory": [{"ipa": "0x40001000", "unmapped": true}]})"};
    scene.record.memory = {{1, there, {}}};
    EXPECT_EQ(scene.judged().empty(), !there);
  }
}

TEST(Judge, StateFactsAreCompared) {
  const char* text =
      R"({"do": "check", "state": {"vm1.shares": 2, "vm1.rx": "free", "vm1.exists": true}})";
  Scene good{text};
  good.record.states = {{1, {{"vm1.shares", "2"}, {"vm1.rx", "free"}, {"vm1.exists", "true"}}}};
  EXPECT_EQ(good.judged(), passed);
  Scene bad{text};
  bad.record.states = {{1, {{"vm1.shares", "3"}, {"vm1.rx", "vm_owned"}, {"vm1.exists", "true"}}}};
  EXPECT_EQ(bad.judged(), (Pointers{"/steps/0/state/vm1.rx", "/steps/0/state/vm1.shares"}));
  Scene unknown{text};
  unknown.record.states = {{1, {{"vm1.shares", "2"}, {"vm1.exists", "true"}}}};
  EXPECT_EQ(unknown.judged(), Pointers{"/steps/0/state/vm1.rx"});
}

TEST(Judge, RxHoldsTheMessageAndZerosBehindIt) {
  const char* text = R"({"do": "partition_info", "expect": {"rx": {"bytes": "0180"}}})";
  const auto judged = [&](uint8_t second, uint8_t tail) {
    Scene scene{text};
    scene.call(success_id, 1, 24);
    std::vector<uint8_t> bytes(4096);
    bytes[0] = 1;
    bytes[1] = second;
    bytes[4095] = tail;
    scene.record.memory = {{1, true, bytes}};
    return scene.judged();
  };
  EXPECT_EQ(judged(0x80, 0), passed);
  EXPECT_EQ(judged(0x80, 0x5a), Pointers{"/steps/0/expect/rx"});
  EXPECT_EQ(judged(0x81, 0), Pointers{"/steps/0/expect/rx"});
}

TEST(Judge, EntriesOfAPartitionListAreCompared) {
  const char* text = R"({"do": "partition_info",
      "expect": {"count": 1, "entries": [{"id": "sp1", "contexts": 3, "properties": "0x101"}]}})";
  const auto judged = [&](uint8_t contexts, uint64_t count) {
    Scene scene{text};
    scene.call(success_id, count, 24);
    std::vector<uint8_t> bytes(4096);
    bytes[0] = 0x01;
    bytes[1] = 0x80;
    bytes[2] = contexts;
    bytes[4] = 0x01;
    bytes[5] = 0x01;
    scene.record.memory = {{1, true, bytes}};
    return scene.judged();
  };
  EXPECT_EQ(judged(3, 1), passed);
  EXPECT_EQ(judged(4, 1), Pointers{"/steps/0/expect/entries/0/contexts"});
  EXPECT_EQ(judged(3, 2), (Pointers{"/steps/0/expect/count", "/steps/0/expect/entries"}));
}

TEST(Judge, EntriesInRegistersAreCompared) {
  Scene scene{
      R"({"do": "partition_info_regs", "expect": {"count": 1, "entries": [{"id": "sp1",
          "contexts": 2}]}})"};
  Event& call = scene.call(0xc4000061, uint64_t{24} << 48, 0x0000'0101'0003'8001);
  EXPECT_EQ(scene.judged(), Pointers{"/steps/0/expect/entries/0/contexts"});
  call.out.x[3] = 0x0000'0101'0002'8001;
  EXPECT_EQ(scene.judged(), passed);
}

TEST(Judge, FaultOfTheGuestFailsUnlessItIsExpected) {
  Scene unexpected{R"({"do": "write", "ipa": 0, "bytes": "00"})"};
  unexpected.record.steps[unexpected.step].fault_ipa = 0;
  EXPECT_EQ(unexpected.judged(), Pointers{"/steps/0"});
  Scene expected{R"({"do": "write", "ipa": 0, "bytes": "00", "expect": {"fault": true}})"};
  EXPECT_EQ(expected.judged(), Pointers{"/steps/0/expect"});
  expected.record.steps[expected.step].fault_ipa = 0;
  EXPECT_EQ(expected.judged(), passed);
}

TEST(Judge, ResultOfTheHostIsCompared) {
  Scene good{R"({"do": "destroy", "vm": "vm1"})"};
  good.record.steps[good.step].result = "done";
  EXPECT_EQ(good.judged(), passed);
  good.record.steps[good.step].result = "quarantined";
  EXPECT_EQ(good.judged(), Pointers{"/steps/0/result"});
  Scene restart{R"({"do": "destroy", "vm": "vm1", "budget": 1, "expect": {"result": "restart"}})"};
  restart.record.steps[restart.step].result = "restart";
  EXPECT_EQ(restart.judged(), passed);
}

TEST(Judge, ConditionOnAFaultIsDecidedByTheRun) {
  for (const bool fired : {true, false}) {
    Scene scene{
        R"({"do": "id_get", "expect": [{"when": {"fault": "fired"}, "error": "NO_MEMORY"},
            {"success": true}]})"};
    scene.record.fault_fired = {fired};
    scene.call(error_id, 0xfffffffd);
    EXPECT_EQ(scene.judged().empty(), fired);
  }
}

TEST(Judge, NoEntryThatFitsIsAFailure) {
  Scene scene{
      R"({"do": "id_get", "expect": [{"when": {"fault": "fired"}, "error": "NO_MEMORY"}]})"};
  scene.call(success_id);
  EXPECT_EQ(scene.judged(), Pointers{"/steps/0/expect"});
}

TEST(Judge, ViolationsFailUnlessTheCaseLeavesThemOut) {
  const auto judged = [](const std::string& more, const std::string& invariant) {
    Scene scene{R"({"do": "id_get"})", more};
    scene.call(success_id);
    scene.record.violations.push_back({invariant, "a page is pinned twice", 17});
    return scene.judged().size();
  };
  EXPECT_EQ(judged("", "I05"), 1U);
  EXPECT_EQ(judged(R"(, "expect": {"invariants": "all"})", "I05"), 1U);
  EXPECT_EQ(judged(R"(, "expect": {"invariants": ["I06"]})", "I05"), 0U);
  EXPECT_EQ(judged(R"(, "expect": {"invariants": ["I05"]})", "I05"), 1U);
  EXPECT_EQ(judged(R"(, "expect": {"invariants": "none"})", "machine"), 0U);
}

TEST(Judge, LogMustNotBeFlooded) {
  for (const size_t lines : {2, 3}) {
    Scene scene{R"({"do": "id_get"})", R"(, "expect": {"max_log_lines": 2})"};
    scene.call(success_id);
    scene.record.log.assign(lines, "error: unknown function");
    EXPECT_EQ(scene.judged(), lines > 2 ? Pointers{"/expect/max_log_lines"} : passed);
  }
}

TEST(Judge, BeingStuckIsNoProgress) {
  Scene scene{R"({"do": "id_get"})"};
  scene.record.steps[scene.step].ran = false;
  scene.record.no_progress = true;
  scene.record.violations.push_back({"I33", "vm1.0 waits for a lock", 3});
  const auto failures = judge(scene.compiled, scene.record);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_TRUE(failures[0].no_progress);
}

TEST(Judge, AMediatorThatStoppedIsTheOnlyFailure) {
  for (const bool stuck : {false, true}) {
    Scene scene{R"({"do": "id_get"})", R"(, "expect": {"invariants": "none"})"};
    scene.record.no_progress = stuck;
    scene.record.stopped = "data abort at 0x10";
    scene.record.violations.push_back({"machine", "a consequence", 3});
    const auto failures = judge(scene.compiled, scene.record);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].text, "data abort at 0x10");
    EXPECT_EQ(failures[0].no_progress, stuck);
  }
}

TEST(Judge, EndIsJudgedByItsDumps) {
  const char* more =
      R"(, "expect": {"state": {"spmc.regions": 0}, "memory": [{"vm": "vm1", "ipa": "base",
          "fill": 7, "length": 2}],
      "irq": []})";
  Scene scene{R"({"do": "id_get"})", more};
  scene.call(success_id);
  scene.record.memory = {{2, true, {7, 7}}};
  scene.record.states = {{1, {{"spmc.regions", "0"}}}};
  EXPECT_EQ(scene.judged(), passed);
  scene.record.memory[0].bytes[1] = 8;
  scene.record.states[0].facts["spmc.regions"] = "1";
  scene.irq(0, 8);
  EXPECT_EQ(scene.judged(),
            (Pointers{"/expect/memory/0", "/expect/state/spmc.regions", "/expect/irq"}));
}

}  // namespace
}  // namespace sim::scenario::test
