// SPDX-License-Identifier: BSD-3-Clause
// The world at EL2: machine, secure world and mediator, and what a hypervisor does with them: VMs
// come and go, calls are handed to the mediator, the schedule receiver interrupt arrives. Each is
// an event of the record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "guest/package.hpp"
#include "ports/qemu-virt/el2/faults.hpp"
#include "ports/qemu-virt/el2/machine.hpp"
#include "ports/qemu-virt/el2/product.hpp"
#include "ports/qemu-virt/el2/secure_calls.hpp"

namespace ports::qemu {

class World {
 public:
  World(const guest::Package& package, Recorder& recorder);

  void boot();
  /// A status, or the Progress above 0 for which it is to be called again.
  int32_t create_vm(Vm& vm, uint32_t budget);
  mediator::Progress destroy_vm(Vm& vm, uint32_t budget);
  void schedule_receiver_interrupt();
  /// One SMC or HVC of a vCPU, results in place.
  void guest_call(uint16_t vm, uint16_t vcpu, mediator::Conduit conduit, std::span<uint64_t, 18> x);
  void dump_state(uint32_t id);

  Machine& machine() { return machine_; }
  SecureCalls& secure() { return secure_; }
  Faults& faults() { return faults_; }
  Recorder& recorder() { return recorder_; }

 private:
  template <class Work>
  mediator::Progress stage(const char* op, Vm& vm, uint32_t budget, Work work);
  std::span<std::byte> take_memory(size_t bytes);
  std::span<std::byte> arena_of(Vm& vm, const mediator::VmConfig& config);

  const guest::Package& package_;
  Recorder& recorder_;
  Machine machine_;
  Faults faults_;
  SecureCalls secure_;
  Platform platform_;
  mediator::MediatorConfig config_;
  std::span<std::byte> memory_;  ///< not handed out yet
  ProductMediator* mediator_ = nullptr;
};

}  // namespace ports::qemu
