// SPDX-License-Identifier: BSD-3-Clause
// The built-in mediator, whose calls to the SPMC pass through the test's hands.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "sim/engine/mediator_under_test.hpp"

namespace test {

class TappedFactory : public sim::MediatorFactory {
 public:
  /// The call on to the SPMC: `regs` in, `regs` out.
  using Smc = std::function<void(ffa_sim_regs* regs)>;
  /// Makes of the mediator's call what it likes, of VM `vm`, 0 = the hypervisor.
  using Tap = std::function<void(const Smc& smc, uint16_t vm, ffa_sim_regs* regs)>;

  explicit TappedFactory(Tap tap) { tap_ = std::move(tap); }
  std::unique_ptr<sim::MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                                 const mediator::MediatorConfig& config) override {
    ops_ = &ops;
    tapped_ = ops;
    tapped_.smc = [](void* to, uint16_t vm, ffa_sim_regs* regs) {
      tap_([to, vm](ffa_sim_regs* call) { ops_->smc(to, vm, call); }, vm, regs);
    };
    return built_in_->create(tapped_, world, config);
  }

 private:
  // The interface takes a plain function: one such mediator at a time.
  static inline const ffa_sim_world_ops* ops_ = nullptr;
  static inline Tap tap_;
  ffa_sim_world_ops tapped_{};
  std::unique_ptr<sim::MediatorFactory> built_in_ = sim::built_in_mediator();
};

}  // namespace test
