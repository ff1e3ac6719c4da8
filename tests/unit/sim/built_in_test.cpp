// SPDX-License-Identifier: BSD-3-Clause
// The built-in mediator in a whole world: boot, create, a few calls, destroy; no invariant broken.
#include <gtest/gtest.h>

#include "ffa/fid.hpp"
#include "sim/check/checkers.hpp"
#include "sim/trace/event.hpp"
#include "worlds.hpp"

namespace sim::test {
namespace {

using ffa::Fid;

std::string texts(const Simulation& simulation) {
  std::string all;
  for (const Violation& violation : simulation.violations()) {
    all += violation.invariant + " " + violation.text + "\n";
  }
  return all;
}

struct Booted {
  explicit Booted(const WorldSpec& world = small_world())
      : factory(built_in_mediator()),
        choices(seeded_choices(7)),
        simulation(world, *factory, choices),
        checkers(simulation) {}
  ffa::Regs call(uint16_t vm, std::initializer_list<uint64_t> in) {
    ffa::Regs r = regs(in);
    simulation.guest_call(vm, 0, FFA_SIM_SMC, r);
    return r;
  }
  std::unique_ptr<MediatorFactory> factory;
  Choices choices;
  Simulation simulation;
  Checkers checkers;
};

TEST(BuiltIn, LifeOfTwoVmsBreaksNoInvariant) {
  Booted w;
  ASSERT_EQ(w.simulation.boot(), 0);
  ASSERT_EQ(w.simulation.create_vm(1), 0);
  ASSERT_EQ(w.simulation.create_vm(2), 0);
  EXPECT_EQ(w.call(1, {0x84000063, 0x10001}).x[0], 0x10002U);
  EXPECT_EQ(w.call(2, {0x84000063, 0x10002}).x[0], 0x10002U);
  EXPECT_EQ(w.call(1, {0xc4000066, ram_ipa, ram_ipa + page, 1}).x[0], 0x84000061U);
  EXPECT_EQ(w.call(1, {0x84000068}).x[0], 0x84000061U);
  EXPECT_EQ(w.call(1, {0x84000065}).x[0], 0x84000061U);
  EXPECT_EQ(w.call(1, {0x8400006f, 0x18001, 0, 5, 6, 7, 8, 9}).x[0], 0x84000070U);
  EXPECT_EQ(w.call(1, {0x84000000}).x[0], 0xffffffffU);
  EXPECT_EQ(w.simulation.destroy_vm(1, 0), static_cast<uint32_t>(FFA_SIM_DONE));
  EXPECT_EQ(w.simulation.destroy_vm(2, 0), static_cast<uint32_t>(FFA_SIM_DONE));
  EXPECT_EQ(texts(w.simulation), "");
}

}  // namespace
}  // namespace sim::test
