// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/recorded_world.hpp"

#include "sim/engine/secure_world.hpp"
#include "tools/ffa-trace/records.hpp"

namespace ffa_trace {

void RecordedWorld::attach(sim::Simulation& simulation) {
  ReplayWorld::attach(simulation);
  // The capture says when the schedule receiver interrupt came, not the model.
  model_ = sim::make_secure_world(simulation.spec(), simulation.machine(), [] {});
}

ffa::Regs RecordedWorld::smc(uint16_t vm, const ffa::Regs& in) {
  Window& window = this->window();
  const size_t number = window.asked.size();
  window.asked.emplace_back().in = in;
  std::vector<uint8_t> tx;
  if (is_memory_send(in)) tx = read_tx(in);
  const auto answer = wait_for(window, request_key(in, tx, window.layout()));
  ffa::Regs out;
  if (!answer || window.boot) out = model_->smc(vm, in);
  if (answer) {
    wait_for_return(window, *answer);
    out = window.records()[*answer].out;
    write_rx(window.records()[*answer].rx);
  }
  Asked& asked = window.asked[number];
  asked.tx = std::move(tx);
  asked.answer = answer;
  asked.out = out;
  return out;
}

}  // namespace ffa_trace
