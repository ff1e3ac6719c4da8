// SPDX-License-Identifier: BSD-3-Clause
// The SPMC model as the secure world of a replay. It computes every answer; only what depends on
// memory or time that nobody captured comes from the records, as a stimulus: the payload of a
// direct response, laid over the model's, that a request is preempted, and when a notification
// comes. docs/replay.md, "The model".
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tools/ffa-trace/replay/replay_world.hpp"

namespace ffa_trace {

class ModelWorld : public ReplayWorld {
 public:
  using ReplayWorld::ReplayWorld;
  void attach(sim::Simulation& simulation) override;
  ffa::Regs smc(uint16_t vm, const ffa::Regs& in) override;
  /// Payloads, preemptions and notifications.
  [[nodiscard]] std::map<std::string, uint64_t> stimuli() const override { return stimuli_; }

 private:
  ffa::Regs answer(uint16_t vm, const ffa::Regs& in);
  void stimulate(Asked& asked, const ffa::Regs& captured);
  void notify_before(const sim::trace::Event& record);
  void withdraw_stand_ins(ffa::EndpointId vm, uint64_t fetched);
  void notify(ffa::EndpointId vm, uint64_t bitmap);

  std::unique_ptr<sim::SecureWorld> world_;
  std::vector<ffa::EndpointId> sps_;
  /// Answers to requests that were preempted, by the target that FFA_RUN names in w1.
  std::map<uint32_t, ffa::Regs> suspended_;
  std::map<uint16_t, uint64_t> stand_ins_;  ///< by VM: what stands for those not known yet
  std::map<std::string, uint64_t> stimuli_;
};

}  // namespace ffa_trace
