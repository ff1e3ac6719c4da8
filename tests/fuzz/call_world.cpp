// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/call_world.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/check/checkers.hpp"
#include "sim/engine/control.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/explore/strategies.hpp"
#include "sim/scenario/case.hpp"
#include "sim/scenario/compile_program.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

namespace {

using guest::Opcode;
using guest::ProgramKind;
using sim::scenario::CompiledCase;
using sim::scenario::ProgramBuilder;
using What = PlanStep::What;

struct Place {
  uint16_t vm, vcpu;
};
constexpr std::array<Place, actors> places = {{{0, 0}, {vm1_id, 0}, {vm1_id, 1}, {vm2_id, 0}}};

/// What the compiler makes of scenario_text(), without its detour.
class PlanCompiler {
 public:
  explicit PlanCompiler(CompiledCase& out) : out_(out) {}

  void compile(const Plan& plan, size_t faults) {
    out_.steps.reserve(plan.first.size() + plan.threads.size());
    for (uint32_t n = 0; n < faults; ++n) control_.host(Opcode::arm_faults, {.id = n, .flags = 1});
    for (const PlanStep& step : plan.first) add(step, control_, true);
    std::vector<guest::Thread> threads;
    ProgramBuilder host_ops{ProgramKind::control};
    for (size_t actor = 0; actor < actors; ++actor) {
      uint32_t count = 0;
      for (const PlanStep& step : plan.threads) {
        if (step.actor != static_cast<Actor>(actor)) continue;
        if (actor != 0) add(step, control_, false);
        ++count;
      }
      if (count == 0) continue;
      threads.push_back({actor == 0, places[actor].vm, places[actor].vcpu, count});
    }
    control_.parallel(threads);
    finish(plan);
  }

 private:
  void finish(const Plan& plan) {
    for (const PlanStep& step : plan.threads) {
      if (step.actor == Actor::host) add(step, control_, false);
    }
    for (size_t actor = 1; actor < actors; ++actor) {
      if (programs_[actor].ops() == 0) continue;
      out_.programs.push_back(
          {places[actor].vm, places[actor].vcpu, programs_[actor].finish(slots)});
    }
    out_.control = control_.finish(slots);
    out_.only_invariants = true;
  }

  void add(const PlanStep& step, ProgramBuilder& control, bool ordered) {
    const auto number = static_cast<uint32_t>(out_.steps.size());
    const auto actor = static_cast<size_t>(step.actor);
    const Place place = places[actor];
    out_.steps.emplace_back().actor = {actor == 0, place.vm, place.vcpu, {}};
    if (step.what == What::host) {
      guest::HostOp op = step.op;
      op.step = number;
      control.host(step.code, op);
      return;
    }
    ProgramBuilder& program = programs_[actor];
    if (step.what == What::call) {
      add_call(step, program, number == 0);
    } else if (step.what == What::write) {
      program.write(step.ipa, step.bytes);
    } else {
      program.write_operand(step.ipa, 8, {.part = guest::SlotPart::full, .slot = step.slot});
    }
    program.step(number);
    if (ordered) control.run({place.vm, place.vcpu, number});
  }

  static void add_call(const PlanStep& step, ProgramBuilder& program, bool clears) {
    guest::CallOp op;
    op.conduit = step.hvc ? guest::Conduit::hvc : guest::Conduit::smc;
    op.mask = (1U << guest::register_count) - 1;
    for (size_t n = 0; n < guest::register_count; ++n) op.registers[n].constant = step.x[n];
    if (step.handle_register != 0) {
      op.registers[step.handle_register] = {.part = guest::SlotPart::low, .slot = step.slot};
      op.registers[step.handle_register + 1] = {.part = guest::SlotPart::high, .slot = step.slot};
    }
    program.call(op);
    using guest::SaveSource;
    for (uint16_t n = 0; clears && n < slots; ++n) {
      program.save({.slot = n, .source = SaveSource::reg, .reg = 17});
    }
    if (step.save_from == 0) return;
    program.save({.slot = step.slot,
                  .source = SaveSource::pair,
                  .reg = static_cast<uint8_t>(step.save_from)});
  }

  CompiledCase& out_;
  ProgramBuilder control_{ProgramKind::control};
  std::array<ProgramBuilder, actors> programs_{
      ProgramBuilder{ProgramKind::guest}, ProgramBuilder{ProgramKind::guest},
      ProgramBuilder{ProgramKind::guest}, ProgramBuilder{ProgramKind::guest}};
};

/// A world as its set-up left it.
class CallWorld {
 public:
  explicit CallWorld(WorldId world)
      : base_(base_case(world)),
        factory_(sim::built_in_mediator()),
        choices_(sim::seeded_choices(1), false),
        simulation_(base_.world, *factory_, choices_),
        checkers_(simulation_),
        control_(base_, simulation_, record_) {
    control_.set_up();
    if (!simulation_.violations().empty() || !simulation_.keep()) {
      throw std::logic_error("the world of a fuzz target does not start");
    }
    checkers_.keep();
    simulation_.swap_events(events_);
  }

  PlanRun run(const Plan& plan) {
    CompiledCase compiled;
    PlanCompiler{compiled}.compile(plan, base_.world.faults.size());
    sim::Choices choices{decisions_of(plan), false};
    simulation_.swap_events(events_);
    simulation_.restore(choices);
    checkers_.restore();
    sim::RunRecord record;
    sim::Control control{compiled, simulation_, record};
    std::string found;
    try {
      control.run();
      simulation_.swap_events(events_);  // the progress check adds events of its own
      if (simulation_.violations().empty()) checkers_.check_progress(events_);
      for (const sim::Violation& violation : simulation_.violations()) {
        found += violation.invariant + ": " + violation.text + "\n";
      }
    } catch (const sim::MediatorFault& fault) {
      fail(fault.what());  // it can't go on, nor begin again
    }
    return {found, events_};
  }

 private:
  const CompiledCase& base_;
  std::unique_ptr<sim::MediatorFactory> factory_;
  sim::Choices choices_;
  sim::RunRecord record_;
  sim::Simulation simulation_;
  sim::Checkers checkers_;
  sim::Control control_;
  std::vector<sim::trace::Event> events_;  ///< of the last run
};

}  // namespace

std::unique_ptr<sim::ChoiceSource> decisions_of(const Plan& plan) {
  return sim::explore::byte_choices(plan.decisions);
}

const CompiledCase& base_case(WorldId world) {
  static std::array<std::unique_ptr<CompiledCase>, WorldId::count> all;
  auto& here = all.at(world.index());
  if (here == nullptr) {
    Plan plan;
    plan.world = world;
    plan.threads.push_back(idle_step());
    sim::Case source;
    source.name = "regress/fuzz/base";
    source.file = "fuzz";
    source.doc = nlohmann::json::parse(scenario_text(plan, source.name, ""));
    here = std::make_unique<CompiledCase>(sim::scenario::compile(source));
  }
  return *here;
}

PlanRun run_plan(const Plan& plan) {
  // Never destroyed: at the end of the process what KeptPages needs for it has gone before.
  static auto& worlds = *new std::array<std::unique_ptr<CallWorld>, WorldId::count>;
  auto& world = worlds.at(plan.world.index());
  if (world == nullptr) world = std::make_unique<CallWorld>(plan.world);
  return world->run(plan);
}

FreshRun run_plan_fresh(const Plan& plan) {
  const auto world = std::make_shared<CallWorld>(plan.world);
  return {world, world->run(plan)};
}

}  // namespace fuzz
