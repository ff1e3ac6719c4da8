// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/secure_calls.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ffa/buffer_use.hpp"
#include "ffa/reply.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/el2/interrupts.hpp"

namespace ports::qemu {

SecureCalls::Handed SecureCalls::handed(const Vm* vm, const ffa::Regs& in) {
  Handed tx{machine_.own_buffers().tx.id.raw(), 0};
  uint64_t limit = package_.mediator.spmc_buffer_pages * ffa::page_size;
  if (!ffa::is_function(in, ffa::Fid::msg_send2)) {
    tx.bytes = std::min(ffa::tx_bytes_used(in), limit);
    return tx;
  }
  if (vm != nullptr && vm->exists() && vm->spmc_has_buffers) {
    tx.buffer = machine_.buffer_at(vm->id(), vm->buffers.tx_ipa);
    limit = vm->buffers.pages * ffa::page_size;
  }
  std::array<std::byte, ffa::message_header_bytes> header{};
  if (tx.buffer == 0 || limit < header.size()) return {};
  machine_.copy_in(tx.buffer, 0, header);
  tx.bytes = ffa::message_bytes(header, 0, limit);
  return tx;
}

ffa::Regs SecureCalls::smc(uint16_t id, const ffa::Regs& in) {
  Vm* const vm = machine_.find(id);
  if (vm != nullptr && vm->stale != 0) {
    recorder_.violation("I35: an SMC leaves before what was taken from the VM is out of its TLBs");
  }
  const Handed tx = handed(vm, in);
  const uint64_t limit = package_.mediator.spmc_buffer_pages * ffa::page_size;
  const auto copy_from = [](uint64_t pa) {
    return [pa](std::span<std::byte> to) {
      if (!to.empty()) std::memcpy(to.data(), reinterpret_cast<const void*>(pa), to.size());
    };
  };
  const uint64_t event = recorder_.begin(
      {.side = Side::spmc, .vm = id, .vcpu = on_behalf_.vcpu, .pcpu = on_behalf_.pcpu, .in = in},
      tx.bytes, [&](std::span<std::byte> to) {
        if (!to.empty()) machine_.copy_in(tx.buffer, 0, to);
      });
  ffa::Regs out = in;
  const guest::PackedFault* const fault = faults_.strike(guest::FaultOp::smc, in.w(0));
  if (fault == nullptr || fault->execute) cross(id, out);
  if (fault != nullptr) {
    out = fault->has_regs ? fault->regs : ffa::reply(status_of(*fault, ffa::Status::aborted));
  }
  if (vm != nullptr) hold_to_buffers(*vm, in, out);
  recorder_.end(event, {.out = out}, std::min(ffa::rx_bytes_written(in, out), limit),
                copy_from(package_.own_rx_pa));
  if (vm != nullptr && vm->exists() && ffa::is_success(out)) {
    vm->spmc_has_buffers = ffa::is_function(in, ffa::Fid::rxtx_map) ||
                           (vm->spmc_has_buffers && !ffa::is_function(in, ffa::Fid::rxtx_unmap));
  }
  return out;
}

/// After an answer that says neither, "none there" has to be believed: the SPMC lets the buffers
/// go, as the simulator's does.
void SecureCalls::hold_to_buffers(Vm& vm, const ffa::Regs& in, const ffa::Regs& out) {
  if (package_.spmc.absent || !ffa::is_function(in, ffa::Fid::rxtx_unmap)) return;
  const bool error = ffa::is_error(out);
  const bool none = error && ffa::error_status(out) == ffa::Status::invalid_parameters;
  if (none && vm.unsure_of_buffers) {
    ffa::Regs again = in;
    cross(vm.id(), again);
  }
  if (!error && !ffa::is_success(out)) vm.unsure_of_buffers = true;
  if (none || ffa::is_success(out)) vm.unsure_of_buffers = false;
}

/// The SMC itself, and what interrupts it.
void SecureCalls::cross(uint16_t id, ffa::Regs& regs) {
  if (interrupts_) start_timer();
  port_smc(regs.x.data(), id);
  const bool pending = interrupts_ && take_interrupt();
  if (ffa::is_function(regs, ffa::Fid::interrupt) && !pending) {
    recorder_.violation("FFA_INTERRUPT from the secure world without an interrupt");
  }
}

void SecureCalls::preempt(uint16_t sp, uint32_t times, uint64_t how) {
  if (!interrupts_) enable_timer_interrupt();
  interrupts_ = true;
  ask(TestControl::preempt, {sp, times, how});
}

void SecureCalls::inject_irq(const Vm* target, uint16_t vm, uint16_t vcpu, uint32_t irq) {
  if (target == nullptr || !target->exists()) {
    recorder_.violation("an interrupt is injected into a VM that does not exist");
    return;
  }
  const uint64_t event = recorder_.begin(
      {.side = Side::irq, .vm = vm, .vcpu = vcpu, .pcpu = pcpu_of(vcpu), .op = "inject"});
  recorder_.end(event, {.result = irq});
  recorder_.words(guest::RecordTag::injected, {vm, vcpu, irq});
}

ffa::Regs SecureCalls::ask(TestControl what, std::initializer_list<uint64_t> arguments) {
  ffa::Regs regs;
  regs.x[0] = static_cast<uint64_t>(what);
  std::copy(arguments.begin(), arguments.end(), regs.x.begin() + 1);
  port_smc(regs.x.data(), 0);
  return regs;
}

}  // namespace ports::qemu
