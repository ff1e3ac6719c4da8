// SPDX-License-Identifier: BSD-3-Clause
// Real logs: every figure was found without this program, as the comment at it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trace/import_logs.hpp"

namespace {

using test::figures;
using test::import_text;
using test::sample;
using test::sample_lines;
using testing::ElementsAre;
using testing::HasSubstr;

// grep -c ffa_call: gives 284, grep -c ffa_ret: 284; an awk script that joins by $1 joins them all.
TEST(ImportSamples, FtraceOfABoot) {
  EXPECT_EQ(figures(import_text(sample("ftrace-kprobe-boot.txt"))),
            "ftrace: rows 568, calls 284, pairs 284, orphans 0, given up 0, lost 0");
}

// grep -c as above: 427 and 427. By line order 44 calls would follow a call; by $1 all pair:
// awk '/ffa_call:/{o[$1]=1} /ffa_ret:/{if($1 in o)p++; delete o[$1]} END{print p}'
TEST(ImportSamples, FtraceOfTwoTasksAtOnce) {
  EXPECT_EQ(figures(import_text(sample("ftrace-kprobe-concurrent.txt"))),
            "ftrace: rows 854, calls 427, pairs 427, orphans 0, given up 0, lost 0");
}

// grep -c '^VERBOSE: SPM([0-9]): \(0x[0-9a-f]* \)\{7\}0x[0-9a-f]*.$' gives 482 whole rows; of these
// x0 is 0x84000061, 0xc4000061, 0x84000060 or 0x84000070 in 32 + 7 + 3 + 5 + 187 = 234: answers.
// The other 248 are calls; 14 of them get no row of the SPMC: MSG_WAIT 2, NORMAL_WORLD_RESUME 8,
// ID_GET 2, SPM_ID_GET 1, SECONDARY_EP_REGISTER 1.
TEST(ImportSamples, TfaAtVerboseLevel) {
  const auto imported = import_text(sample("tfa-console-verbose.log"));
  EXPECT_EQ(figures(imported),
            "spmd-verbose: rows 482, calls 248, pairs 234, orphans 0, given up 2, lost 0");
  EXPECT_THAT(imported.counts.given_up_lines, ElementsAre(242, 245));
}

// Whole rows: 1088. By x0, entry rows hold 282 requests and 266 answers. Of the answers one is the
// SPMC's to the SPMD's own version request, which only its exit row completes. Calls that the SPMD
// answers itself: 5 (ID_GET 2, SPM_ID_GET, SECONDARY_EP_REGISTER, VERSION). Two writers at once
// damage six lines; what is next to them is not sure: four calls (lines 664, 675, 681, 881) stay
// without an answer, and one answer at entry (686) and four at exit (678, 680, 687, 885) without a
// call. So pairs = 266 - 1 - 1 + 5 = 269, and 282 - 269 = 13 = 4 + MSG_WAIT 2 + RESUME 7.
TEST(ImportSamples, HandMadeSpmdRows) {
  const auto imported = import_text(sample("tfa-hexrows-plain.log"));
  EXPECT_EQ(figures(imported),
            "spmd-rows: rows 1088, calls 282, pairs 269, orphans 5, given up 6, lost 0");
  EXPECT_THAT(imported.counts.given_up_lines, ElementsAre(676, 677, 683, 685, 688, 883));
}

// Whole rows: 589; NS smc 144, S eret 146, S smc 154, NS eret 145. The request of line 157 is
// damaged, but line 159 has it again: 145 calls of the normal world, all answered. The SPMC's own:
// SPM_ID_GET, ID_GET, SECONDARY_EP_REGISTER (answered), MSG_WAIT 2, NORMAL_WORLD_RESUME 5 (not).
TEST(ImportSamples, NamedRows) {
  const auto imported = import_text(sample("tfa-hexrows-named.log"));
  EXPECT_EQ(figures(imported),
            "named-rows: rows 589, calls 155, pairs 148, orphans 0, given up 1, lost 0");
  EXPECT_THAT(imported.counts.given_up_lines, ElementsAre(157));
}

// grep -c 'FFA req' gives 141, grep -c 'FFA resp' 76.
TEST(ImportSamples, OpteesConsole) {
  EXPECT_EQ(figures(import_text(sample("optee-secure-uart-level4-handpatch.log"))),
            "optee-rows: rows 217, calls 141, pairs 76, orphans 0, given up 0, lost 0");
}

// grep -c PC=ffff80008001b090 gives 34, grep -c PC=ffff80008001b094 34; the last one is cut behind
// X07 by the end of the file.
TEST(ImportSamples, QemusDumps) {
  const auto imported = import_text(sample("qemu-int-cpu.log"));
  EXPECT_EQ(figures(imported), "qemu: rows 68, calls 34, pairs 34, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out_known, sim::trace::all_registers);
  EXPECT_EQ(imported.events.back().out_known, 0xffU);
  EXPECT_EQ(imported.events.back().conduit, "smc");
}

TEST(ImportSamples, AConsoleLogWithoutCallsSaysSo) {
  const auto imported = import_text(sample("xen-console-debug-dom0.log"));
  EXPECT_THAT(imported.error,
              HasSubstr("log: no FF-A call in it; import knows trace-cmd, ftrace, spmd-verbose, "));
  EXPECT_TRUE(imported.events.empty());
}

// Slices, counted line by line.

// Calls of xtest-76: 323, 325, 327, 330, 334; of xtest-72: 328, 332. Returns of xtest-76: 324, 326,
// 329, 333; of xtest-72: 331. The returns of 332 and 334 lie behind the slice.
TEST(ImportSlices, FtraceOfTwoTasksAtOnce) {
  const auto imported = import_text(sample_lines("ftrace-kprobe-concurrent.txt", 323, 334));
  EXPECT_EQ(figures(imported), "ftrace: rows 12, calls 7, pairs 5, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[3].vcpu, 1);
  EXPECT_EQ(imported.events[3].seq_ret - imported.events[3].seq, 3U);
}

// Rows: 237, 238, 241, 246-262. Calls: 237, 241, and the even lines from 246 on (9). The answer to
// 241 is the SPMD's own and has no row; to 262 it lies behind the slice. Lines 242 and 245 are
// damaged: the second one looks like an answer to 241, but is one to the call in 242.
TEST(ImportSlices, TfaAtVerboseLevel) {
  EXPECT_EQ(figures(import_text(sample_lines("tfa-console-verbose.log", 237, 262))),
            "spmd-verbose: rows 20, calls 11, pairs 9, orphans 0, given up 2, lost 0");
}

// Calls: 656, 660, 664, 666, 667, 671, 675, 681, 689, 693. Sure answers: of 656, 660, 667, 671,
// 689, 693. 666 is a NORMAL_WORLD_RESUME. Damaged: 676, 677, 683, 685, 688 (and 679, 684: what is
// left there is no row). Answers of nobody: 678, 680, 686, 687.
TEST(ImportSlices, HandMadeSpmdRows) {
  EXPECT_EQ(figures(import_text(sample_lines("tfa-hexrows-plain.log", 656, 696))),
            "spmd-rows: rows 34, calls 10, pairs 6, orphans 4, given up 5, lost 0");
}

// Calls: 153, 157 (from its second row, 159), 162, 166; four rows each but 157.
TEST(ImportSlices, NamedRows) {
  EXPECT_EQ(figures(import_text(sample_lines("tfa-hexrows-named.log", 153, 169))),
            "named-rows: rows 15, calls 4, pairs 4, orphans 0, given up 1, lost 0");
}

// `req` in 352, 354, 358, 360, 362, 364, 368-371, 373-375, 377, 379, 380: 16. `resp` in 353, 356,
// 359, 361, 372, 376, 378: 7.
TEST(ImportSlices, OpteesConsole) {
  EXPECT_EQ(figures(import_text(sample_lines("optee-secure-uart-level4-handpatch.log", 352, 380))),
            "optee-rows: rows 23, calls 16, pairs 7, orphans 0, given up 0, lost 0");
}

// Dumps begin at 3913 (call), 3943 (answer), 4003 (call), 4039 (answer).
TEST(ImportSlices, QemusDumps) {
  EXPECT_EQ(figures(import_text(sample_lines("qemu-int-cpu.log", 3913, 4050))),
            "qemu: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
}

}  // namespace
