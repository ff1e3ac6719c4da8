// SPDX-License-Identifier: BSD-3-Clause
// A world that begins again where it was: what each part keeps, and in which order it comes back.
#include "sim/engine/simulation_impl.hpp"

namespace sim {

bool Simulation::keep() {
  Impl& impl = *impl_;
  const bool quiet = impl.scheduler.empty() && impl.steps.empty() && impl.parked.empty();
  const bool open = impl.choices->decisions() != 0;
  if (!quiet || open || !impl.mediator->keep() || !impl.secure->keep()) return false;
  impl.kept = impl;
  impl.kept_events = impl.events.size();
  impl.machine.keep();
  impl.faults.keep();
  return true;
}

void Simulation::restore(Choices& choices) {
  Impl& impl = *impl_;
  impl.scheduler.cancel();
  impl.scheduler.set_choices(choices);
  impl.choices = &choices;
  impl.steps.clear();
  impl.parked.clear();
  impl.faults_to_come.clear();
  static_cast<SimulationState&>(impl) = impl.kept;
  impl.events.resize(impl.kept_events);
  impl.machine.restore();
  impl.faults.restore();
  impl.bridge.restore();
  impl.secure->restore();
  impl.mediator->restore();
}

void Simulation::swap_events(std::vector<trace::Event>& other) { impl_->events.swap(other); }

}  // namespace sim
