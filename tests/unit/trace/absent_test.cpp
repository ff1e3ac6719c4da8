// SPDX-License-Identifier: BSD-3-Clause
// What a trace does not hold: registers and returns that nobody captured are neither zero nor made
// up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"

namespace {

using sim::trace::Event;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string head = R"({"seq":1,"side":"linux","vcpu":0,"in":)";

Event parsed(const std::string& line) { return sim::trace::parse_event(line, "t:1"); }

std::string error_of(const std::string& line) {
  try {
    (void)parsed(line);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return {};
}

TEST(Absent, NullAtTheEndMeansAllThatFollow) {
  const std::string line =
      head + R"(["0xc4000066","0x1000",null,"0x1",null],"seq_ret":2,"out":["0x84000061",null]})";
  const Event event = parsed(line);
  EXPECT_EQ(event.in_known, 0b1011U);
  EXPECT_EQ(event.in.x[3], 1U);
  EXPECT_EQ(event.out_known, 1U);
  EXPECT_EQ(to_line(event), line);
}

TEST(Absent, CompleteListsStayWhatTheyWere) {
  const std::string eight = R"(["0x1","0x2","0x3","0x4","0x5","0x6","0x7","0x8"])";
  const std::string line = head + eight + R"(,"seq_ret":2,"out":)" + eight + "}";
  EXPECT_EQ(parsed(line).in_known, sim::trace::all_registers);
  EXPECT_EQ(to_line(parsed(line)), line);
}

TEST(Absent, SeventeenRegistersAreWrittenWithNullForTheLast) {
  Event event;
  event.side = sim::trace::Side::linux_;
  event.seq = 1;
  event.seq_ret = 2;
  event.in_known = sim::trace::all_registers >> 1;
  event.out_known = sim::trace::all_registers & ~2U;
  EXPECT_TRUE(test::same(event, parsed(to_line(event))));
}

TEST(Absent, ACallWithoutReturnHasNeitherOutNorSeqRet) {
  const std::string line = head + R"(["0x8400006b","0x0",null]})";
  const Event event = parsed(line);
  EXPECT_FALSE(event.returned());
  EXPECT_EQ(to_line(event), line);
  EXPECT_EQ(error_of(head + R"(["0x8400006b",null],"seq_ret":2})"), "t:1: no \"out\"");
  EXPECT_EQ(error_of(head + R"(["0x8400006b",null],"out":["0x1",null]})"), "t:1: no \"seq_ret\"");
}

TEST(Absent, ListsWithoutAnyRegisterAndShortOnesAreRefused) {
  EXPECT_EQ(error_of(head + "[null]}"), "t:1: \"in\": no register in it");
  EXPECT_EQ(error_of(head + "[]}"), "t:1: \"in\": 0 registers, not 8 or 18");
  EXPECT_EQ(error_of(head + R"(["0x1","0x2"]})"), "t:1: \"in\": 2 registers, not 8 or 18");
  EXPECT_EQ(error_of(head + R"(["0x1",null,"0x2"]})"), "t:1: \"in\": 3 registers, not 8 or 18");
}

TEST(Absent, CpuAndWorldOfAnImportedCall) {
  const std::string line = R"({"seq":1,"side":"linux","world":"secure","in":["0x8400006b",null]})";
  const Event event = parsed(line);
  EXPECT_FALSE(event.has_vcpu);
  EXPECT_EQ(to_line(event), line);
  EXPECT_THAT(error_of(R"({"seq":1,"side":"guest","vm":1,"pcpu":0,"in":["0x8400006b",null]})"),
              HasSubstr("no \"vcpu\""));
  EXPECT_THAT(error_of(R"({"seq":1,"side":"linux","world":"normal","in":["0x8400006b",null]})"),
              HasSubstr("\"world\": \"normal\" is not secure"));
}

TEST(Absent, CountsInTheHashWhereItIsOnly) {
  const auto hash = [](const std::string& line) { return sim::trace::trace_hash({parsed(line)}); };
  const std::string zeros = R"("0x0","0x0","0x0","0x0","0x0","0x0","0x0")";
  const std::string whole = hash(head + "[\"0x8400006b\"," + zeros + "]}");
  EXPECT_NE(whole, hash(head + "[\"0x8400006b\"," + zeros + ",null]}"));
  EXPECT_NE(whole, hash(head + R"(["0x8400006b","0x0",null]})"));
  const std::string regs = "\"in\":[\"0x8400006b\"," + zeros + "]";
  EXPECT_NE(whole, hash(R"({"seq":1,"side":"linux",)" + regs + "}"));
  EXPECT_NE(whole, hash(R"({"seq":1,"side":"linux","vcpu":0,"world":"secure",)" + regs + "}"));
  EXPECT_NE(whole, hash(R"({"seq":1,"side":"linux","vcpu":0,)" + regs + R"(,"seq_ret":2,"out":[)" +
                        "\"0x0\"," + zeros + "]}"))
      << "an answer of zeros is not the same as none";
}

TEST(Absent, IsNeverDecodedAsAValue) {
  ffa_trace::Decoder decoder;
  const auto text = [&](const std::string& line) {
    const Event event = parsed(line);
    return to_text(event, decoder.decode(event), true, false);
  };
  EXPECT_EQ(
      text(head + R"(["0xc4000066","0x1000",null],"seq_ret":2,"out":["0x84000060",null]})"),
      "     1 linux.0 FFA_RXTX_MAP_64 TX 0x1000, RX absent, pages absent, x4-x7 absent -> ERROR "
      "target absent, status absent, x3-x7 absent\n"
      "               not captured of the call: x2-x17\n"
      "               not captured of the reply: x1-x17\n");
  EXPECT_EQ(text(head + R"(["0x8400006b","0x0","0x0","0x0","0x0","0x0","0x0","0x0",null]})"),
            "     1 linux.0 FFA_MSG_WAIT -> no return seen\n"
            "               not captured of the call: x8-x17\n");
  EXPECT_EQ(text(head + R"(["0x8400006f","0x8001","0x0",null],"seq_ret":2,)"
                        R"("out":["0x84000070","0x80010000",null]})"),
            "     1 linux.0 FFA_MSG_SEND_DIRECT_REQ_32 hypervisor to 0x8001, x3-x7 absent -> "
            "MSG_SEND_DIRECT_RESP_32 0x8001 to hypervisor, x2-x7 absent\n"
            "               not captured of the call: x3-x17\n"
            "               not captured of the reply: x2-x17\n");
}

TEST(Absent, AReplayRefusesWhatItNeeds) {
  const std::string file =
      test::write_file("absent.jsonl", head + R"(["0x84000065","0x0",null]})" + "\n");
  ffa_trace::ReplayOptions options;
  options.files = {file};
  try {
    (void)ffa_trace::replay(options);
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_EQ(error.what(),
              file + ":1: registers or the return were not captured: a replay needs them");
  }
}

}  // namespace
