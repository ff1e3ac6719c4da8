// SPDX-License-Identifier: BSD-3-Clause
// A secure world that answers the mediator's requests from the capture, first in first out per
// request. A request that the capture never saw goes to the SPMC model. docs/replay.md, "What the
// SPMC answers".
#pragma once

#include <memory>

#include "tools/ffa-trace/replay/replay_world.hpp"

namespace ffa_trace {

class RecordedWorld : public ReplayWorld {
 public:
  using ReplayWorld::ReplayWorld;
  void attach(sim::Simulation& simulation) override;
  ffa::Regs smc(uint16_t vm, const ffa::Regs& in) override;

 private:
  std::unique_ptr<sim::SecureWorld> model_;
};

}  // namespace ffa_trace
