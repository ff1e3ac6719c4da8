// SPDX-License-Identifier: BSD-3-Clause
// Which rows make one call, and which are left alone.
#include <gtest/gtest.h>

#include "tests/unit/trace/import_logs.hpp"

namespace {

using test::figures;
using test::import_text;

/// A row of SPMD's hand patch with these first registers.
std::string in(const std::string& regs) { return "NOTICE:  SPMD: " + regs + " 0x0 0x0 0x0 0x0\n"; }
std::string out(const std::string& regs) {
  return "NOTICE:  SPMD ret: " + regs + " 0x0 0x0 0x0 0x0\n";
}
const std::string share1 = "0xc4000073 0x60 0x60 0x1";
const std::string share2 = "0xc4000073 0x70 0x70 0x2";
const std::string direct1 = "0x8400006f 0x18001 0x0 0x1";
const std::string direct2 = "0x8400006f 0x28001 0x0 0x2";
const std::string done = "0x84000061 0x0 0x5 0x0";
const std::string done2 = "0x84000061 0x0 0x6 0x0";
const std::string resp1 = "0x84000070 0x80010001 0x0 0x11";
const std::string resp2 = "0x84000070 0x80010002 0x0 0x22";

std::string forwarded(const std::string& request) { return in(request) + out(request); }
std::string answered(const std::string& reply) { return in(reply) + out(reply); }

TEST(Pairing, FourRowsAreOneCall) {
  const auto imported =
      import_text(forwarded(share1) + answered(done) + forwarded(direct1) + answered(resp1));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 8, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out.x[2], 5U);
  EXPECT_EQ(imported.events[1].out.x[3], 0x11U);
}

TEST(Pairing, CallsOfTwoCpusAreToldApartByTheirIds) {
  const auto imported = import_text(forwarded(direct1) + forwarded(direct2) + in(resp2) +
                                    in(resp1) + out(resp1) + out(resp2));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 8, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out.x[3], 0x11U);
  EXPECT_EQ(imported.events[1].out.x[3], 0x22U);
}

TEST(Pairing, AnAnswerThatFitsTwoCallsIsGivenToNone) {
  const auto imported = import_text(forwarded(share1) + forwarded(share2) + answered(done) +
                                    answered(done2) + forwarded(direct1) + answered(resp1));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 12, calls 3, pairs 1, orphans 4, given up 0, lost 0");
  EXPECT_TRUE(imported.events[2].returned());
}

TEST(Pairing, AnAnswerOfAnotherKindIsNoAnswer) {
  const auto imported = import_text(forwarded(direct1) + answered(done) + answered(resp1));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 6, calls 1, pairs 1, orphans 2, given up 0, lost 0");
}

TEST(Pairing, TheMonitorsOwnAnswersHaveTwoRows) {
  const auto imported =
      import_text(in("0x84000069 0x0 0x0 0x0") + out(done) + in("0x84000063 0x10001 0x0 0x0") +
                  in("0x84000070 0x8000ffff 0x80000009 0x10002") + out("0x10002 0x0 0x0 0x0"));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 5, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[1].out.x[0], 0x10002U);
}

TEST(Pairing, FarewellsOfTheSecureWorldHaveNoReturn) {
  const auto imported = import_text(forwarded(direct1) + in("0x8400007c 0x0 0x0 0x0") +
                                    answered(resp1) + in("0x8400006b 0x0 0x0 0x0"));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 6, calls 3, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[1].world, "secure");
  EXPECT_EQ(imported.events[0].world, "");
}

TEST(Pairing, PreemptionAndRunBelongTogether) {
  const auto imported = import_text(forwarded(direct1) + answered("0x84000062 0x80010000 0x0 0x0") +
                                    forwarded("0x8400006d 0x80010000 0x0 0x0") + answered(resp1));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 8, calls 2, pairs 2, orphans 0, given up 0, lost 0");
}

TEST(Pairing, FragmentsAreAnsweredByFragRx) {
  const auto imported = import_text(forwarded(share1) + answered("0x8400007a 0x5 0x0 0x60") +
                                    forwarded("0x8400007b 0x5 0x0 0x60") + answered(done));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 8, calls 2, pairs 2, orphans 0, given up 0, lost 0");
}

TEST(Pairing, WorldsOnOneCpuAreApart) {
  const auto named = [](const char* who, const char* regs) {
    return fmt::format("NOTICE:  [0] {} {}\n", who, regs);
  };
  const auto imported = import_text(
      named("NS smc ", "x0=8400006f x1=8001") + named(" S eret", "x0=8400006f x1=8001") +
      named(" S smc ", "x0=84000064 x1=1") + named(" S eret", "x0=84000061 x1=0") +
      named(" S smc ", "x0=84000070 x1=80010000") + named("NS eret", "x0=84000070 x1=80010000"));
  EXPECT_EQ(figures(imported),
            "named-rows: rows 6, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out.x[0], 0x84000070U);
  EXPECT_EQ(imported.events[1].world, "secure");
  EXPECT_EQ(imported.events[1].out.x[0], 0x84000061U);
}

TEST(Pairing, ANewCallOfTheSameCpuEndsTheOldOne) {
  const std::string head = "VERBOSE: SPM(0): ";
  const std::string zeros = " 0x0 0x0 0x0 0x0\n";
  const auto imported = import_text(head + share1 + zeros + head + direct1 + zeros + head + done +
                                    zeros + head + resp1 + zeros);
  EXPECT_EQ(figures(imported),
            "spmd-verbose: rows 4, calls 2, pairs 1, orphans 1, given up 0, lost 0");
  EXPECT_FALSE(imported.events[0].returned());
}

TEST(Pairing, TheVersionComesFromTheSpmcsResponse) {
  const std::string head = "VERBOSE: SPM(0): ";
  const auto imported = import_text(head + "0x84000063 0x10001 0x0 0x0 0x0 0x0 0x0 0x0\n" + head +
                                    "0x84000070 0x8000ffff 0x80000009 0x10002 0x0 0x0 0x0 0x0\n");
  ASSERT_EQ(imported.events.size(), 1U);
  EXPECT_EQ(imported.events[0].out.x[0], 0x10002U);
  EXPECT_EQ(imported.events[0].out_known, 1U) << "the other registers are not in the log";
}

TEST(Pairing, ACallThatNeverReturnsHoldsUpOnlyAWindow) {
  std::string log = "T1 > 84000066 1\n";
  const size_t others = ffa_trace::CallLog::window + 10;
  for (size_t i = 0; i < others; ++i) log += "T2 > 84000065 0\nT2 < 84000061 0\n";
  log += "T1 < 84000061 0\n";
  const auto imported =
      import_text(log, {.format = "", .pattern = R"(^T(?<task>\d) [<>] (?<regs>.*))"});
  EXPECT_EQ(imported.events.size(), others + 1);
  EXPECT_EQ(imported.counts.pairs, others);
  EXPECT_EQ(imported.counts.orphans, 1U);
}

}  // namespace
