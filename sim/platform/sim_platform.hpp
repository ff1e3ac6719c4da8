// SPDX-License-Identifier: BSD-3-Clause
// The simulator as a Platform of the mediator: the C world operations behind C++ types. Used by
// instance.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mediator/platform.hpp"
#include "sim/platform/ffa_sim_mediator.h"

/// Its accesses are told by itself, not by the compiler (platform/fine.cpp).
#define FFA_SIM_QUIET __attribute__((no_sanitize("thread")))

namespace sim {

class SimPlatform {
 public:
  SimPlatform(const ffa_sim_world_ops& ops, void* world) : ops_(ops), world_(world) {}

  mediator::Extent translate(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    ffa_sim_extent extent{};
    ops_.translate(world_, vm.raw(), ipa.raw(), pages.raw(), &extent);
    return {ffa::Pa{extent.pa}, ffa::PageCount{extent.pages},
            static_cast<mediator::MemoryKind>(extent.kind)};
  }
  ffa::Result<void> pin(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent) {
    const ffa_sim_extent raw = to_raw(extent);
    return outcome(ops_.pin(world_, vm.raw(), ipa.raw(), &raw));
  }
  void unpin(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    ops_.unpin(world_, vm.raw(), ipa.raw(), pages.raw());
  }

  ffa::Result<void> set_access(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages,
                               mediator::OwnerAccess access) {
    return outcome(
        ops_.set_access(world_, vm.raw(), ipa.raw(), pages.raw(), static_cast<uint32_t>(access)));
  }

  ffa::Result<void> map_into(ffa::EndpointId borrower, ffa::Ipa ipa, const mediator::Extent& extent,
                             mediator::BorrowerAccess access) {
    const ffa_sim_extent raw = to_raw(extent);
    return outcome(
        ops_.map_into(world_, borrower.raw(), ipa.raw(), &raw, static_cast<uint32_t>(access)));
  }
  void unmap_from(ffa::EndpointId borrower, ffa::Ipa ipa, ffa::PageCount pages) {
    ops_.unmap_from(world_, borrower.raw(), ipa.raw(), pages.raw());
  }
  void tlbi(ffa::EndpointId vm) { ops_.tlbi(world_, vm.raw()); }

  ffa::Result<mediator::BufferId> map(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    uint32_t buffer = 0;
    const auto mapped = outcome(ops_.map(world_, vm.raw(), ipa.raw(), pages.raw(), &buffer));
    if (!mapped.ok()) return ffa::Error{mapped.error()};
    return mediator::BufferId{buffer};
  }
  void unmap(mediator::BufferId buffer) { ops_.unmap(world_, buffer.raw()); }
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    ops_.copy_in(world_, buffer.raw(), offset, to.data(), static_cast<uint32_t>(to.size()));
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    ops_.copy_out(world_, buffer.raw(), offset, from.data(), static_cast<uint32_t>(from.size()));
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    ops_.clear(world_, buffer.raw(), offset, length);
  }
  mediator::OwnBuffers own_buffers() {
    ffa_sim_own_buffers own{};
    ops_.own_buffers(world_, &own);
    return {{mediator::BufferId{own.tx_id}, ffa::Pa{own.tx_pa}},
            {mediator::BufferId{own.rx_id}, ffa::Pa{own.rx_pa}}};
  }

  void smc(ffa::EndpointId vm, ffa::Regs& regs) {
    ffa_sim_regs raw{};
    for (size_t n = 0; n < regs.x.size(); ++n) raw.x[n] = regs.x[n];
    ops_.smc(world_, vm.raw(), &raw);
    for (size_t n = 0; n < regs.x.size(); ++n) regs.x[n] = raw.x[n];
  }
  bool inject_irq(ffa::EndpointId vm, ffa::VcpuId vcpu, uint32_t irq) {
    return ops_.inject_irq(world_, vm.raw(), vcpu.raw(), irq) != 0;
  }
  void wake(ffa::EndpointId vm, ffa::VcpuId vcpu) { ops_.wake(world_, vm.raw(), vcpu.raw()); }
  bool vm_get(ffa::EndpointId vm) { return ops_.vm_get(world_, vm.raw()) != 0; }
  void vm_put(ffa::EndpointId vm) { ops_.vm_put(world_, vm.raw()); }
  bool budget_left() { return ops_.budget_left(world_) != 0; }
  void log(mediator::LogLevel level, std::string_view text) {
    ops_.log(world_, static_cast<uint32_t>(level), text.data(), static_cast<uint32_t>(text.size()));
  }
  void rules(ffa::EndpointId vm, ffa::VcpuId vcpu, const mediator::RuleTrace& met) {
    ops_.rules(world_, vm.raw(), vcpu.raw(), met.accepted_words().data(),
               static_cast<uint32_t>(met.accepted_words().size()),
               static_cast<uint32_t>(met.rejected()));
  }

  /// The word lives here, the waiting is done by the simulator's scheduler.
  class FFA_CAPABILITY SpinLock {
   public:
    SpinLock(SimPlatform& platform, mediator::LockClass lock_class)
        : platform_(platform), class_(static_cast<uint32_t>(lock_class)) {}
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;
    void lock() FFA_ACQUIRE() { platform_.ops_.lock_acquire(platform_.world_, &word_, class_); }
    void unlock() FFA_RELEASE() { platform_.ops_.lock_release(platform_.world_, &word_, class_); }

   private:
    SimPlatform& platform_;
    uint32_t class_;
    uint32_t word_ = 0;
  };

  /// Fibers share one thread: a plain word, and a yield point before each access.
  template <class T>
  class Atomic {
   public:
    Atomic(SimPlatform& platform, T value) : platform_(platform), value_(value) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;
    FFA_SIM_QUIET T load() const {
      touch(false);
      return value_;
    }
    FFA_SIM_QUIET void store(T value) {
      touch(true);
      value_ = value;
    }
    FFA_SIM_QUIET bool compare_exchange(T& expected, T desired) {
      touch(true);
      if (value_ != expected) {
        expected = value_;
        return false;
      }
      value_ = desired;
      return true;
    }
    FFA_SIM_QUIET T fetch_add(T amount) {
      touch(true);
      const T before = value_;
      value_ = static_cast<T>(value_ + amount);
      return before;
    }

   private:
    void touch(bool write) const {
      platform_.ops_.atomic_access(platform_.world_, &value_, write ? 1 : 0);
    }
    SimPlatform& platform_;
    T value_;
  };

 private:
  static ffa_sim_extent to_raw(const mediator::Extent& extent) {
    return {extent.pa.raw(), extent.pages.raw(), static_cast<uint32_t>(extent.kind), 0};
  }
  // A status that means nothing to us is an error all the same.
  static ffa::Result<void> outcome(int32_t status) {
    if (status == 0) return {};
    return ffa::Error{ffa::status_from_word(static_cast<uint32_t>(status))};
  }

  const ffa_sim_world_ops& ops_;
  void* world_;
};

static_assert(mediator::Platform<SimPlatform>);

}  // namespace sim
