// SPDX-License-Identifier: BSD-3-Clause
// Kernel probes: names, places, values and lost entries as ftrace and trace-cmd print them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trace/import_logs.hpp"

namespace {

using test::figures;
using test::import_text;

std::string task_row(const std::string& task, int cpu, const std::string& info,
                     const std::string& flags = "d....") {
  return fmt::format("  {} [{:03}] {} 1.000001: {}\n", task, cpu, flags, info);
}
const std::string call_row = "ffa_call: (arm_smccc_1_2_smc+0x0/0x70) a0=0x84000066 a1=0x1000";
const std::string ret_row = "ffa_ret: (arm_smccc_1_2_smc+0x34/0x70) x0=0x84000061 x1=0x0";

TEST(ImportKernel, LostEntriesOfACpuRestartItsPairing) {
  const auto imported = import_text(task_row("a-1", 0, call_row) + task_row("b-2", 1, call_row) +
                                    "CPU:1 [LOST 17 EVENTS]\n" + task_row("b-2", 1, ret_row) +
                                    task_row("a-1", 0, ret_row));
  EXPECT_EQ(figures(imported), "ftrace: rows 4, calls 2, pairs 1, orphans 1, given up 0, lost 17");
  EXPECT_TRUE(imported.events[0].returned());
  EXPECT_FALSE(imported.events[1].returned());
}

TEST(ImportKernel, OverwrittenEntriesAreCounted) {
  const auto imported =
      import_text("# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/12   #P:2\n" +
                  task_row("a-1", 0, call_row) + task_row("a-1", 0, ret_row));
  EXPECT_EQ(figures(imported), "ftrace: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 10");
}

TEST(ImportKernel, AnInterruptsCallLiesInsideTheTasks) {
  const std::string inner = "ffa_call: (arm_smccc_1_2_smc+0x0/0x70) a0=0xc4000083 a1=0x0";
  const std::string inner_ret =
      "ffa_ret: (arm_smccc_1_2_smc+0x34/0x70) x0=0xc4000061 x1=0x0 x2=0x80";
  const auto imported =
      import_text(task_row("a-1", 0, call_row) + task_row("a-1", 0, inner, "d.h..") +
                  task_row("a-1", 0, inner_ret, "d.h..") + task_row("a-1", 0, ret_row));
  EXPECT_EQ(figures(imported), "ftrace: rows 4, calls 2, pairs 2, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.events[0].out.x[0], 0x84000061U);
  EXPECT_EQ(imported.events[1].out.x[2], 0x80U);
}

TEST(ImportKernel, ProbesAreToldApartByPlaceNameOrContents) {
  const std::pair<std::string, std::string> probes[] = {
      {"p: (smc+0x0/0x8) a0=0x84000066", "q: (smc+0x4/0x8) a0=0x84000061"},
      {"p_smc_0: (smc+0x10/0x8) arg1=0x84000066", "r_smc_0: (f+0x4/0x8 <- smc) arg1=0x84000061"},
      {"smc_entry: (ffff80008001b090) x0=2214592614", "smc_exit: (ffff80008001b094) x0=2214592609"},
      {"one: (smc+0x30/0x70) fid=0x84000066 arg1=0x5", "two: (smc+0x34/0x70) x0=0x84000061"}};
  for (const auto& [in, out] : probes) {
    const auto imported =
        import_text(task_row("my task-[x]-12", 3, in) + task_row("my task-[x]-12", 3, out));
    EXPECT_EQ(figures(imported), "ftrace: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0")
        << in;
    EXPECT_EQ(imported.events[0].in.x[0], 0x84000066U);
    EXPECT_EQ(imported.events[0].vcpu, 3);
  }
}

TEST(ImportKernel, OtherServicesAndOtherProbesAreNoCalls) {
  const std::string psci = "ffa_call: (arm_smccc_1_2_smc+0x0/0x70) a0=0x84000003 a1=0x1";
  const std::string psci_ret = "ffa_ret: (arm_smccc_1_2_smc+0x34/0x70) x0=0x0 x1=0x0";
  const auto imported = import_text(
      task_row("a-1", 0, psci) + task_row("a-1", 0, psci_ret) + task_row("a-1", 0, call_row) +
      task_row("a-1", 0, "irq: (do_irq+0x0/0x20) vector=0x5 name=0x7") +
      task_row("a-1", 0, "sched_switch: prev_comm=x prev_pid=1") + task_row("a-1", 0, ret_row));
  EXPECT_EQ(figures(imported), "ftrace: rows 4, calls 1, pairs 1, orphans 0, given up 0, lost 0");
  EXPECT_EQ(imported.counts.others, 1U);
}

TEST(ImportKernel, TraceCmdReports) {
  const std::string report =
      "cpus=2\n"
      "          xtest-72    [001]   100.000001: ffa_call:             (ffff80008001b070) "
      "a0=0xc4000073 a1=0x60 a2=0x60\n"
      "CPU:0 [3 EVENTS DROPPED]\n"
      "          xtest-72    [001]   100.000009: ffa_ret:              (ffff80008001b0a4) "
      "x0=0x84000061 x1=0x0 x2=0x1 x3=0x1000\n"
      "           <...>-80   [000]   100.000010: ffa_ret:              (ffff80008001b0a4) "
      "x0=0x84000061\n"
      "CPU:0 [EVENTS DROPPED]\n";
  EXPECT_EQ(figures(import_text(report)),
            "trace-cmd: rows 3, calls 1, pairs 1, orphans 1, given up 0, lost 4");
  const std::string with_flags =
      "version = 6\ncpus=1\n"
      "  xtest-72  [001] d..1.   100.000001: ffa_call: (smc+0x0/0x70) a0=0x84000066\n"
      "  xtest-72  [001] d..1.   100.000009: ffa_ret: (smc+0x34/0x70) x0=0x84000061\n";
  EXPECT_EQ(figures(import_text(with_flags)),
            "trace-cmd: rows 2, calls 1, pairs 1, orphans 0, given up 0, lost 0");
}

TEST(ImportKernel, DamagedRowsRestartThePairing) {
  const std::string damaged = task_row("a-1", 0, "ffa_ret: (smc+0x34/0x70) x0=0x84000#61 x1=0x0");
  EXPECT_EQ(
      figures(import_text(task_row("a-1", 0, call_row) + damaged + task_row("a-1", 0, ret_row))),
      "ftrace: rows 2, calls 1, pairs 0, orphans 1, given up 1, lost 0");
}

}  // namespace
