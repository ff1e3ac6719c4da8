// SPDX-License-Identifier: BSD-3-Clause
// EL2 on QEMU as a Platform of the mediator: translations from the real stage-2 tables, copies
// through EL2's own mapping, world switches by a real SMC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "mediator/platform.hpp"
#include "ports/qemu-virt/el2/faults.hpp"
#include "ports/qemu-virt/el2/machine.hpp"
#include "ports/qemu-virt/el2/secure_calls.hpp"
#include "ports/qemu-virt/el2/sync.hpp"

namespace ports::qemu {

class Platform {
 public:
  Platform(Machine& machine, SecureCalls& secure, Faults& faults, Recorder& recorder)
      : machine_(machine), secure_(secure), faults_(faults), recorder_(recorder) {}

  mediator::Extent translate(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    if (faults_.strike(FaultOp::translate) != nullptr) return {};
    const mediator::Extent extent = machine_.translate(vm.raw(), ipa.raw(), pages.raw());
    if (call_ && call_vm_ == vm.raw() && extent.kind != mediator::MemoryKind::none) {
      recorder_.words(guest::RecordTag::translated,
                      {*call_, ipa.raw(), pages.raw(), extent.pa.raw(), extent.pages.raw()});
    }
    return extent;
  }
  ffa::Result<void> pin(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent) {
    if (const auto* const fault = faults_.strike(FaultOp::pin)) return struck(*fault);
    if (!machine_.pin(vm.raw(), ipa.raw(), extent)) return ffa::Error{ffa::Status::denied};
    return {};
  }
  void unpin(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    machine_.unpin(vm.raw(), ipa.raw(), pages.raw());
  }

  ffa::Result<void> set_access(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages,
                               mediator::OwnerAccess access) {
    const bool full = access == mediator::OwnerAccess::full;
    const auto* const fault = full ? nullptr : faults_.strike(FaultOp::set_access);
    if (fault != nullptr) return struck(*fault);
    if (machine_.set_access(vm.raw(), ipa.raw(), pages.raw(), full)) return {};
    return ffa::Error{ffa::Status::denied};
  }

  ffa::Result<void> map_into(ffa::EndpointId borrower, ffa::Ipa ipa, const mediator::Extent& extent,
                             mediator::BorrowerAccess access) {
    if (const auto* const fault = faults_.strike(FaultOp::map_into)) return struck(*fault);
    const bool writable = access == mediator::BorrowerAccess::read_write;
    if (machine_.map_into(borrower.raw(), ipa.raw(), extent, writable)) return {};
    return ffa::Error{ffa::Status::denied};
  }
  void unmap_from(ffa::EndpointId borrower, ffa::Ipa ipa, ffa::PageCount pages) {
    machine_.unmap_from(borrower.raw(), ipa.raw(), pages.raw());
  }
  void tlbi(ffa::EndpointId vm) { machine_.tlbi(vm.raw()); }

  ffa::Result<mediator::BufferId> map(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    if (const auto* const fault = faults_.strike(FaultOp::map)) return struck(*fault);
    const uint32_t buffer = machine_.map(vm.raw(), ipa.raw(), pages.raw());
    if (buffer == 0) return ffa::Error{ffa::Status::denied};
    return mediator::BufferId{buffer};
  }
  void unmap(mediator::BufferId buffer) { machine_.unmap(buffer.raw()); }
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    machine_.copy_in(buffer.raw(), offset, to);
    const uint64_t end = offset + to.size();
    if (call_ && end > call_tx_bytes_ && machine_.is_tx(buffer.raw(), call_vm_)) {
      recorder_.tx_read(*call_, end - call_tx_bytes_, [&](std::span<std::byte> more) {
        machine_.copy_in(buffer.raw(), static_cast<uint32_t>(call_tx_bytes_), more);
      });
      call_tx_bytes_ = end;
    }
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    machine_.copy_out(buffer.raw(), offset, from);
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    machine_.clear(buffer.raw(), offset, length);
  }
  mediator::OwnBuffers own_buffers() { return machine_.own_buffers(); }

  void smc(ffa::EndpointId vm, ffa::Regs& regs) { regs = secure_.smc(vm.raw(), regs); }
  bool inject_irq(ffa::EndpointId vm, ffa::VcpuId vcpu, uint32_t irq) {
    secure_.inject_irq(machine_.find(vm.raw()), vm.raw(), vcpu.raw(), irq);
    return true;
  }
  void wake(ffa::EndpointId /*vm*/, ffa::VcpuId /*vcpu*/) {}
  bool vm_get(ffa::EndpointId id) {
    if (faults_.strike(FaultOp::vm_get) != nullptr) return false;
    Vm* const vm = machine_.find(id.raw());
    if (vm == nullptr || vm->life != Life::running) return false;
    ++vm->references;
    return true;
  }
  void vm_put(ffa::EndpointId id) {
    Vm* const vm = machine_.find(id.raw());
    if (vm != nullptr && vm->references != 0) {
      --vm->references;
    } else {
      recorder_.violation("a reference to a VM is given back that was not taken");
    }
  }
  bool budget_left() {
    if (faults_.strike(FaultOp::budget) != nullptr) return false;
    return budget_ == 0 || used_++ < budget_;
  }
  void log(mediator::LogLevel level, std::string_view text) {
    recorder_.log(static_cast<uint64_t>(level), text);
  }
  void rules(ffa::EndpointId, ffa::VcpuId, const mediator::RuleTrace& met) { met_ = met; }

  /// Operations of work that are allowed from now on; 0: without limit.
  void set_budget(uint32_t operations) {
    budget_ = operations;
    used_ = 0;
  }
  /// The event of the guest call that begins: translations of its VM belong to it, and what is
  /// read of TX behind the `tx_bytes` that the event holds.
  void begin_call(uint64_t event, uint16_t vm, uint64_t tx_bytes) {
    call_ = event;
    call_vm_ = vm;
    call_tx_bytes_ = tx_bytes;
  }
  void end_call() { call_.reset(); }
  /// The rules that the last call met; forgotten then.
  mediator::RuleTrace take_rules() {
    const mediator::RuleTrace met = met_;
    met_ = {};
    return met;
  }

  using SpinLock = ports::qemu::SpinLock;
  template <class T>
  using Atomic = ports::qemu::Atomic<T>;

 private:
  using FaultOp = guest::FaultOp;

  static ffa::Error<ffa::Status> struck(const guest::PackedFault& fault) {
    return {status_of(fault, ffa::Status::no_memory)};
  }

  Machine& machine_;
  SecureCalls& secure_;
  Faults& faults_;
  Recorder& recorder_;
  mediator::RuleTrace met_{};
  std::optional<uint64_t> call_;
  uint16_t call_vm_ = 0;
  uint64_t call_tx_bytes_ = 0;
  uint32_t budget_ = 0;
  uint32_t used_ = 0;
};

static_assert(mediator::Platform<Platform>);

}  // namespace ports::qemu
