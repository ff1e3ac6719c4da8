// SPDX-License-Identifier: BSD-3-Clause
// Carries out the control program of a case: which vCPU runs its next step, what the host does,
// what is dumped when.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "guest/program.hpp"
#include "ports/qemu-virt/el2/booted_guest.hpp"
#include "ports/qemu-virt/el2/vcpu.hpp"
#include "ports/qemu-virt/el2/world.hpp"

namespace ports::qemu {

class Control {
 public:
  Control(const guest::Package& package, World& world);
  void run();

 private:
  struct Place {
    uint16_t vm = 0;
    uint16_t vcpu = 0;
    Vcpu registers;
  };

  void place_program(size_t index);
  Place& find(uint16_t vm, uint16_t vcpu);
  void run_step(const guest::RunOp& op);
  /// A request of a guest program. False: its step is over.
  bool request(Place& place, uint16_t request, uint32_t step);
  void abort(Place& place, uint64_t ipa);
  void host_op(guest::Opcode code, const guest::HostOp& op);
  std::string_view act(guest::Opcode code, const guest::HostOp& op);
  std::string_view create(const guest::HostOp& op);
  std::string_view destroy(const guest::HostOp& op);
  void dump_memory(uint32_t id, uint16_t vm, uint64_t ipa, uint64_t length);
  void dump_translation(const guest::HostOp& op);
  Vm& vm_of(uint16_t id);

  const guest::Package& package_;
  World& world_;
  BootedGuest booted_;
  std::span<uint64_t> slots_;
  std::array<Place, guest::package_max_programs> places_{};
};

}  // namespace ports::qemu
