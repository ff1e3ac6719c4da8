// SPDX-License-Identifier: BSD-3-Clause
// The step `optee`: the bytes that it makes the guest write, what it refuses, and that each kind of
// expectation can fail.
#include "cases.hpp"
#include "sim/scenario/optee_message.hpp"

namespace sim::scenario::test {
namespace {

const std::string world =
    R"("world": {"sps": {"sp1": {"kind": "echo"}, "sp2": {"kind": "optee"}}})";

std::string steps(const std::string& list) { return "{" + world + R"(, "steps": [)" + list + "]}"; }

/// A page shared and a session with the worker open; then the steps at hand, from /steps/2 on.
std::string session(const std::string& list) {
  return steps(R"({"do": "share", "to": "sp2", "save": {"h": "handle"}},
      {"do": "optee", "op": "open_session", "handle": "$h", "ta": "worker",
       "save": {"s": "session"}},)" +
               list);
}

std::string invoke(const std::string& more) {
  return R"({"do": "optee", "op": "invoke", "handle": "$h", "session": "$s")" + more + "}";
}

TEST(OpteeMessage, FieldsLieWhereTheProtocolSays) {
  const auto at = [](const char* path, uint32_t params) {
    const auto place = find_optee_field(path, params);
    return place ? std::pair{place->offset, place->width} : std::pair{uint64_t{0}, uint32_t{0}};
  };
  using Place = std::pair<uint64_t, uint32_t>;
  EXPECT_EQ(at("cmd", 0), (Place{0, 4}));
  EXPECT_EQ(at("session", 0), (Place{8, 4}));
  EXPECT_EQ(at("ret", 0), (Place{20, 4}));
  EXPECT_EQ(at("origin", 0), (Place{24, 4}));
  EXPECT_EQ(at("num_params", 0), (Place{28, 4}));
  EXPECT_EQ(at("params[1].attr", 2), (Place{64, 8}));
  EXPECT_EQ(at("params[1].b", 2), (Place{80, 8}));
  EXPECT_EQ(at("params[0].offs_high", 2), (Place{44, 2}));
  EXPECT_EQ(at("params[0].internal_offs", 2), (Place{46, 2}));
  EXPECT_EQ(at("params[0].size", 2), (Place{48, 8}));
  EXPECT_EQ(at("params[0].global_id", 2), (Place{56, 8}));
  EXPECT_EQ(at("rpc.cmd", 2), (Place{96, 4}));
  EXPECT_EQ(at("rpc.params[3].c", 0), (Place{32 + 32 + 3 * 32 + 24, 8}));
  for (const char* const wrong :
       {"params[2].a", "params[0]", "params[0].x", "params[].a", "params[x].a", "rpc.", "",
        "rpc.params[4].a", "result", "params[0].a ", "params[4294967296].a"}) {
    EXPECT_FALSE(find_optee_field(wrong, 2)) << wrong;
  }
}

TEST(OpteeMessage, WordsBelongToTheirFields) {
  EXPECT_EQ(optee_word("ret", "BUSY"), 0xffff000dU);
  EXPECT_EQ(optee_word("rpc.ret", "GENERIC"), 0xffff0000U);
  EXPECT_EQ(optee_word("origin", "trusted_app"), 4U);
  EXPECT_EQ(optee_word("rpc.cmd", "shm_free"), 7U);
  EXPECT_EQ(optee_word("rpc.params[0].attr", "memory_out"), 6U);
  EXPECT_FALSE(optee_word("cmd", "shm_free"));
  EXPECT_FALSE(optee_word("ret", "tee"));
  EXPECT_FALSE(optee_word("params[0].a", "BUSY"));
  EXPECT_EQ(tee_code_text(0xffff000d), "BUSY");
  EXPECT_EQ(tee_code_text(0x1234), "0x1234");
  EXPECT_EQ(optee_return_text(2), "interrupted");
}

TEST(Optee, WritesTheStructureThatItIsAskedFor) {
  const CaseResult result = run_text(session(R"(
      {"do": "optee", "op": "call", "cmd": 9, "handle": "$h", "offset": "0x100", "session": "$s",
       "func": "0xf0f1f2f3", "cancel_id": 3,
       "params": [{"type": "value_inout", "a": "0x1122334455667788", "b": "$h", "c": 7},
                  {"type": "memory_out", "handle": "$h", "offset": "0x123456789abc",
                   "internal": "0xdef0", "size": "0x55"}],
       "edit": [{"field": "params[0].c", "value": 8}, {"offset": 16, "bytes": "abcd"}],
       "expect": {"tee": {"code": "NOT_IMPLEMENTED", "session": "$s", "params[0].b": "$h"},
         "memory": [{"ipa": "0x40001100", "bytes": "09000000f3f2f1f0"},
                    {"ipa": "0x4000110c", "bytes": "03000000abcd0000d1bad0bad2bad0ba02000000"},
                    {"ipa": "0x40001120", "bytes": "03000000000000008877665544332211"},
                    {"ipa": "0x40001138", "bytes": "0800000000000000"},
                    {"ipa": "0x40001140", "bytes": "0600000000000000bc9a78563412f0de5500000000000000"}
                   ]}})"));
  EXPECT_EQ(failures_text(result), "");
}

TEST(Optee, SilentIsSuccess) {
  const auto failing = [](const std::string& step) {
    const CaseResult result = run_text(session(step));
    return result.failures.empty()
               ? ""
               : result.failures[0].pointer + ": " + result.failures[0].expected + ", " +
                     result.failures[0].actual;
  };
  EXPECT_EQ(failing(R"({"do": "optee", "op": "close_session", "handle": "$h", "session": "$s"})"),
            "");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "close_session", "handle": "$h", "session": 9})"),
            "/steps/2/ret: ret SUCCESS, ret ITEM_NOT_FOUND");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "close_session", "handle": "$h", "offset": 4096})"),
            "/steps/2/code: w3 SUCCESS, w3 BAD_PARAMETERS");
  EXPECT_EQ(failing(invoke(R"(, "func": "time", "params": [{"type": "value_out"}])")),
            "/steps/2/returns: done, rpc");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "enable_notif", "value": 64})"),
            "/steps/2/code: w3 SUCCESS, w3 BAD_PARAMETERS");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "api_version"})"), "");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "bottom_half", "handle": "$h"})"), "");
  EXPECT_EQ(failing(R"({"do": "optee", "op": "resume", "thread": 0, "expect": {"error": "BUSY"}})"),
            "/steps/2/expect: BUSY, FFA_MSG_SEND_DIRECT_RESP");
}

TEST(Optee, WrongExpectationsFail) {
  const auto failing = [](const std::string& tee) {
    const CaseResult result = run_text(session(invoke(
        R"(, "func": "preempt", "params": [{"type": "value_in", "a": 0}, {"type": "value_out"}],
            "expect": {"tee": {)" +
        tee + "}}")));
    return result.failures.size() == 1
               ? result.failures[0].expected + " | " + result.failures[0].actual
               : failures_text(result);
  };
  EXPECT_EQ(failing(""), "");
  EXPECT_EQ(failing(R"("code": "BUSY")"), "w3 BUSY | w3 SUCCESS");
  EXPECT_EQ(failing(R"("code": "BUSY", "returns": "rpc")"), "w3 BUSY | w3 SUCCESS");
  EXPECT_EQ(failing(R"("code": "any", "returns": "rpc")"), "rpc | done");
  EXPECT_EQ(failing(R"("returns": "interrupted")"), "interrupted | done");
  EXPECT_EQ(failing(R"("ret": "BUSY")"), "ret BUSY | ret SUCCESS");
  EXPECT_EQ(failing(R"("ret": "any", "origin": "tee")"), "origin 0x3 | origin 0x4");
  EXPECT_EQ(failing(R"("params[1].a": 1)"), "params[1].a 0x1 | params[1].a 0x0");
  EXPECT_EQ(failing(R"("session": "$s")"), "");
  EXPECT_EQ(failing(R"("params[1].attr": "value_in")"), "params[1].attr 0x1 | params[1].attr 0x2");
}

TEST(Optee, AnRpcIsAnsweredAndSaved) {
  const CaseResult result = run_text(session(
      invoke(
          R"(, "func": "allocate", "params": [{"type": "value_in", "a": 4, "b": 1}, {"type": "value_out"}],
          "save": {"t": "thread", "n": "rpc.params[0].b"},
          "expect": {"tee": {"returns": "rpc", "rpc.cmd": "shm_alloc", "rpc.params[0].b": "$n"}})") +
      R"(,{"do": "write", "ipa": "0x40009000", "bytes": "0102030405"},
      {"do": "share", "to": "sp2", "ranges": [["0x40009000", 1]], "save": {"m": "handle"}},
      {"do": "optee", "op": "resume", "thread": "$t",
       "answer": {"params": [{"type": "memory_out", "handle": "$m", "size": "$n"}]},
       "save": {"u": "thread"},
       "expect": {"tee": {"returns": "rpc", "rpc.cmd": "shm_free", "rpc.params[0].b": "$m"},
                  "memory": [{"ipa": "0x40009000", "bytes": "fefdfcfb05"}]}},
      {"do": "optee", "op": "resume", "thread": "$u", "answer": {"ret": "BUSY"},
       "expect": {"tee": {"params[1].a": 10, "params[1].b": 20, "rpc.ret": "BUSY"}}})"));
  EXPECT_EQ(failures_text(result), "");
}

TEST(Optee, WhatCanNotBeIsRefused) {
  const auto error = [](const std::string& list) { return compile_error(steps(list)); };
  const std::string share = R"({"do": "share", "to": "sp2", "save": {"h": "handle"}},)";
  EXPECT_EQ(error(R"({"do": "optee", "op": "dance"})"),
            "case.json:/steps/0/op: 'dance' is no request to an OP-TEE-like service");
  EXPECT_EQ(error(R"({"do": "optee", "op": "capabilities", "sp": "sp1"})"),
            "case.json:/steps/0/sp: sp1 is no optee");
  EXPECT_EQ(compile_error(R"({"steps": [{"do": "optee", "op": "capabilities"}]})"),
            "case.json:/steps/0: no SP of this world is an optee");
  EXPECT_EQ(error(R"({"do": "optee", "op": "capabilities", "handle": 1})"),
            "case.json:/steps/0/handle: does not go with capabilities");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h", "ta": "data"})"),
            "case.json:/steps/1/ta: does not go with invoke");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "value_in", "size": 1}]})"),
            "case.json:/steps/1/params/0/size: goes with shared memory");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "value_in", "offset": 1}]})"),
            "case.json:/steps/1/params/0/offset: goes with shared memory");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"colour": 1}]})"),
            "case.json:/steps/1/params/0/colour: 'colour' is nothing that a parameter has");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "memory_in", "handle": "$h", "size": 1}],
                "edit": [{"offset": 60, "bytes": "01"}]})"),
            "case.json:/steps/1/edit/0: a saved value stands there, which can only be replaced as "
            "a whole");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "memory_in", "handle": "$h", "size": 1}],
                "edit": [{"field": "params[0].global_id", "value": 1}]})"),
            "");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "memory_in", "a": 1}]})"),
            "case.json:/steps/1/params/0/a: goes with a value");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "params": [{"type": "memory_in", "internal": "0x10000"}]})"),
            "case.json:/steps/1/params/0/internal: 0x10000 does not fit 2 bytes");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "edit": [{"field": "params[0].a", "value": 1}]})"),
            "case.json:/steps/1/edit/0/field: no field 'params[0].a' in this structure");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "edit": [{"offset": 30, "value": 1}]})"),
            "case.json:/steps/1/edit/0: past the end of the structure");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "expect": {"tee": {"rpc.params[4].a": 1}}})"),
            "case.json:/steps/1/expect/tee/rpc.params[4].a: no field 'rpc.params[4].a' in this "
            "structure");
  EXPECT_EQ(error(share + R"({"do": "optee", "op": "invoke", "handle": "$h",
                "save": {"x": "params[0].a"}})"),
            "case.json:/steps/1/save/x: 'params[0].a' is nothing that can be saved");
}

TEST(Optee, ExpectationsNeedSomethingToSpeakOf) {
  const auto error = [](const std::string& list) { return compile_error(steps(list)); };
  EXPECT_EQ(error(R"({"do": "id_get", "expect": {"tee": {"code": 0}}})"),
            "case.json:/steps/0/expect/tee: goes with a step `optee` only");
  EXPECT_EQ(
      error(R"({"do": "optee", "op": "capabilities", "expect": {"tee": {"returns": "rpc"}}})"),
      "case.json:/steps/0/expect/tee/returns: this request does not yield");
  EXPECT_EQ(error(R"({"do": "optee", "op": "resume", "thread": 1, "expect": {"tee": {"ret": 0}}})"),
            "case.json:/steps/0/expect/tee/ret: no argument structure is known to go with this "
            "request");
  EXPECT_EQ(error(R"({"do": "optee", "op": "resume", "thread": 1, "answer": {}})"),
            "case.json:/steps/0/answer: nobody knows where the RPC is: `thread` is no value that a "
            "step saved");
}

TEST(Optee, AnAnswerIsTheCallersOwn) {
  const std::string two =
      R"({"world": {"sps": {"sp1": {"kind": "optee"}}, "vms": {"vm1": {}, "vm2": {}}}, "steps": [
      {"do": "share", "save": {"h": "handle"}},
      {"do": "optee", "op": "open_session", "handle": "$h", "ta": "data", "save": {"t": "thread"}},
      {"do": "optee", "op": "resume", "thread": "$t", )";
  EXPECT_EQ(compile_error(two + R"("on": "vm2.0", "answer": {}}]})"),
            "case.json:/steps/2/answer: the structure of this thread is another VM's");
  EXPECT_EQ(compile_error(two + R"("answer": {"edit": [{"field": "cmd", "value": 1}]}}]})"),
            "case.json:/steps/2/answer/edit: an answer is edited in its parameters; ret and count "
            "have their own keys");
}

TEST(Optee, SizesBelongToAService) {
  const auto error = [](const std::string& sp) {
    return compile_error(R"({"world": {"sps": {"sp1": )" + sp +
                         R"(}}, "steps": [{"do": "id_get"}]})");
  };
  EXPECT_EQ(error(R"({"kind": "optee", "threads": 8, "sessions": 16})"), "");
  EXPECT_EQ(error(R"({"kind": "echo", "threads": 1})"),
            "case.json:/world/sps/sp1/threads: goes with an SP of kind optee only");
  EXPECT_EQ(error(R"({"kind": "optee", "sessions": 0})"),
            "case.json:/world/sps/sp1/sessions: is 0");
  EXPECT_NE(error(R"({"kind": "optee", "threads": 9})"), "");
}

}  // namespace
}  // namespace sim::scenario::test
