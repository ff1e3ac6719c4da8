// SPDX-License-Identifier: BSD-3-Clause
// The built-in mediator in a whole world: its life, every single fault, vCPUs against each other.
// No invariant is broken, and no checker cries wolf.
#include <gtest/gtest.h>

#include "ffa/fid.hpp"
#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"
#include "sim/trace/event.hpp"

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

// Registers buffers, lists, shares two ranges, sends a request, reclaims: of both versions of the
// descriptor's host.
void work(Simulation& simulation, uint16_t vm, uint16_t vcpu, uint64_t version) {
  const auto call = [&](std::initializer_list<uint64_t> in) {
    ffa::Regs r = regs(in);
    simulation.guest_call(vm, vcpu, FFA_SIM_SMC, r);
    return r;
  };
  call({0x84000063, version});
  call({0xc4000066, ram_ipa, ram_ipa + page, 1});
  call({0x84000068});
  call({0x84000065});
  const std::vector<std::pair<uint64_t, uint32_t>> ranges{{ram_ipa + 8 * page, 3},
                                                          {ram_ipa + 20 * page, 1}};
  const auto bytes = descriptor(vm, ranges);
  simulation.machine().write_ipa(vm, ram_ipa, std::as_bytes(std::span{bytes}));
  const ffa::Regs shared = call({0xc4000073, bytes.size(), bytes.size()});
  call({0xc400008b});
  call({0x8400006f, uint64_t{vm} << 16 | 0x8001, 0, 5, 6, 7, 8, 9});
  call({0x84000068, 1, 2, 3, 4, 1});
  if (shared.w(0) == success) call({0x84000077, shared.x[2], shared.x[3]});
  call({0xc4000073, bytes.size(), bytes.size()});  // lives until the VM ends
  call({0x84000067});
}

void destroy(Simulation& simulation, uint16_t vm) {
  for (int round = 0; round < 1000; ++round) {
    if (simulation.destroy_vm(vm, 3) != FFA_SIM_RESTART) return;
  }
  ADD_FAILURE() << "VM " << vm << " never goes";
}

TEST(BuiltIn, SharesAndReclaimsBreakNoInvariant) {
  Booted w;
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.simulation.create_vm(2);
  work(w.simulation, 1, 0, 0x10001);
  work(w.simulation, 2, 1, 0x10002);
  uint64_t shares = 0;
  for (const trace::Event& event : w.simulation.events()) {
    const bool share = event.side == trace::Side::guest && event.in.w(0) == share_call;
    shares += share && event.out.w(0) == success ? 1 : 0;
  }
  EXPECT_EQ(shares, 4U);
  destroy(w.simulation, 1);
  destroy(w.simulation, 2);
  EXPECT_EQ(w.simulation.secure_world().model()->regions(), 0U);
  EXPECT_EQ(texts(w.simulation), "");
}

// One run with the n-th operation failing. False: there is no n-th any more.
bool run_with_fault(const char* op, uint64_t nth, int32_t status) {
  WorldSpec world = small_world();
  FaultSpec fault;
  fault.op = op;
  fault.nth = nth;
  fault.status = status;
  world.faults = {fault};
  Booted w{world};
  w.simulation.boot();
  if (w.simulation.create_vm(1) == 0) {
    work(w.simulation, 1, 0, 0x10001);
    destroy(w.simulation, 1);
  }
  EXPECT_EQ(texts(w.simulation), "") << op << " " << nth << " answers " << status;
  return w.simulation.fault_fired(0);
}

class BuiltInFaults : public testing::TestWithParam<std::pair<const char*, int32_t>> {};

TEST_P(BuiltInFaults, EverySinglePointIsSurvived) {
  const auto [op, status] = GetParam();
  uint64_t nth = 1;
  while (run_with_fault(op, nth, status)) {
    ++nth;
    ASSERT_LT(nth, 500U);
  }
  EXPECT_GT(nth, 1U);
}

INSTANTIATE_TEST_SUITE_P(Operations, BuiltInFaults,
                         testing::Values(std::pair{"smc", -1}, std::pair{"smc", -2},
                                         std::pair{"smc", -3}, std::pair{"smc", -4},
                                         std::pair{"smc", -6}, std::pair{"smc", -7},
                                         std::pair{"smc", -8}, std::pair{"pin", -3},
                                         std::pair{"pin", -6}, std::pair{"map", -3},
                                         std::pair{"translate", 0}, std::pair{"budget", 0},
                                         std::pair{"memory", -3}));

TEST(BuiltIn, VcpusAgainstEachOtherBreakNoInvariant) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto factory = built_in_mediator();
    Choices choices{seeded_choices(seed)};
    Simulation simulation{small_world(), *factory, choices};
    Checkers checkers{simulation};
    simulation.boot();
    simulation.create_vm(1);
    simulation.create_vm(2);
    const bool done = simulation.run({{"1.0", [&] { work(simulation, 1, 0, 0x10001); }},
                                      {"1.1", [&] { work(simulation, 1, 1, 0x10001); }},
                                      {"2.0", [&] { work(simulation, 2, 0, 0x10002); }}});
    ASSERT_TRUE(done) << "seed " << seed << "\n" << texts(simulation);
    destroy(simulation, 1);
    destroy(simulation, 2);
    ASSERT_EQ(texts(simulation), "") << "seed " << seed;
  }
}

TEST(BuiltIn, AVmThatGoesWhileAnotherWorksBreaksNoInvariant) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto factory = built_in_mediator();
    Choices choices{seeded_choices(seed)};
    Simulation simulation{small_world(), *factory, choices};
    Checkers checkers{simulation};
    simulation.boot();
    simulation.create_vm(1);
    simulation.create_vm(2);
    work(simulation, 2, 1, 0x10001);
    const bool done = simulation.run({{"1.0", [&] { work(simulation, 1, 0, 0x10002); }},
                                      {"host", [&] { destroy(simulation, 2); }}});
    ASSERT_TRUE(done) << "seed " << seed << "\n" << texts(simulation);
    destroy(simulation, 1);
    ASSERT_EQ(texts(simulation), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace sim::test
