// SPDX-License-Identifier: BSD-3-Clause
// Single rows of each format, what surrounds them in real files, and what is no row any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trace/import_logs.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace {

using test::figures;
using test::import_text;
using test::words;
using testing::HasSubstr;

const std::string spm_row = "VERBOSE: SPM(1): 0x84000066 0x1000 0x2000 0x1 0x0 0x0 0x0 0x0";
const std::string answer = "VERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x0";
const std::string one_pair =
    "spmd-verbose: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0";

TEST(ImportLines, LineEndsColoursAndStampsDoNotMatter) {
  for (const char* const end : {"\n", "\r\n", "\r\r\n"}) {
    EXPECT_EQ(figures(import_text(spm_row + end + answer + end)), one_pair);
  }
  for (const char* const before :
       {"\x1b[1;32m", "\x1b[0m[   12.345678] ", "[2026-11-22 08:46:02.123] ", "08:46:02.5 ",
        "2026-11-22T08:46:02Z ", "Nov  2 08:46:02 ", "(XEN) ", "<6>[    0.1] ", "10 %\r50 %\r"}) {
    EXPECT_EQ(figures(import_text(before + spm_row + "\n" + before + answer + "\x1b[K\n")),
              one_pair)
        << before;
  }
}

TEST(ImportLines, DamagedRowsAreGivenUpAndAnswerNothing) {
  const std::string damaged[] = {
      "V" + answer,  // a character of another writer in front
      "VERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0",  // cut
      "VERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x0g",
      "VERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x0 optee: initialized",
      "VERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x10000000000000000",
      "VERBOSE: SPM(1): 0x84000061 0x0" + std::string(1, '\0') + " 0x0 0x0 0x0 0x0 0x0 0x0",
      "ERBOSE: SPM(1): 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x0",
      "SPM(1: 0x84000061 0x0 0x0 0x0 0x0 0x0 0x0 0x0"};
  for (const std::string& line : damaged) {
    // What follows could be the answer to a call that the damaged line hides.
    const auto imported = import_text(spm_row + "\n" + line + "\n" + answer + "\n");
    EXPECT_EQ(figures(imported),
              "spmd-verbose: rows 2, calls 1, pairs 0, orphans 1, given up 1, lost 0")
        << line;
    EXPECT_EQ(imported.counts.given_up_lines, std::vector<uint64_t>{2});
  }
}

TEST(ImportLines, ARowWithoutLineEndMayBeCutInItsLastRegister) {
  const auto imported = import_text(spm_row + "\n" + answer);
  EXPECT_EQ(figures(imported), one_pair);
  EXPECT_EQ(imported.events[0].in_known, 0xffU);
  EXPECT_EQ(imported.events[0].out_known, 0x7fU);
}

TEST(ImportLines, OverLongLinesAndBinaryAreSurvived) {
  const std::string junk(300000, 'x');
  EXPECT_EQ(figures(import_text(junk + "\n" + spm_row + "\n" + answer + "\n" + junk)), one_pair);
  EXPECT_EQ(figures(import_text(spm_row + "\n" + answer + std::string(70000, ' ') + "0x0\n")),
            "spmd-verbose: rows 1, calls 1, pairs 0, orphans 0, given up 1, lost 0");
  std::string binary;
  for (int i = 0; i < 1000; ++i) binary += static_cast<char>(i * 37);
  EXPECT_THAT(import_text(binary).error, HasSubstr("no FF-A call in it"));
}

TEST(ImportRows, PastedRowsOfUnknownOrigin) {
  const auto imported = import_text(
      "Atf_Debug(55): 0x8400006f 0x8001 0x0 0x80000000 0x0 0x1000 0x0 0x0\n"
      "some other line\n"
      "Atf_Debug(55): 0x84000070 0x80010000 …\n"
      "Atf_Debug(55): 0x84000063 0x10001\n"
      "Atf_Debug(55): 0x10002 0x0\n");
  EXPECT_EQ(figures(imported), "hex-rows: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(
      words(imported),
      "     1 linux   FFA_MSG_SEND_DIRECT_REQ_32 hypervisor to 0x8001, x3=0x80000000 x5=0x1000 "
      "[OP-TEE: yielding call: start, handle 0x100000000000, offset 0x0] -> "
      "MSG_SEND_DIRECT_RESP_32 0x8001 to hypervisor, x2-x7 absent\n"
      "     3 linux   FFA_VERSION 1.1, x2-x7 absent -> 1.2, x2-x7 absent\n");
}

TEST(ImportRows, PastedListsInBrackets) {
  const auto imported = import_text(
      "\xef\xbb\xbfsmc [0x84000063, 0x10001, 0x0]\nsmc [0x10002, 0x0, 0x0]\nsmc (84000065 0)\n"
      "smc (84000061 0)\nsmc [0x84000065, 0x0\n");
  EXPECT_EQ(figures(imported), "hex-rows: rows 4, calls 2, pairs 2, orphans 0, given up 1, lost 0");
}

TEST(ImportRows, PastedRowsAtEntryAndExitAreOneCall) {
  const std::string request = "mydbg 0x84000066 0x1000 0x2000 0x1\n";
  const std::string reply = "mydbg 0x84000061 0x0 0x0 0x0\n";
  const auto imported = import_text(request + request + reply + reply);
  EXPECT_EQ(figures(imported), "hex-rows: rows 4, calls 1, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.counts.repeats, 2U);
}

TEST(ImportRows, WordsInFrontTellCpuAndDirection) {
  const auto imported = import_text(
      "cpu0 smc in: 84000066 1000 2000 1\n"
      "cpu1 smc in: 8400006f 8001 0 5\n"
      "cpu0 smc ret: 84000061 0 0 0\n"
      "cpu1 smc ret: 84000070 80010000 0 0\n");
  EXPECT_EQ(figures(imported), "hex-rows: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[1].vcpu, 1);
  EXPECT_EQ(imported.events[1].out.x[1], 0x80010000U);
}

TEST(ImportRows, NamedRegistersWithAnyWordsInFront) {
  const auto imported = import_text(
      "TRACE smc: x0=0x84000066 x1=0x1000, x2=0x2000, x3=0x1\n"
      "TRACE eret: x0=0x84000061 x1=0x0\n");
  EXPECT_EQ(figures(imported),
            "named-rows: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].in_known, 0xfU);
  EXPECT_FALSE(imported.events[0].has_vcpu);
}

TEST(ImportRows, NamedRegistersWithoutDirection) {
  const auto imported = import_text(
      "x0=84000066 x1=1000 x2=2000\nx0=84000061 x1=0 x2=0\nx0=84000065 x1=0\nx0=84000061 x1=0\n");
  EXPECT_EQ(figures(imported),
            "named-rows: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
}

TEST(ImportRows, PatternsWithNamedAndOrderedGroups) {
  const std::string log =
      "<<2|84000066|1000>>\n<<3|8400006f|8001>>\n>>2|84000061|0<<\n>>3|84000070|80010000<<\n";
  const auto named = import_text(
      log, {.format = "", .pattern = R"((?<call><<)?(>>)?(?<cpu>\d)\|(?<x0>\w+)\|(?<x1>\w+))"});
  EXPECT_EQ(figures(named), "pattern: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(named.events[0].vcpu, 2);
  EXPECT_EQ(named.events[1].out.x[1], 0x80010000U);
  const auto ordered = import_text("a 84000066/1000 b\na 84000061/0 b\n",
                                   {.format = "", .pattern = R"(^a (\w+)/(\w+))"});
  EXPECT_EQ(figures(ordered), "pattern: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(ordered.events[0].in_known, 3U);
}

TEST(ImportRows, TasksOfAPattern) {
  const auto imported = import_text(
      "T7 > 84000066 1\nT8 > 84000066 2\nT8 < 84000061 8\nT7 < 84000061 7\nT9 < 84000061 9\n",
      {.format = "", .pattern = R"(^T(?<task>\d+) [<>] (?<regs>.*)$)"});
  EXPECT_EQ(figures(imported), "pattern: rows 5, calls 2, pairs 2, orphans 1, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out.x[1], 7U);
  EXPECT_EQ(imported.events[1].out.x[1], 8U);
}

TEST(ImportRows, BadPatternsAndFormatsAreNamed) {
  const auto error = [](const std::string& pattern) {
    return import_text("x\n", {.format = "", .pattern = pattern}).error;
  };
  EXPECT_EQ(error("("), "--pattern: missing closing parenthesis at character 2");
  EXPECT_EQ(
      error("(?<foo>a)(?<x0>b)"),
      "--pattern: group \"foo\" is none of regs, x0 to x17, cpu, task, world, call, ret, dir");
  EXPECT_EQ(error("abc"), "--pattern: no group in it is a register: name one regs or x0");
  EXPECT_EQ(error("(?<cpu>a)"), "--pattern: no group in it is a register: name one regs or x0");
  EXPECT_THAT(error("((?:a+)+)$|(?<x0>(x+x+)+y)"), HasSubstr("no FF-A call in it"));
  EXPECT_THAT(import_text("x\n", {.format = "none", .pattern = ""}).error,
              HasSubstr("--format: \"none\" is none of trace-cmd, ftrace, "));
}

TEST(ImportRows, AFormatThatIsAskedForIsTaken) {
  EXPECT_EQ(
      figures(import_text(spm_row + "\n" + answer + "\n", {.format = "hex-rows", .pattern = ""})),
      "hex-rows: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(
      import_text(spm_row + "\n", {.format = "ftrace", .pattern = ""}).error,
      "log: no FF-A call in it: format ftrace, rows 0, answers without a call 0, lines given up 0");
}

TEST(ImportRows, ALineThatNamesAFunctionIsTold) {
  EXPECT_THAT(import_text("a\nfunction 0x84000073 failed\n").error,
              HasSubstr("log: line 2 names an FF-A function, but no format fits; import knows "));
}

TEST(ImportRows, RowsOfAnotherFormatAreLeftOut) {
  const auto imported = import_text(
      spm_row +
      "\nD/TC:0   thread_spmc_msg_recv:1985 FFA req  0x84000066 0x1000 0x2000 0x1 0 0 0 0\n" +
      answer + "\n");
  EXPECT_EQ(figures(imported), one_pair);
  EXPECT_EQ(imported.counts.foreign, 1U);
}

}  // namespace
