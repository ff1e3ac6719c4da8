// SPDX-License-Identifier: BSD-3-Clause
// One case run again and again: each run is what a fresh world gives.
#include "sim/engine/case_world.hpp"

#include "cases.hpp"

namespace sim::scenario::test {
namespace {

constexpr const char* three_vcpus = R"({
  "world": {"pcpus": 2, "sps": {"sp1": {"kind": "memory_user"}},
            "vms": {"vm1": {"vcpus": 2}, "vm2": {}}},
  "threads": {
    "vm1.0": [{"do": "share", "ranges": [["base+0x3000", 2]]}],
    "vm1.1": [{"do": "rxtx_unmap"}, {"do": "partition_info"}],
    "vm2.0": [{"do": "share", "ranges": [["base+0x5000", 1]]}],
    "host": [{"do": "destroy", "vm": "vm2"}]}})";

std::string fresh(const CompiledCase& compiled, MediatorFactory& factory, uint64_t seed) {
  Choices choices{seeded_choices(seed)};
  return run(compiled, factory, choices).hash;
}

TEST(CaseWorld, EveryRunIsThatOfAFreshWorld) {
  const CompiledCase compiled = compile(case_of(three_vcpus));
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory};
  for (const uint64_t seed : {1, 2, 3, 2, 1, 7, 1}) {
    Choices choices{seeded_choices(seed)};
    const RunRecord& record = world.run(choices);
    EXPECT_EQ(trace::trace_hash(record.events), fresh(compiled, *factory, seed)) << seed;
    EXPECT_EQ(world.hash(), fresh(compiled, *factory, seed)) << seed;
  }
  EXPECT_TRUE(world.begun_again());
}

TEST(CaseWorld, SecondRunKeepsTheWorldUnlessTheFirstIsToldTo) {
  const CompiledCase compiled = compile(case_of(three_vcpus));
  const auto factory = built_in_mediator();
  CaseWorld late{compiled, *factory};
  CaseWorld early{compiled, *factory, CaseWorld::Keeps::first_run};
  const auto run_it = [](CaseWorld& world) {
    Choices choices{seeded_choices(4)};
    world.run(choices);
    return world.begun_again();
  };
  EXPECT_FALSE(run_it(late));
  EXPECT_FALSE(run_it(late));
  EXPECT_TRUE(run_it(late));
  EXPECT_FALSE(run_it(early));
  EXPECT_TRUE(run_it(early));
}

TEST(CaseWorld, AfterAnExceptionTheWorldIsMadeAnew) {
  const CompiledCase compiled = compile(case_of(three_vcpus));
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory, CaseWorld::Keeps::first_run};
  Choices good{seeded_choices(1)};
  world.run(good);
  Choices bad{recorded_choices("0:other=1", "a test")};
  EXPECT_THROW(world.run(bad), InputError);
  Choices again{seeded_choices(1)};
  EXPECT_EQ(trace::trace_hash(world.run(again).events), fresh(compiled, *factory, 1));
  EXPECT_FALSE(world.begun_again());
}

TEST(CaseWorld, CallThatWaitsForEverEndsWithItsRun) {
  const CompiledCase compiled = compile(case_of(R"({
    "world": {"vms": {"vm1": {"version": "1.2", "visible_to_vms": true}, "vm2": {}}},
    "threads": {"vm1.0": [{"do": "wait", "expect": {"waits": true}}],
                "vm2.0": [{"do": "id_get"}]}})"));
  const auto factory = built_in_mediator();
  CaseWorld world{compiled, *factory, CaseWorld::Keeps::first_run};
  for (const uint64_t seed : {1, 2, 3}) {
    Choices choices{seeded_choices(seed)};
    const RunRecord& record = world.run(choices);
    EXPECT_EQ(trace::trace_hash(record.events), fresh(compiled, *factory, seed));
  }
  EXPECT_TRUE(world.begun_again());
}

}  // namespace
}  // namespace sim::scenario::test
