// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile.hpp"

#include "cases.hpp"
#include "guest/program.hpp"

namespace sim::scenario::test {
namespace {

using guest::Opcode;
using guest::Program;

/// The operations of a program in order.
std::vector<guest::RawOp> operations(const std::vector<std::byte>& code) {
  std::vector<guest::RawOp> list;
  const auto program = Program::open(code);
  EXPECT_TRUE(program.ok());
  for (uint32_t offset = 0; offset < program->code_bytes();) {
    const auto op = program->at(offset);
    EXPECT_TRUE(op.ok());
    list.push_back(*op);
    offset = op->next;
  }
  return list;
}

/// The calls of the only vCPU, setup left out.
std::vector<guest::CallOp> calls(const CompiledCase& compiled, size_t skip = 2) {
  std::vector<guest::CallOp> list;
  for (const auto& op : operations(compiled.programs.at(0).code)) {
    if (op.code == Opcode::call) list.push_back(*guest::decode_call(op, 16));
  }
  list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(skip));
  return list;
}

TEST(Compile, EmptyWorldIsOneVmAndOneEchoSp) {
  const CompiledCase compiled = compile(case_of(R"({"name": "a/b", "steps": [{"do": "id_get"}]})"));
  ASSERT_EQ(compiled.world.vms.size(), 1U);
  EXPECT_EQ(compiled.world.vms[0].name, "vm1");
  EXPECT_EQ(compiled.world.vms[0].config.id.raw(), 1);
  ASSERT_EQ(compiled.world.vms[0].memory.size(), 1U);
  EXPECT_EQ(compiled.world.vms[0].memory[0].ipa, 0x40000000U);
  EXPECT_EQ(compiled.world.vms[0].memory[0].size, 16U << 20);
  ASSERT_EQ(compiled.world.sps.size(), 1U);
  EXPECT_EQ(compiled.world.sps[0].id, 0x8001);
  EXPECT_EQ(compiled.world.spmc.personality, "op-tee");
  EXPECT_TRUE(compiled.portable);
}

TEST(Compile, SetupNegotiatesAndMapsUnlessTheVmSaysOtherwise) {
  const auto steps = [](const std::string& vm) {
    const auto compiled = compile(
        case_of(R"({"world": {"vms": {"vm1": )" + vm + R"(}}, "steps": [{"do": "id_get"}]})"));
    std::vector<std::string> names;
    for (const CompiledStep& step : compiled.steps) names.push_back(step.what);
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(steps("{}"), (Names{"create", "version", "rxtx_map", "id_get"}));
  EXPECT_EQ(steps(R"({"setup": "version"})"), (Names{"create", "version", "id_get"}));
  EXPECT_EQ(steps(R"({"setup": false})"), (Names{"create", "id_get"}));
  EXPECT_EQ(steps(R"({"version": null})"), (Names{"create", "id_get"}));
  EXPECT_EQ(steps(R"({"create_at_boot": false})"), (Names{"id_get"}));
}

TEST(Compile, RawTakesRegistersAsWrittenAndFillsTheRest) {
  const auto compiled = compile(case_of(
      R"({"steps": [{"do": "raw", "fid": "FFA_MEM_RECLAIM", "args": ["0x11", 34],
          "rest": "poison", "conduit": "hvc"}]})"));
  const auto call = calls(compiled).at(0);
  EXPECT_EQ(call.conduit, guest::Conduit::hvc);
  EXPECT_EQ(call.registers[0].constant, 0x84000077U);
  EXPECT_EQ(call.registers[1].constant, 0x11U);
  EXPECT_EQ(call.registers[2].constant, 34U);
  EXPECT_NE(call.registers[3].constant, 0U);
  EXPECT_NE(call.registers[3].constant, call.registers[17].constant);
}

TEST(Compile, NumbersMayUseWordsSumsAndTheRepetition) {
  const auto compiled = compile(case_of(
      R"({"steps": [{"do": "raw", "repeat": 2, "x": ["base+@i*4K", "tx+0x10", "rx", "2M",
          "0x10|1"]}]})"));
  const auto list = calls(compiled);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].registers[0].constant, 0x40001000U);
  EXPECT_EQ(list[1].registers[1].constant, 0x40fe0010U);
  EXPECT_EQ(list[1].registers[2].constant, 0x40ff0000U);
  EXPECT_EQ(list[1].registers[3].constant, 0x200000U);
  EXPECT_EQ(list[1].registers[4].constant, 0x11U);
}

TEST(Compile, SavedValuesBecomeOperands) {
  const auto compiled = compile(case_of(R"({"steps": [
      {"do": "share", "save": {"h": "handle", "t": "x2[47:32]"}},
      {"do": "reclaim", "handle": "$h"}, {"do": "raw", "x": ["$t<<16|5", "$h.hi+1"]}]})"));
  const auto list = calls(compiled);
  EXPECT_EQ(list[1].registers[1].part, guest::SlotPart::low);
  EXPECT_EQ(list[1].registers[2].part, guest::SlotPart::high);
  EXPECT_EQ(list[2].registers[0].shift, 16);
  EXPECT_EQ(list[2].registers[0].constant, 5U);
  EXPECT_EQ(list[2].registers[1].combine, guest::Combine::add);
}

TEST(Compile, WhenPicksTheFirstEntryThatFits) {
  const std::string text = R"({"steps": [{"do": "id_get", "expect": [
      {"when": {"v": "b"}, "error": "BUSY"}, {"when": {"v": ["a", "c"], "spmc": "op-tee"},
          "error": "DENIED"},
      {"error": "RETRY"}]}]})";
  const auto status = [&](const std::string& value) {
    const auto compiled = compile(case_of(text, {{"v", value}}));
    EXPECT_EQ(compiled.steps.back().expect.size(), 1U);
    return compiled.steps.back().expect.at(0).replies.at(0).status;
  };
  EXPECT_EQ(status("b"), -4);
  EXPECT_EQ(status("c"), -6);
  EXPECT_EQ(status("d"), -7);
}

TEST(Compile, ThreadsAreNotPortableAndRunInParallel) {
  const auto compiled = compile(case_of(R"({"world": {"vms": {"vm1": {"vcpus": 2}}},
      "threads": {"vm1.0": [{"do": "id_get"}, {"do": "id_get"}], "vm1.1": [{"do": "rxtx_unmap"}],
                  "host": [{"do": "destroy", "vm": "vm1"}]}})"));
  EXPECT_FALSE(compiled.portable);
  bool found = false;
  for (const auto& op : operations(compiled.control)) {
    if (op.code != Opcode::parallel) continue;
    const auto parallel = guest::decode_parallel(op);
    ASSERT_EQ(parallel->count, 3U);
    EXPECT_TRUE(parallel->threads[0].host);
    EXPECT_EQ(parallel->threads[0].count, 1U);
    EXPECT_EQ(parallel->threads[1].count, 2U);
    found = true;
  }
  EXPECT_TRUE(found);
}

TEST(Compile, EachRepetitionMayHaveItsOwnSlot) {
  const auto compiled = compile(case_of(R"({"steps": [
      {"do": "share", "repeat": 3, "save": {"h@i": "handle"}},
      {"do": "reclaim", "repeat": 3, "handle": "$h@i"}]})"));
  const auto list = calls(compiled);
  ASSERT_EQ(list.size(), 6U);
  EXPECT_NE(list[3].registers[1].slot, list[4].registers[1].slot);
  EXPECT_NE(list[4].registers[1].slot, list[5].registers[1].slot);
}

TEST(Compile, CutSendsFragments) {
  const auto compiled = compile(case_of(R"({"steps": [{"do": "share", "cut": [64, 16]}]})"));
  const auto list = calls(compiled);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].registers[1].constant, 96U);
  EXPECT_EQ(list[0].registers[2].constant, 64U);
  EXPECT_EQ(list[1].registers[0].constant, 0x8400007bU);
  EXPECT_EQ(list[1].registers[3].constant, 16U);
  EXPECT_EQ(list[2].registers[3].constant, 16U);
}

struct Bad {
  const char* name;
  const char* text;
  const char* place;
  const char* reason;
};

class CompileError : public testing::TestWithParam<Bad> {};

TEST_P(CompileError, NamesThePlaceAndTheReason) {
  const std::string message = compile_error(GetParam().text);
  EXPECT_EQ(message.substr(0, message.find(": ")), std::string{"case.json"} + GetParam().place)
      << message;
  EXPECT_NE(message.find(GetParam().reason), std::string::npos) << message;
}

const Bad bad[] = {
    {"NoSteps", R"({})", "", "steps or threads is needed"},
    {"StepsAndThreads", R"({"steps": [], "threads": {}})", "", "not both"},
    {"UnknownStep", R"({"steps": [{"do": "dance"}]})", ":/steps/0/do", "no step is called 'dance'"},
    {"UnknownVm", R"({"steps": [{"do": "id_get", "on": "vm7.0"}]})", ":/steps/0/on", "no VM 'vm7'"},
    {"UnknownVcpu", R"({"steps": [{"do": "id_get", "on": "vm1.1"}]})", ":/steps/0/on",
     "has 1 vCPU"},
    {"NotAVcpu", R"({"steps": [{"do": "id_get", "on": "vm1"}]})", ":/steps/0/on", "is not vm.vcpu"},
    {"HostStepOnVcpu", R"({"steps": [{"do": "destroy", "vm": "vm1", "on": "vm1.0"}]})",
     ":/steps/0/on", "step of the host"},
    {"UnknownSp", R"({"steps": [{"do": "share", "to": "sp9"}]})", ":/steps/0/to",
     "no SP or VM 'sp9'"},
    {"NoSpAtAll", R"({"world": {"sps": {}}, "steps": [{"do": "share"}]})", ":/steps/0",
     "has no SP"},
    {"NoMemoryUser", R"({"steps": [{"do": "ask", "op": "checksum", "handle": 1}]})", ":/steps/0",
     "memory_user"},
    {"EchoIsNoMemoryUser", R"({"steps": [{"do": "ask", "sp": "sp1", "op": "checksum"}]})",
     ":/steps/0/sp", "no memory_user"},
    {"SlotNobodySaves", R"({"steps": [{"do": "reclaim", "handle": "$h"}]})", ":/steps/0/handle",
     "no step saves 'h'"},
    {"SlotWhereAConstantIsNeeded",
     R"({"steps": [{"do": "share", "save": {"h": "handle"}}, {"do": "share", "tag": "$h"}]})",
     ":/steps/1/tag", "not a saved value"},
    {"SplitOfAShiftedSlot",
     R"({"steps": [{"do": "share", "save": {"h": "handle"}}, {"do": "reclaim",
         "handle": "$h<<1"}]})",
     ":/steps/1/handle", "64-bit value"},
    {"MixedOperators",
     R"({"steps": [{"do": "share", "save": {"h": "handle"}}, {"do": "raw", "x": ["$h+1|2"]}]})",
     ":/steps/1/x/0", "one kind of operator"},
    {"NumberTooLarge", R"({"steps": [{"do": "share", "flags": "0x100000000"}]})", ":/steps/0/flags",
     "out of range"},
    {"SumTooLarge", R"({"steps": [{"do": "raw", "x": ["0xffffffffffffffff+1"]}]})", ":/steps/0/x/0",
     "64 bits"},
    {"NoNumber", R"({"steps": [{"do": "raw", "x": ["seven"]}]})", ":/steps/0/x/0",
     "is not a number"},
    {"TooManyRegisters",
     R"({"steps": [{"do": "raw", "fid": "FFA_ID_GET",
         "args": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]}]})",
     ":/steps/0/args", "x0 to x17"},
    {"RawWithoutFunction", R"({"steps": [{"do": "raw"}]})", ":/steps/0", "is needed"},
    {"UnknownFunction", R"({"steps": [{"do": "raw", "fid": "FFA_DANCE"}]})", ":/steps/0/fid",
     "not a function"},
    {"UnknownField",
     R"({"steps": [{"do": "share", "edit": [{"field": "receivers[1].id", "value": 1}]}]})",
     ":/steps/0/edit/0/field", "no field"},
    {"FieldOfAnotherLayout",
     R"({"steps": [{"do": "share", "layout": "1.0", "edit": [{"field": "header.emad_size",
         "value": 1}]}]})",
     ":/steps/0/edit/0/field", "layout 1.0"},
    {"EditPastTheEnd", R"({"steps": [{"do": "share", "edit": [{"offset": 95, "bytes": "0102"}]}]})",
     ":/steps/0/edit/0", "past the end"},
    {"EditTooWide",
     R"({"steps": [{"do": "share", "edit": [{"field": "header.sender", "value": "0x10000"}]}]})",
     ":/steps/0/edit/0", "does not fit 2 bytes"},
    {"EditOfNothing", R"({"steps": [{"do": "share", "edit": [{"bytes": "00"}]}]})",
     ":/steps/0/edit/0", "either field or offset"},
    {"CutPastTheEnd", R"({"steps": [{"do": "share", "cut": [80, 32]}]})", ":/steps/0/cut/1",
     "96 bytes"},
    {"BadRegisterToSave", R"({"steps": [{"do": "id_get", "save": {"h": "x2[64:0]"}}]})",
     ":/steps/0/save/h", "within the register"},
    {"NoEntryFits",
     R"({"steps": [{"do": "id_get", "expect": [{"when": {"spmc": "hafnium"},
         "error": "DENIED"}]}]})",
     ":/steps/0/expect", "no entry's conditions fit"},
    {"UnknownCondition", R"({"steps": [{"do": "id_get", "expect": {"when": {"moon": "full"}}}]})",
     ":/steps/0/expect/when/moon", "neither a variable"},
    {"TwoReplies",
     R"({"steps": [{"do": "id_get", "expect": {"error": "DENIED", "success": true}}]})",
     ":/steps/0/expect", "only one of"},
    {"UnknownRule", R"({"steps": [{"do": "id_get", "expect": {"rule": "no_such_rule"}}]})",
     ":/steps/0/expect/rule", "no rule"},
    {"FactOfNoVm", R"({"steps": [{"do": "check", "state": {"vm9.shares": 0}}]})",
     ":/steps/0/state/vm9.shares", "no VM 'vm9'"},
    {"MemoryOfNoVm",
     R"({"steps": [{"do": "check", "memory": [{"vm": "vm9", "ipa": 0, "bytes": "00"}]}]})",
     ":/steps/0/memory/0/vm", "no VM 'vm9'"},
    {"MemoryWithoutContent", R"({"steps": [{"do": "check", "memory": [{"ipa": 0}]}]})",
     ":/steps/0/memory/0", "one of bytes, fill and unmapped"},
    {"OverlappingRegions",
     R"({"world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "2M"},
         {"ipa": "0x40100000", "size": "2M"}]}}}, "steps": []})",
     ":/world/vms/vm1/memory/1", "overlaps region 0"},
    {"RegionNotPages",
     R"({"world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "5K"}]}}},
         "steps": []})",
     ":/world/vms/vm1/memory/0/size", "multiple of 4 KiB"},
    {"RegionWraps",
     R"({"world": {"vms": {"vm1": {"memory": [{"ipa": "0xfffffffffffff000", "size": "8K"}]}}},
         "steps": []})",
     ":/world/vms/vm1/memory/0/size", "end of the address space"},
    {"WindowNotPages",
     R"({"world": {"vms": {"vm1": {"borrow_window": {"base": "0x90000001", "pages": 1}}}},
         "steps": []})",
     ":/world/vms/vm1/borrow_window/base", "multiple of 4 KiB"},
    {"WindowWraps",
     R"({"world": {"vms": {"vm1": {"borrow_window": {"base": "0xfffffffffffff000", "pages": 2}}}},
         "steps": []})",
     ":/world/vms/vm1/borrow_window/pages", "end of the address space"},
    {"WindowOverMemory",
     R"({"world": {"vms": {"vm1": {"borrow_window": {"base": "0x3ffff000", "pages": 2}}}},
         "steps": []})",
     ":/world/vms/vm1/borrow_window", "overlaps region 0"},
    {"NoRoomForBuffers",
     R"({"world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "64K"}]}}},
         "steps": []})",
     ":/world/vms/vm1", "no room for RX and TX"},
    {"SameIdTwice", R"({"world": {"vms": {"a": {"id": 3}, "b": {"id": 3}}}, "steps": []})",
     ":/world/vms/b", "is a's already"},
    {"IdOfASecureEndpoint", R"({"world": {"vms": {"vm1": {"id": "0x8001"}}}, "steps": []})",
     ":/world/vms/vm1/id", "out of range"},
    {"TooMuchMemory",
     R"({"world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "1G"}]}}},
         "steps": []})",
     ":/world", "does not fit"},
    {"SpInTheNormalWorld", R"({"world": {"sps": {"sp1": {"id": 5}}}, "steps": []})",
     ":/world/sps/sp1/id", "bit 15"},
    {"UnknownPersonality", R"({"world": {"spmc": {"personality": "hal"}}, "steps": []})",
     ":/world/spmc/personality", "no personality 'hal'"},
    {"MatchWithoutSmc",
     R"({"world": {"faults": [{"op": "pin", "match": "FFA_RUN"}]}, "steps": []})",
     ":/world/faults/0/match", "only a fault of op smc"},
    {"SetupWithoutVersion",
     R"({"world": {"vms": {"vm1": {"version": null, "setup": true}}}, "steps": []})",
     ":/world/vms/vm1/setup", "can't be set up"},
    {"VcpuStepInHostThread", R"({"threads": {"host": [{"do": "id_get"}]}})", ":/threads/host/0",
     "vCPU's step"},
    {"HostStepInVcpuThread", R"({"threads": {"vm1.0": [{"do": "sri"}]}})", ":/threads/vm1.0/0",
     "step of the host"},
    {"StateInAThread",
     R"({"threads": {"vm1.0": [{"do": "id_get", "expect": {"state": {"vm1.shares": 0}}}]}})",
     ":/threads/vm1.0/0", "while threads run"},
    {"UnalignedBalloon", R"({"steps": [{"do": "balloon", "vm": "vm1", "ipa": "base+8"}]})",
     ":/steps/0/ipa", "address of a page"},
};

INSTANTIATE_TEST_SUITE_P(Compile, CompileError, testing::ValuesIn(bad),
                         [](const auto& one) { return std::string{one.param.name}; });

}  // namespace
}  // namespace sim::scenario::test
