// SPDX-License-Identifier: BSD-3-Clause
// EL2 on two CPUs as a Platform of the mediator. The hypervisor's own state (machine, stage 2,
// references) is behind one lock, held for one operation; the mediator runs outside of it, on both
// CPUs at once, with its own locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mediator/platform.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/el2/machine.hpp"
#include "ports/qemu-virt/el2/sync.hpp"

namespace ports::qemu::smp {

/// Holds the hypervisor's lock.
class Guard {
 public:
  explicit Guard(uint32_t& word) : word_(word) { take_lock(word_); }
  ~Guard() { release_lock(word_); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  uint32_t& word_;
};

#ifdef WITHOUT_LOCKS
/// For the test that shows that it would notice.
class FFA_CAPABILITY NoLock {
 public:
  template <class P>
  NoLock(P&, mediator::LockClass) {}
  NoLock(const NoLock&) = delete;
  NoLock& operator=(const NoLock&) = delete;
  void lock() FFA_ACQUIRE() {}
  void unlock() FFA_RELEASE() {}
};
#endif

class Platform {
 public:
  explicit Platform(Machine& machine) : machine_(machine) {}

  mediator::Extent translate(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    const Guard guard{lock_};
    return machine_.translate(vm.raw(), ipa.raw(), pages.raw());
  }
  ffa::Result<void> pin(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent) {
    const Guard guard{lock_};
    return done_or_denied(machine_.pin(vm.raw(), ipa.raw(), extent));
  }
  void unpin(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    const Guard guard{lock_};
    machine_.unpin(vm.raw(), ipa.raw(), pages.raw());
  }
  ffa::Result<void> set_access(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages,
                               mediator::OwnerAccess access) {
    const Guard guard{lock_};
    const bool full = access == mediator::OwnerAccess::full;
    return done_or_denied(machine_.set_access(vm.raw(), ipa.raw(), pages.raw(), full));
  }
  ffa::Result<void> map_into(ffa::EndpointId borrower, ffa::Ipa ipa, const mediator::Extent& extent,
                             mediator::BorrowerAccess access) {
    const Guard guard{lock_};
    const bool writable = access == mediator::BorrowerAccess::read_write;
    return done_or_denied(machine_.map_into(borrower.raw(), ipa.raw(), extent, writable));
  }
  void unmap_from(ffa::EndpointId borrower, ffa::Ipa ipa, ffa::PageCount pages) {
    const Guard guard{lock_};
    machine_.unmap_from(borrower.raw(), ipa.raw(), pages.raw());
  }
  void tlbi(ffa::EndpointId vm) {
    const Guard guard{lock_};
    machine_.tlbi(vm.raw());
  }
  ffa::Result<mediator::BufferId> map(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    const Guard guard{lock_};
    const uint32_t buffer = machine_.map(vm.raw(), ipa.raw(), pages.raw());
    if (buffer == 0) return ffa::Error{ffa::Status::denied};
    return mediator::BufferId{buffer};
  }
  void unmap(mediator::BufferId buffer) {
    const Guard guard{lock_};
    machine_.unmap(buffer.raw());
  }
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    const Guard guard{lock_};
    machine_.copy_in(buffer.raw(), offset, to);
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    const Guard guard{lock_};
    machine_.copy_out(buffer.raw(), offset, from);
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    const Guard guard{lock_};
    machine_.clear(buffer.raw(), offset, length);
  }
  mediator::OwnBuffers own_buffers() { return machine_.own_buffers(); }

  void smc(ffa::EndpointId vm, ffa::Regs& regs) { port_smc(regs.x.data(), vm.raw()); }
  /// Guests here take no interrupts: what is pending for them they find when they ask.
  bool inject_irq(ffa::EndpointId, ffa::VcpuId, uint32_t) { return true; }
  void wake(ffa::EndpointId, ffa::VcpuId) {}
  bool vm_get(ffa::EndpointId id) {
    const Guard guard{lock_};
    Vm* const vm = machine_.find(id.raw());
    if (vm == nullptr || vm->life != Life::running) return false;
    ++vm->references;
    return true;
  }
  void vm_put(ffa::EndpointId id) {
    const Guard guard{lock_};
    if (Vm* const vm = machine_.find(id.raw())) --vm->references;
  }
  /// A vCPU's access that stage 2 has refused.
  void touch(ffa::EndpointId vm, uint64_t ipa) {
    const Guard guard{lock_};
    (void)machine_.touch(vm.raw(), ipa);
  }
  bool budget_left() { return true; }
  void log(mediator::LogLevel, std::string_view) {}
  void rules(ffa::EndpointId, ffa::VcpuId, const mediator::RuleTrace&) {}

#ifdef WITHOUT_LOCKS
  using SpinLock = NoLock;
#else
  using SpinLock = ports::qemu::SpinLock;
#endif
  template <class T>
  using Atomic = ports::qemu::Atomic<T>;

 private:
  static ffa::Result<void> done_or_denied(bool done) {
    if (done) return {};
    return ffa::Error{ffa::Status::denied};
  }

  Machine& machine_;
  uint32_t lock_ = 0;
};

static_assert(mediator::Platform<Platform>);

}  // namespace ports::qemu::smp
