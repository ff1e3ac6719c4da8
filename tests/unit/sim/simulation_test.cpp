// SPDX-License-Identifier: BSD-3-Clause
// The world around a mediator: faults, life cycle, and what is reported of the platform's use.
#include "sim/engine/simulation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bare_world.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/platform/arena.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using trace::Side;

WorldSpec with_fault(FaultSpec fault) {
  WorldSpec spec = small_world();
  spec.faults = {std::move(fault)};
  return spec;
}

FaultSpec fault(const char* op, uint64_t nth) {
  FaultSpec spec;
  spec.op = op;
  spec.nth = nth;
  return spec;
}

TEST(Faults, TheNthSmcOfAFunctionGetsAnotherAnswer) {
  FaultSpec spec = fault("smc", 2);
  spec.match_fid = 0x84000077;
  spec.status = static_cast<int32_t>(ffa::Status::busy);
  Bare w{with_fault(spec)};
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.script.call = forward();
  EXPECT_EQ(w.call({0x84000077}), ffa::success32());
  EXPECT_EQ(w.call({0x84000069}), ffa::success32());
  EXPECT_FALSE(w.simulation.fault_fired(0));
  EXPECT_EQ(w.call({0x84000077}), ffa::reply(ffa::Status::busy));
  EXPECT_TRUE(w.simulation.fault_fired(0));
  EXPECT_EQ(w.call({0x84000077}), ffa::success32());
}

TEST(Faults, ExecuteLetsTheSpmcDoItFirst) {
  int asked = 0;
  FaultSpec spec = fault("smc", 0);
  spec.regs = std::vector<uint64_t>{0x84000061, 0, 5};
  Bare without{with_fault(spec), [&](const ffa::Regs&) {
                 ++asked;
                 return ffa::Regs{};
               }};
  without.simulation.create_vm(1);
  without.script.call = forward();
  EXPECT_EQ(without.call({0x84000077}), ffa::success32(5));
  EXPECT_EQ(asked, 0);
  spec.execute = true;
  Bare with{with_fault(spec), [&](const ffa::Regs&) {
              ++asked;
              return ffa::Regs{};
            }};
  with.simulation.create_vm(1);
  with.script.call = forward();
  EXPECT_EQ(with.call({0x84000077}), ffa::success32(5));
  EXPECT_EQ(with.call({0x84000077}), ffa::success32(5));  // nth 0: every one
  EXPECT_EQ(asked, 2);
}

TEST(Faults, PlatformOperationsFail) {
  const auto run = [](const char* op, std::optional<int32_t> status) {
    FaultSpec spec = fault(op, 1);
    spec.status = status;
    Bare w{with_fault(spec)};
    w.simulation.create_vm(1);
    std::vector<int64_t> results;
    w.script.call = [&results](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs&) {
      const auto extent = m.translate(vm, ram_ipa, 1);
      results.push_back(extent.kind);
      results.push_back(m.ops.pin(m.world, vm, ram_ipa, &extent));
      uint32_t buffer = 0;
      results.push_back(m.ops.map(m.world, vm, ram_ipa, 1, &buffer));
      results.push_back(m.ops.vm_get(m.world, vm));
      if (results.back() == 1) m.ops.vm_put(m.world, vm);
      results.push_back(m.ops.budget_left(m.world));
      return true;
    };
    w.call({0x84000069});
    EXPECT_TRUE(w.simulation.fault_fired(0));
    return results;
  };
  EXPECT_THAT(run("pin", {}), ElementsAre(1, -3, -6, 1, 1));
  EXPECT_THAT(run("map", -4), ElementsAre(1, 0, -4, 1, 1));
  EXPECT_THAT(run("translate", {}), ElementsAre(0, -6, -6, 1, 1));
  EXPECT_THAT(run("vm_get", {}), ElementsAre(1, 0, 0, 0, 1));
  EXPECT_THAT(run("budget", {}), ElementsAre(1, 0, 0, 1, 0));
}

TEST(Faults, OnlyWhileArmedTheyCount) {
  FaultSpec spec = fault("smc", 1);
  spec.armed = false;
  Bare w{with_fault(spec)};
  w.simulation.create_vm(1);
  w.script.call = forward();
  EXPECT_EQ(w.call({0x84000077}), ffa::success32());
  w.simulation.arm_fault(0, true);
  EXPECT_EQ(w.call({0x84000077}), ffa::reply(ffa::Status::aborted));
}

TEST(Faults, AVmWhoseMemoryCannotBeHadIsNotCreated) {
  FaultSpec spec = fault("memory", 1);
  Bare w{with_fault(spec)};
  w.script.init = [](FakeMediator&, uint16_t) {
    ADD_FAILURE();
    return 0;
  };
  EXPECT_EQ(w.simulation.create_vm(1), static_cast<int32_t>(ffa::Status::no_memory));
  EXPECT_FALSE(w.simulation.machine().has_vm(1));
}

TEST(Faults, UnknownOperationsAreBadInput) {
  EXPECT_THROW(Bare{with_fault(fault("cpu", 1))}, InputError);
  FaultSpec many = fault("smc", 1);
  many.regs = std::vector<uint64_t>(19);
  EXPECT_THROW(Bare{with_fault(many)}, InputError);
}

TEST(World, ASpecThatCannotBeBuiltIsBadInput) {
  Script script;
  FakeFactory factory{script};
  Choices choices{seeded_choices(1)};
  WorldSpec unknown = small_world();
  unknown.spmc.personality = "nobody";
  EXPECT_THROW(Simulation(unknown, factory, choices), InputError);
  WorldSpec normal_sp = small_world();
  normal_sp.sps[0].id = 5;
  EXPECT_THROW(Simulation(normal_sp, factory, choices), InputError);
  Bare w;
  EXPECT_THROW(w.simulation.create_vm(9), InputError);
  EXPECT_THROW(w.simulation.destroy_vm(1, 0), InputError);
}

TEST(World, WithoutSpmcEverySmcIsNotSupported) {
  Script script;
  script.call = forward();
  FakeFactory factory{script};
  Choices choices{seeded_choices(1)};
  WorldSpec spec = small_world();
  spec.spmc.absent = true;
  Simulation simulation{spec, factory, choices};
  simulation.create_vm(1);
  ffa::Regs r = regs({0x84000063, 0x10001});
  simulation.guest_call(1, 0, FFA_SIM_SMC, r);
  EXPECT_EQ(r, regs({0xffffffff, 0x10001}));
}

TEST(Life, AFailedCreationLeavesNothing) {
  Bare w;
  w.script.init = [](FakeMediator&, uint16_t) { return -6; };
  EXPECT_EQ(w.simulation.create_vm(1), -6);
  EXPECT_FALSE(w.simulation.machine().has_vm(1));
  EXPECT_EQ(w.simulation.events().back().op, "create");
  EXPECT_EQ(w.simulation.events().back().result, -6);
  w.script.init = {};
  EXPECT_EQ(w.simulation.create_vm(1), 0);
  EXPECT_EQ(w.simulation.create_vm(1), -6);  // it exists
  EXPECT_THAT(w.reports(), IsEmpty());
}

TEST(Life, ABudgetStopsTeardownAndItGoesOn) {
  Bare w;
  w.simulation.create_vm(1);
  int left = 5;
  w.script.teardown = [&left](FakeMediator& m, uint16_t vm) {
    EXPECT_EQ(m.ops.vm_get(m.world, vm), 0);  // dying
    while (left > 0) {
      if (m.ops.budget_left(m.world) == 0) return uint32_t{FFA_SIM_RESTART};
      --left;
    }
    return uint32_t{FFA_SIM_DONE};
  };
  EXPECT_EQ(w.simulation.destroy_vm(1, 2), uint32_t{FFA_SIM_RESTART});
  EXPECT_EQ(left, 3);
  EXPECT_TRUE(w.simulation.machine().has_vm(1));
  EXPECT_EQ(w.simulation.destroy_vm(1, 2), uint32_t{FFA_SIM_RESTART});
  EXPECT_EQ(w.simulation.destroy_vm(1, 2), uint32_t{FFA_SIM_DONE});
  EXPECT_FALSE(w.simulation.machine().has_vm(1));
  std::vector<std::string> ops;
  for (const auto& event : w.simulation.events()) ops.push_back(event.op);
  EXPECT_THAT(ops, ElementsAre("create", "teardown", "teardown", "teardown", "relinquish", "free"));
  EXPECT_THAT(w.reports(), IsEmpty());
}

TEST(Life, QuarantinedPagesLeaveCirculation) {
  Bare w;
  w.simulation.create_vm(1);
  const uint64_t pa = w.simulation.machine().translate(1, ram_ipa, 1).pa.raw();
  w.script.teardown = [](FakeMediator& m, uint16_t vm) {
    m.pin(vm, ram_ipa, 1);
    return uint32_t{FFA_SIM_QUARANTINED};
  };
  EXPECT_EQ(w.simulation.destroy_vm(1, 0), uint32_t{FFA_SIM_QUARANTINED});
  EXPECT_EQ(w.simulation.machine().owner(pa), PageOwner::quarantined);
  EXPECT_THAT(w.reports(), IsEmpty());
}

TEST(Life, LeaksOfPinsAndReferencesAreReported) {
  Bare w;
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs&) {
    m.ops.vm_get(m.world, vm);
    return true;
  };
  w.call({0x84000069});
  EXPECT_THAT(w.reports(), ElementsAre(HasSubstr("1 references to VM 1")));
  w.script.teardown = [](FakeMediator& m, uint16_t vm) {
    m.pin(vm, ram_ipa, 1);
    return uint32_t{FFA_SIM_DONE};
  };
  w.simulation.destroy_vm(1, 0);
  EXPECT_THAT(w.reports().back(), HasSubstr("I06"));
}

TEST(Misuse, OfThePlatformIsReported) {
  Bare w;
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs&) {
    const uint64_t none = 0;
    m.ops.vm_put(m.world, vm);
    m.ops.inject_irq(m.world, 77, 0, 8);
    m.ops.rules(m.world, vm, static_cast<uint16_t>(vcpu + 1), &none, 1, 0);
    m.ops.unmap(m.world, 99);
    return true;
  };
  w.call({0x84000069});
  EXPECT_THAT(w.reports(), ElementsAre(HasSubstr("not taken"), HasSubstr("VM 77"),
                                       HasSubstr("vCPU 1.1"), HasSubstr("I22")));
}

TEST(Misuse, WritingOutsideTheOwnMemoryIsReportedOnce) {
  Bare w;
  w.simulation.create_vm(1);
  w.script.intact = false;
  w.call({0x84000069});
  w.call({0x84000069});
  EXPECT_THAT(w.reports(), ElementsAre(HasSubstr("outside the memory")));
  Arena arena{100};
  EXPECT_TRUE(arena.border_intact());
  static_cast<char*>(arena.data())[100] = 1;
  EXPECT_FALSE(arena.border_intact());
}

TEST(Misuse, LocksAcrossAnSmcOrAReturnAreReported) {
  Bare w;
  w.simulation.create_vm(1);
  uint32_t state = 0;
  uint32_t tx = 0;
  w.script.call = [&](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.ops.lock_acquire(m.world, &state, 2);
    m.ops.lock_acquire(m.world, &tx, 4);
    m.smc(vm, r);
    m.ops.lock_release(m.world, &state, 2);
    return true;
  };
  w.call({0x84000069});
  EXPECT_THAT(w.reports(), ElementsAre(HasSubstr("vm_state across an SMC"),
                                       HasSubstr("spmc_tx at the return of a call"),
                                       HasSubstr("spmc_tx at the end of its task")));
}

TEST(Misuse, ACallThatNeverEndsIsGivenUp) {
  Bare w;
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t, uint16_t, ffa::Regs&) {
    while (m.ops.budget_left(m.world) >= 0) {
    }
    return true;
  };
  const bool done = w.simulation.run({{"1.0", [&] { w.call({0x84000069}); }}});
  EXPECT_FALSE(done);
  EXPECT_THAT(w.reports(), ElementsAre(HasSubstr("I33")));
  EXPECT_EQ(w.simulation.open_steps(), 0U);
}

TEST(Concurrency, CallsOfTwoVcpusInterleaveBySeed) {
  const auto run = [](uint64_t seed) {
    Script script;
    script.call = forward();
    FakeFactory factory{script};
    Choices choices{seeded_choices(seed)};
    Simulation simulation{small_world(), factory, choices,
                          std::make_unique<FakeSecureWorld>(FakeSecureWorld::Answer{})};
    simulation.create_vm(1);
    const auto vcpu = [&](uint16_t number) {
      return Simulation::Task{std::to_string(number), [&simulation, number] {
                                for (uint64_t n = 0; n < 4; ++n) {
                                  ffa::Regs r = regs({0x84000069, n});
                                  simulation.guest_call(1, number, FFA_SIM_SMC, r);
                                }
                              }};
    };
    EXPECT_TRUE(simulation.run({vcpu(0), vcpu(1)}));
    bool overlapped = false;
    uint64_t end = 0;
    for (const auto& event : simulation.events()) {
      if (event.side != Side::guest) continue;
      overlapped = overlapped || event.seq < end;
      end = std::max(end, event.seq_ret);
    }
    return std::pair{trace::trace_hash(simulation.events()), overlapped};
  };
  EXPECT_EQ(run(1), run(1));
  int different = 0;
  int overlapping = 0;
  for (uint64_t seed = 2; seed < 12; ++seed) {
    different += run(seed).first != run(1).first ? 1 : 0;
    overlapping += run(seed).second ? 1 : 0;
  }
  EXPECT_GT(different, 5);
  EXPECT_GT(overlapping, 5);
}

}  // namespace
}  // namespace sim::test
