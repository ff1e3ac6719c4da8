// SPDX-License-Identifier: BSD-3-Clause
// What Simulation lets those see and set who drive it.
#include <utility>

#include "sim/engine/simulation_impl.hpp"

namespace sim {

Machine& Simulation::machine() { return impl_->machine; }
MediatorUnderTest& Simulation::mediator() { return *impl_->mediator; }
SecureWorld& Simulation::secure_world() { return *impl_->secure; }
const WorldSpec& Simulation::spec() const { return impl_->spec; }
Choices& Simulation::choices() { return *impl_->choices; }
const std::vector<trace::Event>& Simulation::events() const { return impl_->events; }
void Simulation::forget_events() {
  std::erase_if(impl_->events, [](const trace::Event& event) { return event.seq_ret != 0; });
  impl_->injected.clear();
  impl_->turns.clear();
}
const std::vector<Violation>& Simulation::violations() const { return impl_->violations; }
const std::vector<Turn>& Simulation::turns() const { return impl_->turns; }
uint64_t Simulation::stack_bytes() const { return impl_->mediator->stack_bytes(); }
void Simulation::report(const std::string& invariant, const std::string& text) {
  impl_->report(invariant, text);
}
void Simulation::print(const std::string& endpoint, char c) {
  constexpr size_t max_console = size_t{1} << 20;
  std::string& console = impl_->consoles[endpoint];
  if (console.size() < max_console) console.push_back(c);
}
const std::map<std::string, std::string>& Simulation::consoles() const { return impl_->consoles; }
const std::vector<std::string>& Simulation::log() const { return impl_->lines; }
bool Simulation::fault_fired(size_t index) const { return impl_->faults.fired(index); }
const std::vector<std::string>& Simulation::chosen_faults() const { return impl_->faults.chosen(); }
void Simulation::arm_fault(size_t index, bool armed) { impl_->faults.arm(index, armed); }
void Simulation::stop_faults() {
  for (size_t index = 0; index < impl_->spec.faults.size(); ++index) arm_fault(index, false);
}
void Simulation::set_before_step(std::function<void(const trace::Event&)> hook) {
  impl_->before_step = std::move(hook);
}
void Simulation::set_before_tx_read(std::function<void(uint64_t, uint64_t, uint64_t)> hook) {
  impl_->before_tx_read = std::move(hook);
}
void Simulation::set_after_step(std::function<void(const trace::Event&)> hook) {
  impl_->after_step = std::move(hook);
}
const std::vector<Simulation::Access>& Simulation::accesses() const { return impl_->accesses; }
size_t Simulation::open_steps() const { return impl_->steps.size(); }
uint64_t Simulation::resumed_calls() const { return impl_->resumed_calls; }
const std::vector<Simulation::Injected>& Simulation::injected() const { return impl_->injected; }

}  // namespace sim
