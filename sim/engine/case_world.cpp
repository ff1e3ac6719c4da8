// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/case_world.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/check/checkers.hpp"
#include "sim/engine/control.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/trace/hasher.hpp"

namespace sim {

struct CaseWorld::World {
  World(const scenario::CompiledCase& compiled, MediatorFactory& factory, Choices& choices)
      : simulation(compiled.world, factory, choices),
        checkers(simulation),
        control(compiled, simulation, record) {}

  /// Whatever part can't keep its state, the world is used once.
  bool keep() {
    if (record.no_progress || !control.can_keep() || !simulation.keep()) return false;
    checkers.keep();
    control.keep();
    for (const trace::Event& event : simulation.events()) set_up.add(event);
    set_up_events = simulation.events().size();
    return true;
  }
  void restore(Choices& choices) {
    simulation.swap_events(record.events);
    simulation.restore(choices);
    checkers.restore();
    control.restore();
  }
  void complete_record(size_t faults) {
    simulation.swap_events(record.events);
    record.violations = simulation.violations();
    record.turns = simulation.turns();
    record.log = simulation.log();
    record.consoles = simulation.consoles();
    record.notes = control.notes();
    record.injected = simulation.injected();
    record.stack_bytes = simulation.stack_bytes();
    record.chosen_faults = fmt::format("{}", fmt::join(simulation.chosen_faults(), ", "));
    record.undecided = false;
    record.fault_fired.clear();
    for (size_t n = 0; n < faults; ++n) record.fault_fired.push_back(simulation.fault_fired(n));
  }

  /// What happens in it is in no record, but for what was violated.
  void check_progress() {
    if (record.no_progress || record.stopped || !record.violations.empty()) return;
    try {
      checkers.check_progress(record.events);
    } catch (const MediatorFault& fault) {
      kept = false;
      record.stopped = fault.what();
    }
    record.violations = simulation.violations();
  }

  RunRecord record;
  Simulation simulation;
  Checkers checkers;
  Control control;
  bool kept = false;
  trace::Hasher set_up;  // over the events that every run begins with
  size_t set_up_events = 0;
};

CaseWorld::CaseWorld(const scenario::CompiledCase& compiled, MediatorFactory& factory, Keeps keeps,
                     CallWatch* watch)
    : compiled_(compiled), factory_(factory), watch_(watch), keeps_(keeps == Keeps::first_run) {}

CaseWorld::~CaseWorld() = default;

void CaseWorld::begin(Choices& choices) {
  begun_again_ = world_ != nullptr && world_->kept;
  if (begun_again_) {
    world_->restore(choices);
    return;
  }
  world_.reset();
  world_ = std::make_unique<World>(compiled_, factory_, choices);
  world_->control.set_up();
  world_->kept = std::exchange(keeps_, true) && world_->keep();
  if (watch_ != nullptr) world_->control.set_watch(*watch_);
}

const RunRecord& CaseWorld::run(Choices& choices) {
  try {
    begin(choices);
    world_->control.run();
  } catch (const MediatorFault& fault) {
    // Its mediator can't go on, so nothing can begin there again.
    world_->kept = false;
    world_->record.stopped = fault.what();
    world_->record.no_progress = fault.stuck();
  } catch (const RunAbandoned&) {
    // What tasks were at is gone with them; the rest begins again.
    if (world_ != nullptr && world_->kept) {
      world_->simulation.swap_events(world_->record.events);
    } else {
      world_.reset();
    }
    throw;
  } catch (...) {
    world_.reset();
    throw;
  }
  world_->complete_record(compiled_.world.faults.size());
  world_->check_progress();
  return world_->record;
}

void CaseWorld::report(Violation violation) {
  world_->record.violations.push_back(std::move(violation));
}

void CaseWorld::leave_undecided() { world_->record.undecided = true; }

std::string CaseWorld::hash() const {
  // The events lie in the order of their numbers.
  trace::Hasher hasher{world_->set_up};
  const auto& events = world_->record.events;
  for (size_t n = world_->set_up_events; n < events.size(); ++n) hasher.add(events[n]);
  return hasher.finish();
}

RunRecord CaseWorld::take_record() && {
  world_->record.hash = hash();
  RunRecord record = std::move(world_->record);
  return record;
}

}  // namespace sim
