// SPDX-License-Identifier: BSD-3-Clause
// A VM that boots a guest of its own, such as Linux, on this CPU: it owns the interrupts, the
// virtual timer, the GIC and the UART; its FF-A calls go to the mediator, PSCI is answered here.
// [DEN0022, DEN0028]
#pragma once

#include <cstdint>

#include "guest/package.hpp"
#include "ports/qemu-virt/el2/vcpu.hpp"
#include "ports/qemu-virt/el2/world.hpp"

namespace ports::qemu {

class BootedGuest {
 public:
  BootedGuest(const guest::PackedBoot& boot, World& world) : boot_(boot), world_(world) {}

  /// Goes on until one FF-A call has been answered. Nothing is done where no VM boots a guest, the
  /// VM is not there (yet), or the guest is off.
  void run_until_call();
  /// Goes on until the guest has switched itself off.
  void run_until_off();

 private:
  enum class State : uint8_t { waiting, running, off };

  /// The VM, if it can run.
  Vm* find();
  void load(Vm& vm);
  /// One exit to EL2. True: it was an FF-A call.
  bool exit(Vm& vm);
  bool call(mediator::Conduit conduit);
  /// A call of PSCI or the Arm architecture, result in x0. False: it is neither.
  bool firmware_call(std::span<uint64_t, 18> x);

  const guest::PackedBoot& boot_;
  World& world_;
  State state_ = State::waiting;
  Vcpu vcpu_;
};

}  // namespace ports::qemu
