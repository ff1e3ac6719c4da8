// SPDX-License-Identifier: BSD-3-Clause
// SMCs of EL2: the mediator's, each an event of the record, and the ones that ask the S-EL1 image
// for what a scenario's host does or wants to know.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "ffa/regs.hpp"
#include "ports/qemu-virt/common/test_control.hpp"
#include "ports/qemu-virt/el2/faults.hpp"
#include "ports/qemu-virt/el2/machine.hpp"
#include "ports/qemu-virt/el2/recorder.hpp"

namespace ports::qemu {

/// The vCPU on whose behalf the mediator is at work.
struct OnBehalf {
  uint16_t vcpu = 0;
  uint16_t pcpu = 0;
};

class SecureCalls {
 public:
  SecureCalls(const guest::Package& package, Machine& machine, Faults& faults, Recorder& recorder)
      : package_(package), machine_(machine), faults_(faults), recorder_(recorder) {}

  ffa::Regs smc(uint16_t vm, const ffa::Regs& in);
  /// The SP's next request is stopped so many times: where an interrupt does so, by a real one.
  void preempt(uint16_t sp, uint32_t times, uint64_t how);
  void inject_irq(const Vm* target, uint16_t vm, uint16_t vcpu, uint32_t irq);
  ffa::Regs ask(TestControl what, std::initializer_list<uint64_t> arguments);
  void set_on_behalf(OnBehalf who) { on_behalf_ = who; }
  [[nodiscard]] uint16_t pcpu_of(uint16_t vcpu) const {
    return static_cast<uint16_t>(package_.pcpus == 0 ? 0 : vcpu % package_.pcpus);
  }

 private:
  /// What the SPMC reads in its turn.
  struct Handed {
    uint32_t buffer = 0;  ///< 0: none
    uint64_t bytes = 0;
  };
  void cross(uint16_t id, ffa::Regs& regs);
  void hold_to_buffers(Vm& vm, const ffa::Regs& in, const ffa::Regs& out);
  Handed handed(const Vm* vm, const ffa::Regs& in);

  const guest::Package& package_;
  Machine& machine_;
  Faults& faults_;
  Recorder& recorder_;
  OnBehalf on_behalf_{};
  bool interrupts_ = false;  ///< one comes in each SMC
};

}  // namespace ports::qemu
