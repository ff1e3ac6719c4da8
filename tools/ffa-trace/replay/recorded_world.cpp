// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/recorded_world.hpp"

#include "sim/engine/secure_world.hpp"
#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {

void RecordedWorld::attach(sim::Simulation& simulation) {
  ReplayWorld::attach(simulation);
  // The capture says when the schedule receiver interrupt came, not the model.
  model_ = sim::make_secure_world(simulation.spec(), simulation.machine(), {});
}

ffa::Regs RecordedWorld::smc(uint16_t vm, const ffa::Regs& in) {
  Window& window = this->window();
  const size_t number = window.asked.size();
  Asked asked;
  asked.in = in;
  asked.tx = read_tx(in);
  window.asked.push_back(asked);
  asked.answer = record_of(window, asked);
  if (!asked.answer || window.boot) asked.out = model_->smc(vm, in);
  if (asked.answer) {
    wait_for_return(window, *asked.answer);
    asked.out = window.records()[*asked.answer].out;
    write_rx(window.records()[*asked.answer].rx);
  }
  window.asked[number] = asked;
  return asked.out;
}

}  // namespace ffa_trace
