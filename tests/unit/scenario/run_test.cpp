// SPDX-License-Identifier: BSD-3-Clause
// Whole cases, from JSON through the built-in mediator and the software SPMC to the verdict.
#include "cases.hpp"

namespace sim::scenario::test {
namespace {

TEST(Run, ShareAndReclaimRoundTrip) {
  const CaseResult result = run_text(R"({
    "world": {"sps": {"sp1": {"kind": "memory_user"}}},
    "steps": [
      {"do": "write", "ipa": "0x40001000", "bytes": "c0ffee00"},
      {"do": "share", "ranges": [["0x40001000", 3], ["0x40010000", 1]], "tag": "0x7a6",
          "save": {"h": "handle"},
       "expect": {"spmc_pages": 4, "spmc": {"sender": "vm1", "tag": "0x7a6",
                  "ranges": [["0x40001000", 3], ["0x40010000", 1]]},
                  "state": {"vm1.shares": 1, "vm1.pins": 4, "spmc.regions": 1}}},
      {"do": "ask", "op": "retrieve", "handle": "$h"},
      {"do": "ask", "op": "count_pages", "handle": "$h", "expect": {"value": 4}},
      {"do": "ask", "op": "read_word", "handle": "$h", "expect": {"value": "0x00eeffc0"}},
      {"do": "ask", "op": "write_word", "handle": "$h", "offset": "0x3008", "value": "0x12345678"},
      {"do": "reclaim", "handle": "$h", "expect": {"error": "DENIED"}},
      {"do": "ask", "op": "relinquish", "handle": "$h"},
      {"do": "reclaim", "handle": "$h", "expect": {"success": true,
          "spmc_calls": ["FFA_MEM_RECLAIM"]}}],
    "expect": {"state": {"vm1.shares": 0, "vm1.pins": 0, "vm1.rx": "free", "spmc.regions": 0},
               "memory": [{"vm": "vm1", "ipa": "0x40010008", "bytes": "78563412"}]}})");
  EXPECT_EQ(failures_text(result), "");
  EXPECT_EQ(result.runs, 1U);
  EXPECT_EQ(result.hash.size(), 32U);
}

TEST(Run, SameCaseHasTheSameHashAndAnotherCaseAnother) {
  const char* text =
      R"({"steps": [{"do": "share", "save": {"h": "handle"}}, {"do": "reclaim", "handle": "$h"}]})";
  EXPECT_EQ(run_text(text).hash, run_text(text).hash);
  EXPECT_NE(run_text(text).hash, run_text(R"({"steps": [{"do": "share"}]})").hash);
}

TEST(Run, WrongExpectationFails) {
  const CaseResult result =
      run_text(R"({"steps": [{"do": "id_get", "expect": {"success": {"w2": 2}}}]})");
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].pointer, "/steps/0/expect/w2");
  EXPECT_EQ(result.failures[0].expected, "w2 0x2");
  EXPECT_EQ(result.failures[0].actual, "w2 0x1");
}

TEST(Run, RejectionNamesItsRule) {
  const CaseResult result = run_text(R"({"steps": [{"do": "share", "ranges": []}]})");
  ASSERT_FALSE(result.failures.empty());
  EXPECT_FALSE(result.failures[0].rule.empty());
}

TEST(Run, CallThatIsNotTheMediatorsIsAnsweredNotSupported) {
  const CaseResult result = run_text(
      R"({"steps": [{"do": "raw", "x": ["0x84000000"], "expect": {"x0": "0xffffffff",
          "spmc_calls": 0}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, PartitionListIsSeenByTheGuest) {
  const CaseResult result = run_text(R"({
    "world": {"sps": {"sp1": {"contexts": 2}, "sp2": {"contexts": 3, "kind": "memory_user"}}},
    "steps": [
      {"do": "partition_info", "sp": "sp2", "expect": {"success": {"w3": 24}, "count": 1,
       "entries": [{"id": "sp2", "contexts": 3}], "rx": {"zero_from": 24},
           "state": {"vm1.rx": "vm_owned"}}},
      {"do": "rx_release"}, {"do": "rx_release", "expect": {"error": "DENIED"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, DirectRequestIsEchoed) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "direct", "payload": [11, 22, 33, 44, 55],
          "expect": {"success": {"w1": "0x80010001", "w7": "any"},
       "spmc_calls": 1}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, DestroyInSmallStepsEndsAndGivesEverythingBack) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "share"}, {"do": "share", "ranges": [["0x40020000", 2]]},
      {"do": "destroy", "vm": "vm1", "budget": 1, "expect": {"result": "restart"}},
      {"do": "destroy", "vm": "vm1", "budget": 1, "until_done": true}],
    "expect": {"state": {"vm1.exists": false, "spmc.regions": 0, "vm1.known": false}}})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, BalloonTakesOnlyPagesThatAreNotPinned) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "share", "ranges": [["0x40001000", 1]]},
      {"do": "balloon", "vm": "vm1", "ipa": "0x40001000", "expect": {"result": "refused"}},
      {"do": "balloon", "vm": "vm1", "ipa": "0x40002000"},
      {"do": "check", "memory": [{"ipa": "0x40002000", "unmapped": true}]},
      {"do": "write", "ipa": "0x40002000", "bytes": "00", "expect": {"fault": true}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, NotificationReachesTheVm) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "bind", "bitmap": "0x100000008"},
      {"do": "notify", "vm": "vm1", "bitmap": "0x100000008"},
      {"do": "sri", "if_pending": true, "expect": {"result": "delivered", "irq": [["vm1.0", 8]]}},
      {"do": "get", "expect": {"success": {"w2": 8, "w3": 1}}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, FaultStrikesInTheStepsAndNotInTheSetup) {
  const CaseResult result = run_text(R"({
    "world": {"faults": [{"op": "pin", "nth": 1, "answer": "NO_MEMORY"}]},
    "steps": [{"do": "share", "expect": {"error": "NO_MEMORY"}}, {"do": "share"}],
    "expect": {"state": {"vm1.shares": 1}}})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, SweepRepeatsUntilTheFaultNoLongerFires) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "2M",
        "backing": "scattered"}]}},
              "faults": [{"op": "pin", "nth": "sweep", "answer": "NO_MEMORY"}]},
    "steps": [{"do": "share", "ranges": [["0x40001000", 3]], "expect": [
        {"when": {"fault": "fired"}, "error": "NO_MEMORY", "state": {"vm1.pins": 0,
            "vm1.shares": 0}},
        {"success": true, "state": {"vm1.pins": 3}}]}]})");
  EXPECT_EQ(failures_text(result), "");
  EXPECT_EQ(result.runs, 4U);
}

// It would pass whatever the mediator does.
TEST(Run, ASweepThatNeverStrikesIsAFailure) {
  const CaseResult result = run_text(R"({
    "world": {"faults": [{"op": "set_access", "nth": "sweep", "answer": "NO_MEMORY"}]},
    "steps": [{"do": "share"}]})");
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].pointer, "/world/faults/0");
  EXPECT_EQ(result.failures[0].text, "the fault sweep never strikes");
}

TEST(Run, EachStatusIsTriedInTurn) {
  const CaseResult result = run_text(R"({
    "world": {"faults": [{"op": "smc", "match": "FFA_MEM_RECLAIM", "nth": 1,
        "answer": "each_status"}]},
    "steps": [{"do": "share", "save": {"h": "handle"}},
              {"do": "reclaim", "handle": "$h", "expect": {"error": "any",
                  "state": {"vm1.shares": 1}}},
              {"do": "reclaim", "handle": "$h"}]})");
  EXPECT_EQ(failures_text(result), "");
  EXPECT_EQ(result.runs, 9U);
}

TEST(Run, ThreadsRunAndEnd) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {"vcpus": 2}, "vm2": {}}},
    "setup": [{"do": "share", "on": "vm2.0"}],
    "threads": {"vm1.0": [{"do": "share", "expect": {"one_of": ["SUCCESS", "DENIED", "BUSY"]}}],
                "vm1.1": [{"do": "rxtx_unmap"}, {"do": "id_get", "expect": {"success": {"w2": 1}}}],
                "host": [{"do": "destroy", "vm": "vm2", "until_done": true}]},
    "expect": {"state": {"vm2.exists": false}}})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, OneVmMayUseWhatAnotherSaved) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {}, "vm2": {}}},
    "steps": [{"do": "share", "save": {"h": "handle"}},
              {"do": "reclaim", "on": "vm2.0", "handle": "$h",
                  "expect": {"error": "INVALID_PARAMETERS"}},
              {"do": "reclaim", "on": "vm1.0", "handle": "$h"}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, VmWithoutTeeGetsNoFfa) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {"tee": "none"}}},
    "steps": [{"do": "raw", "fid": "FFA_ID_GET", "expect": {"spmc_calls": 0}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, SetupAndDiscoverySteps) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {"setup": false, "version": "1.2"}}},
    "steps": [
      {"do": "id_get", "expect": {"error": "NOT_SUPPORTED", "spmc_calls": 0}},
      {"do": "version", "expect": {"w0": "0x10002", "state": {"vm1.version": "1.2",
          "vm1.rx": "unmapped"}}},
      {"do": "features", "of": "FFA_RXTX_MAP_64", "expect": {"success": {"w3": 0}}},
      {"do": "features", "feature": "0x7f", "expect": {"error": "NOT_SUPPORTED"}},
      {"do": "spm_id_get", "expect": {"success": {"w2": "0x8000"}}},
      {"do": "rxtx_map", "pages": 2, "expect": {"success": true, "state": {"vm1.rxtx_pages": 2,
          "vm1.pins_total": 4, "vm1.pins": 0}}},
      {"do": "rxtx_unmap", "expect": {"success": true, "state": {"vm1.pins_total": 0,
          "vm1.rx": "unmapped"}}},
      {"do": "id_get", "conduit": "hvc", "rest": "poison", "expect": {"success": {"w2": 1,
          "x3": 0}}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, PartitionListInRegisters) {
  const CaseResult result = run_text(R"({
    "world": {"spmc": {"version": "1.2"}, "vms": {"vm1": {"version": "1.2"}},
        "sps": {"sp1": {"contexts": 4}}},
    "steps": [{"do": "partition_info_regs", "sp": "sp1", "save": {"t": "x2[47:32]"},
               "expect": {"w0": "FFA_SUCCESS_64", "entries": [{"id": "sp1", "contexts": 4}],
                   "count": 1}},
              {"do": "partition_info_regs", "start": 1, "tag": "$t", "sp": "sp1",
                  "expect": {"error": "INVALID_PARAMETERS"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, GuestsOwnMemory) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "fill", "ipa": "base+0x100", "length": 8, "byte": "0x5a"},
      {"do": "write", "ipa": "base+0x102", "value": "0x11223344", "expect": {"memory": [
          {"ipa": "base+0x100", "bytes": "5a5a443322115a5a"}]}},
      {"do": "id_get", "save": {"v": {"ipa": "base+0x102", "bytes": 2}}},
      {"do": "write", "ipa": "base+0x200", "value": "$v<<8", "width": 8, "expect": {"memory": [
          {"ipa": "base+0x200", "bytes": "0044330000000000"}]}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, SpMayRefuseAVmThatIsCreated) {
  const CaseResult result = run_text(R"({
    "world": {"sps": {"sp1": {"properties": "0x1c1"}}, "vms": {"vm1": {},
        "vm2": {"create_at_boot": false}}},
    "steps": [{"do": "answer_vm_messages", "status": "DENIED"},
              {"do": "create", "vm": "vm2", "expect": {"result": "DENIED",
                  "state": {"vm2.exists": false}}},
              {"do": "create", "vm": "vm2"}, {"do": "create", "vm": "vm2",
                  "expect": {"result": "DENIED"}},
              {"do": "version", "on": "vm2.0"}, {"do": "destroy", "vm": "vm2"},
              {"do": "destroy", "vm": "vm2", "expect": {"result": "refused"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, NotificationStepsInBothDirections) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "bind", "bitmap": 6, "expect": {"success": true,
          "spmc": {"fid": "FFA_NOTIFICATION_BIND", "w3": 6, "w4": 0}}},
      {"do": "info_get", "expect": {"error": "any"}},
      {"do": "notify", "vm": "vm1", "bitmap": 4},
      {"do": "get", "flags": 1, "expect": {"success": {"w2": 4}}},
      {"do": "unbind", "bitmap": 6},
      {"do": "set", "expect": {"error": "any"}},
      {"do": "notify", "vm": "vm1", "bitmap": 4, "expect": {"result": "DENIED"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, FaultsCanBeArmedAndDisarmedByTheHost) {
  const CaseResult result = run_text(R"({
    "world": {"faults": [{"op": "smc", "match": "FFA_MEM_SHARE", "nth": 0, "answer": "BUSY"}]},
    "steps": [{"do": "faults", "armed": false}, {"do": "share"}, {"do": "faults", "armed": true},
              {"do": "share", "ranges": [["base+0x5000", 1]], "expect": {"error": "BUSY"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, QuotaIsMetByRepetition) {
  const CaseResult result = run_text(R"({
    "world": {"vms": {"vm1": {"limits": {"shares": 5}}}},
    "steps": [{"do": "share", "repeat": 5, "ranges": [["base+0x100000+@i*8K", 1]],
        "save": {"h@i": "handle"}},
              {"do": "share", "ranges": [["base+0x200000", 1]], "expect": {"error": "NO_MEMORY",
                  "spmc_calls": 0}},
              {"do": "reclaim", "repeat": 5, "handle": "$h@i"}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, AbsentSpmcMeansNoFfa) {
  const CaseResult result = run_text(R"({
    "world": {"spmc": {"absent": true}},
    "steps": [{"do": "version", "expect": {"error": "NOT_SUPPORTED"}}, {"do": "id_get",
        "expect": {"error": "NOT_SUPPORTED"}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, SetupThatFailsFailsTheCaseUnlessItIsOnlyTried) {
  const auto failures = [](const char* setup) {
    return run_text(std::string{R"({"world": {"vms": {"vm1": {"setup": )"} + setup + R"(}},
      "faults": [{"op": "map", "nth": 1, "from": "setup", "answer": "NO_MEMORY"}]}, "steps": [
          {"do": "id_get"}]})")
        .failures;
  };
  ASSERT_EQ(failures("true").size(), 1U);
  EXPECT_EQ(failures("true")[0].pointer, "/world/vms/vm1/setup");
  EXPECT_TRUE(failures("\"try\"").empty());
}

TEST(Run, CutDescriptorIsSentInFragmentsAsFarAsTheyAreTaken) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "share", "cut": [64], "expect": {"error": "any", "spmc_calls": 0,
          "state": {"vm1.shares": 0}}}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, EditedDescriptorIsRejectedByItsRule) {
  const CaseResult result = run_text(R"({"steps": [
      {"do": "share", "edit": [{"field": "composite.total_page_count", "value": 2}],
       "expect": {"error": "INVALID_PARAMETERS", "spmc_calls": 0}},
      {"do": "share", "edit": [{"offset": 0, "bytes": "02"}], "expect": {"error": "any",
          "spmc_calls": 0}},
      {"do": "share", "truncate": 47, "expect": {"error": "INVALID_PARAMETERS", "spmc_calls": 0}},
      {"do": "share"}]})");
  EXPECT_EQ(failures_text(result), "");
}

TEST(Run, EveryLayoutTellsTheSpmcTheSame) {
  for (const char* version : {"1.0", "1.1", "1.2"}) {
    const CaseResult result =
        run_text(std::string{R"({"world": {"vms": {"vm1": {"version": ")"} + version + R"("}}},
      "steps": [{"do": "share", "ranges": [["0x40005000", 2], ["0x40009000", 3]], "tag": "0x55",
        "expect": {"success": true, "spmc": {"tag": "0x55", "total_page_count": 5,
                   "ranges": [["0x40005000", 2], ["0x40009000", 3]]}}}]})");
    EXPECT_EQ(failures_text(result), "") << version;
  }
}

/// What fails where the RX of two VMs is filled and released behind an SPMC: vm1 speaks 1.1,
/// vm2 1.0.
std::string buffers_of_vms(const std::string& spmc) {
  return failures_text(run_text(R"({"world": {"spmc": )" + spmc + R"(,
      "vms": {"vm1": {"setup": "version"}, "vm2": {"version": "1.0"}}}, "steps": [
    {"do": "rxtx_map", "expect": {"spmc_calls": ["FFA_RXTX_MAP?"], "state": {"vm1.rx": "empty"}}},
    {"do": "partition_info", "expect": {"spmc_calls": ["FFA_RX_ACQUIRE?"]}},
    {"do": "rx_release", "expect": {"spmc": [{"fid": "FFA_RX_RELEASE?", "w1": 1}],
                                    "state": {"vm1.rx": "empty", "vm2.rx": "empty"}}},
    {"do": "partition_info", "on": "vm2.0", "expect": {"spmc_calls": ["FFA_RX_ACQUIRE?"]}},
    {"do": "destroy", "vm": "vm2", "expect": {"spmc": [{"fid": "FFA_NOTIFICATION_BITMAP_DESTROY"},
        {"fid": "FFA_MSG_SEND_DIRECT_REQ"}, {"fid": "FFA_RXTX_UNMAP?"}]}}]})"));
}

TEST(Run, WhatSaysThatTheSpmcHoldsBuffersIsExactBehindEachSpmc) {
  EXPECT_EQ(buffers_of_vms(R"({"personality": "op-tee"})"), "");
  EXPECT_EQ(buffers_of_vms(R"({"personality": "hafnium"})"), "");
  EXPECT_EQ(buffers_of_vms(R"({"personality": "hafnium", "missing": ["FFA_RX_ACQUIRE"]})"), "");
}

TEST(Run, CallThatIsOnlyMadeForBuffersFailsWhereItIsMissingOrTooMuch) {
  const char* asks_spmc =
      R"(, "steps": [{"do": "id_get", "expect": {"spmc_calls": ["FFA_RX_ACQUIRE?"]}}]})";
  const char* asks_no_spmc =
      R"(, "steps": [{"do": "partition_info", "expect": {"spmc_calls": 0}}]})";
  for (const char* steps : {asks_spmc, asks_no_spmc}) {
    EXPECT_EQ(failures_text(run_text(R"({"world": {"spmc": {"personality": "op-tee"}})" +
                                     std::string{steps})),
              "");
    EXPECT_NE(failures_text(run_text(R"({"world": {"spmc": {"personality": "hafnium"}})" +
                                     std::string{steps})),
              "");
  }
}

}  // namespace
}  // namespace sim::scenario::test
