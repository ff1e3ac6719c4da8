// SPDX-License-Identifier: BSD-3-Clause
// A world that has a place where a debugger is to stop it.
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "bare_world.hpp"
#include "sim/engine/simulation.hpp"

namespace sim::test {
namespace {

constexpr int no_ptrace = 77;

/// The first call of a guest is 5, behind boot and creation.
void make_a_call(const std::shared_ptr<Breakpoint>& place) {
  WorldSpec spec = small_world();
  spec.break_at = place;
  Bare w{spec};
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.call({0x84000000, 7, 8});
}

TEST(Breakpoint, StopsATracedProcessOnce) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(no_ptrace);
    make_a_call(std::make_shared<Breakpoint>(Breakpoint{5, 0, false}));
    _exit(3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_ptrace) GTEST_SKIP() << "no ptrace here";
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_EQ(WSTOPSIG(status), SIGTRAP);
  ASSERT_EQ(ptrace(PTRACE_CONT, child, nullptr, nullptr), 0);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(Breakpoint, IsReachedOrNot) {
  const auto reached = std::make_shared<Breakpoint>(Breakpoint{5, 0, false});
  make_a_call(reached);
  EXPECT_TRUE(reached->reached);
  const auto beyond = std::make_shared<Breakpoint>(Breakpoint{5, 1000, false});
  make_a_call(beyond);
  EXPECT_FALSE(beyond->reached);
}

}  // namespace
}  // namespace sim::test
