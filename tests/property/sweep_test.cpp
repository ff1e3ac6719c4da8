// SPDX-License-Identifier: BSD-3-Clause
// Of a send in fragments, every single operation fails in turn: each SMC with each status and with
// answers that are none, each operation of the platform that can fail. What is left is what was
// there before, or a quarantined share that says so; and the next send works. A sweep ends where
// there is no n-th operation, and that end is checked against what a send without a fault does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ffa/fid.hpp"
#include "send_world.hpp"

namespace property {
namespace {

using mediator::FragmentHandles;

constexpr int32_t statuses[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
/// Registers that answer no send: SUCCESS without a handle, INTERRUPT, YIELD, nonsense.
const std::vector<std::vector<uint64_t>> no_answers = {
    {0x84000061, 0, 0xffffffff, 0xffffffff}, {0x84000062}, {0x8400006c}, {0xdeadbeef, 1, 2, 3, 4}};

struct Way {
  const char* personality;
  FragmentHandles handles;
  Kind kind;
  ffa::Version guest;
  ffa::Version spmc;
  uint64_t block;  ///< of the VM's memory
};

std::string name_of(const testing::TestParamInfo<Way>& test) {
  const Way& way = test.param;
  const char* const kinds[] = {"share", "lend", "donate"};
  std::string name = fmt::format("{}_{}_{}_1{}_to_1{}", way.personality,
                                 way.handles == FragmentHandles::preset ? "preset" : "streamed",
                                 kinds[static_cast<size_t>(way.kind)], way.guest.raw() & 0xf,
                                 way.spmc.raw() & 0xf);
  if (way.block != page) name += "_blocks";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class Sweep : public testing::TestWithParam<Way> {
 protected:
  static Setting setting() {
    const Way& way = GetParam();
    return {.personality = way.personality,
            .spmc = way.spmc,
            .handles = way.handles,
            .spmc_buffer_pages = 1,
            .guest = way.guest,
            .rxtx_pages = 1,
            .refused_fragment_ends_send = false};
  }
  static std::vector<HostLayout> layout() {
    return {{"swept", vm, sim::Backing::scattered, GetParam().block, ram_bytes}};
  }
  /// Three pairs of ranges, `offset` pages up; zeroed where the kind of send can be.
  static Plan plan(uint64_t offset = 0) {
    const Way& way = GetParam();
    Plan plan;
    plan.kind = way.kind;
    plan.descriptor.layout = way.guest;
    plan.descriptor.attributes = way.kind == Kind::share ? 0x2f : 0;
    plan.descriptor.flags = way.kind == Kind::share ? 0 : 1;
    const auto permissions = static_cast<uint8_t>(way.kind == Kind::donate ? 0 : 2);
    plan.descriptor.receivers.push_back({.id = first_sp + 1, .permissions = permissions});
    for (uint64_t n = 0; n < 6; ++n) {
      const auto pages = static_cast<uint32_t>(1 + n % 3);
      plan.descriptor.ranges.push_back({ram_ipa + (offset + 40 * (n ^ 3)) * page, pages});
    }
    return plan;
  }
  /// The first fragment has two ranges, the next three and one.
  static std::vector<uint64_t> cuts(const Plan& plan) {
    const uint64_t at = plan.ranges_offset();
    return {at + 32, at + 80, at + 96};
  }
  /// Stage-2 mappings behind the plan's ranges, each of which a walk finds for itself.
  static uint64_t mappings() {
    return GetParam().block == page ? plan().pages() : plan().descriptor.ranges.size();
  }

  enum class Run { fired, not_fired };
  /// One run; the fault may strike while the VM sends.
  static void run(const sim::FaultSpec& fault, Run& fired);
  /// As many runs as there are operations, which is the result.
  static void sweep(sim::FaultSpec fault, uint64_t& operations) {
    for (operations = 0;; ++operations) {
      SCOPED_TRACE(fmt::format("{} {}", fault.op, operations + 1));
      ASSERT_LT(operations, 1000U) << "the sweep does not end";
      fault.nth = operations + 1;
      Run fired = Run::fired;
      run(fault, fired);
      if (HasFatalFailure() || fired == Run::not_fired) return;
    }
  }
  /// Each of the faults in turn, at every operation, of which there are `least` to `most`.
  static void sweep_each(const std::vector<sim::FaultSpec>& faults, uint64_t least, uint64_t most) {
    for (const sim::FaultSpec& fault : faults) {
      SCOPED_TRACE(fault.regs ? fmt::format("answers {:#x}", fault.regs->front())
                              : fmt::format("answers {}", fault.status.value()));
      uint64_t operations = 0;
      sweep(fault, operations);
      if (HasFatalFailure()) return;
      ASSERT_GE(operations, least);
      ASSERT_LE(operations, most);
    }
  }
  static std::vector<sim::FaultSpec> every_status(const char* op) {
    std::vector<sim::FaultSpec> faults;
    for (const int32_t status : statuses) {
      faults.emplace_back();
      faults.back().op = op;
      faults.back().status = status;
    }
    return faults;
  }
  static void statuses_of(const char* op, uint64_t least) {
    sweep_each(every_status(op), least, UINT64_MAX);
  }
  /// SMCs of a send that nothing disturbs.
  static uint64_t smcs() {
    SendWorld world{setting(), layout()};
    const Outcome outcome = world.send(plan(), vm, cuts(plan()));
    EXPECT_TRUE(outcome.ok);
    uint64_t count = 0;
    for (const auto& event : world.simulation().events()) {
      count += event.side == sim::trace::Side::spmc ? 1 : 0;
    }
    return count;
  }

  static constexpr uint16_t vm = 0x2103;
};

void Sweep::run(const sim::FaultSpec& fault, Run& fired) {
  SendWorld world{setting(), layout(), {fault}};
  const State before = world.state();
  world.simulation().arm_fault(0, true);
  const Outcome outcome = world.send(plan(), vm, cuts(plan()));
  world.simulation().arm_fault(0, false);
  fired = world.simulation().fault_fired(0) ? Run::fired : Run::not_fired;
  ASSERT_EQ(outcome.wrong, "");
  ASSERT_TRUE(outcome.ok || fired == Run::fired) << outcome.status << " " << outcome.rule;
  if (outcome.ok) {
    ASSERT_EQ(outcome.told, world.pages_of(plan(), vm));
    ASSERT_EQ(world.reclaim(vm, outcome.handle).w(0), ffa::fid32(ffa::Fid::success));
  }
  const State after = world.state();
  const uint32_t quarantined = world.quarantined(vm);
  if (quarantined == 0) {
    ASSERT_EQ(after, before);
  } else {
    ASSERT_EQ(quarantined, 1U);
    ASSERT_FALSE(outcome.ok);
    ASSERT_TRUE(fault.regs) << "the SPMC said what it holds";
    ASSERT_FALSE(world.simulation().log().empty()) << "nobody is told";
  }
  // Pages that are still the VM's go to an SP as if nothing had been.
  const Plan next = plan(quarantined == 0 ? 0 : 1000);
  const Outcome again = world.send(next, vm, cuts(next));
  ASSERT_TRUE(again.ok) << again.status << " " << again.rule;
  ASSERT_EQ(again.told, world.pages_of(next, vm));
  ASSERT_EQ(world.reclaim(vm, again.handle).w(0), ffa::fid32(ffa::Fid::success));
  ASSERT_EQ(world.state(), after);
  ASSERT_EQ(world.violations(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Sends, Sweep,
    testing::Values(
        Way{"op-tee", FragmentHandles::preset, Kind::share, ffa::v1_0, ffa::v1_1, page},
        Way{"op-tee", FragmentHandles::preset, Kind::lend, ffa::v1_2, ffa::v1_2, page},
        Way{"op-tee", FragmentHandles::streamed, Kind::share, ffa::v1_1, ffa::v1_0, page},
        Way{"op-tee", FragmentHandles::streamed, Kind::lend, ffa::v1_0, ffa::v1_2, 2U << 20},
        Way{"hafnium", FragmentHandles::streamed, Kind::share, ffa::v1_2, ffa::v1_1, page},
        Way{"hafnium", FragmentHandles::streamed, Kind::lend, ffa::v1_1, ffa::v1_2, page},
        Way{"hafnium", FragmentHandles::streamed, Kind::donate, ffa::v1_2, ffa::v1_2, page},
        Way{"tf-a-el3", FragmentHandles::streamed, Kind::share, ffa::v1_1, ffa::v1_1, page}),
    name_of);

TEST_P(Sweep, EverySmcAnswersEveryStatus) {
  const uint64_t count = smcs();
  ASSERT_GE(count, 1U);
  sweep_each(every_status("smc"), count, count);
}

TEST_P(Sweep, EverySmcAnswersWhatIsNoAnswer) {
  const uint64_t count = smcs();
  std::vector<sim::FaultSpec> faults;
  for (const auto& regs : no_answers) {
    faults.emplace_back();
    faults.back().op = "smc";
    faults.back().regs = regs;
  }
  sweep_each(faults, count, count);
}

// As many as there are stage-2 mappings behind the ranges, at least.
TEST_P(Sweep, EveryPinFails) { statuses_of("pin", mappings()); }
TEST_P(Sweep, EveryTranslationFindsNothing) { statuses_of("translate", mappings()); }
TEST_P(Sweep, EveryWithdrawalFails) {
  statuses_of("set_access", GetParam().kind == Kind::share ? 0 : plan().descriptor.ranges.size());
}
TEST_P(Sweep, EveryMappingFails) {
  statuses_of("map", GetParam().kind == Kind::share ? 0 : plan().descriptor.ranges.size());
}

}  // namespace
}  // namespace property
