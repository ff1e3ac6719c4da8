// SPDX-License-Identifier: BSD-3-Clause
// On which physical CPU a vCPU runs: one at a time, the same until its call is back or waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_mediator.hpp"

namespace sim::test {
namespace {

using testing::ElementsAre;

WorldSpec two_cpus() {
  WorldSpec world = small_world();
  world.pcpus = 2;
  return world;
}

TEST(Placement, TheMediatorIsToldWhereItRuns) {
  FakeWorld w{{}, false, two_cpus()};
  w.start();
  std::vector<uint16_t> seen;
  w.script.call = [&](FakeMediator& m, uint16_t, uint16_t, ffa::Regs&) {
    seen.push_back(m.ops.pcpu(m.world));
    return true;
  };
  w.call(1, {0x84000063}, 0);
  w.call(1, {0x84000063}, 1);
  EXPECT_TRUE(w.simulation.move_vcpu(1, 0, 1));
  EXPECT_FALSE(w.simulation.move_vcpu(1, 0, 2));
  w.call(1, {0x84000063}, 0);
  EXPECT_THAT(seen, ElementsAre(0, 1, 1));
}

TEST(Placement, ACallThatRunsStaysOneThatWaitsMayMove) {
  FakeWorld w{{}, false, two_cpus()};
  w.start();
  std::vector<uint16_t> seen;
  w.script.call = [&](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs&) {
    if (seen.empty()) {
      w.simulation.move_vcpu(vm, vcpu, 1);
      m.smc(vm, regs({0x84000069}));
      seen.push_back(m.ops.pcpu(m.world));
      m.ops.wake(m.world, vm, vcpu);
      w.script.waits = true;
      return true;
    }
    m.smc(vm, regs({0x84000069}));
    seen.push_back(m.ops.pcpu(m.world));
    return true;
  };
  w.call(1, {0x84000063}, 0);
  EXPECT_THAT(seen, ElementsAre(0, 1));
  std::vector<uint16_t> of_smcs;
  for (const auto& event : w.simulation.events()) {
    if (event.side == trace::Side::spmc) of_smcs.push_back(event.pcpu);
  }
  EXPECT_EQ(of_smcs, seen);
}

TEST(Placement, AVcpuThatRunsTwiceAtOnceIsReported) {
  FakeWorld w{{}, false, two_cpus()};
  w.start();
  bool inside = false;
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs&) {
    if (std::exchange(inside, true)) return true;
    w.simulation.move_vcpu(1, 0, 1);
    w.call(1, {0x84000063}, 0);
    return true;
  };
  w.call(1, {0x84000063}, 1);
  EXPECT_THAT(w.found(), testing::IsEmpty()) << w.texts();
  inside = false;
  w.call(1, {0x84000063}, 0);
  EXPECT_THAT(w.found(), testing::Contains("I29")) << w.texts();
}

}  // namespace
}  // namespace sim::test
