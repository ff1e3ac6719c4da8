// SPDX-License-Identifier: BSD-3-Clause
// The emulator as a Platform of the mediator: every operation leaves the image by HVC, the world
// switch by SMC. Locks and atomics leave too: who waits and who goes on is decided outside, at the
// same points as for the mediator on the host. Used by instance.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "mediator/platform.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/unicorn/image_abi.hpp"

namespace ports::unicorn {

struct Answer {
  uint64_t x0 = 0, x1 = 0, x2 = 0;
};

/// One operation of the outside that answers, or that takes many arguments.
inline Answer hvc(Op op, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0,
                  uint64_t a5 = 0) {
  register uint64_t x0 asm("x0") = static_cast<uint64_t>(op);
  register uint64_t x1 asm("x1") = a1;
  register uint64_t x2 asm("x2") = a2;
  register uint64_t x3 asm("x3") = a3;
  register uint64_t x4 asm("x4") = a4;
  register uint64_t x5 asm("x5") = a5;
  asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : "r"(x4), "r"(x5) : "memory");
  return {x0, x1, x2};
}

/// One operation of the outside that leaves every register as it is.
[[gnu::always_inline]] inline void quiet_hvc(Op op, uint64_t a1, uint64_t a2) {
  register uint64_t x0 asm("x0") = static_cast<uint64_t>(op);
  register uint64_t x1 asm("x1") = a1;
  register uint64_t x2 asm("x2") = a2;
  asm volatile("hvc #0" : : "r"(x0), "r"(x1), "r"(x2) : "memory");
}

inline uint64_t address_of(const void* place) { return reinterpret_cast<uintptr_t>(place); }

class UnicornPlatform {
 public:
  mediator::Extent translate(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    const Answer extent = hvc(Op::translate, vm.raw(), ipa.raw(), pages.raw());
    return {ffa::Pa{extent.x0}, ffa::PageCount{extent.x1},
            static_cast<mediator::MemoryKind>(extent.x2)};
  }
  ffa::Result<void> pin(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent) {
    return outcome(hvc(Op::pin, vm.raw(), ipa.raw(), extent.pa.raw(), extent.pages.raw(),
                       static_cast<uint64_t>(extent.kind))
                       .x0);
  }
  void unpin(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    hvc(Op::unpin, vm.raw(), ipa.raw(), pages.raw());
  }

  ffa::Result<void> set_access(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages,
                               mediator::OwnerAccess access) {
    return outcome(
        hvc(Op::set_access, vm.raw(), ipa.raw(), pages.raw(), static_cast<uint64_t>(access)).x0);
  }

  ffa::Result<void> map_into(ffa::EndpointId borrower, ffa::Ipa ipa, const mediator::Extent& extent,
                             mediator::BorrowerAccess access) {
    return outcome(hvc(Op::map_into, borrower.raw(), ipa.raw(), extent.pa.raw(), extent.pages.raw(),
                       static_cast<uint64_t>(access))
                       .x0);
  }
  void unmap_from(ffa::EndpointId borrower, ffa::Ipa ipa, ffa::PageCount pages) {
    hvc(Op::unmap_from, borrower.raw(), ipa.raw(), pages.raw());
  }
  void tlbi(ffa::EndpointId vm) { hvc(Op::tlbi, vm.raw()); }

  ffa::Result<mediator::BufferId> map(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    const Answer answer = hvc(Op::map, vm.raw(), ipa.raw(), pages.raw());
    const auto mapped = outcome(answer.x0);
    if (!mapped.ok()) return ffa::Error{mapped.error()};
    return mediator::BufferId{static_cast<uint32_t>(answer.x1)};
  }
  void unmap(mediator::BufferId buffer) { hvc(Op::unmap, buffer.raw()); }
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    hvc(Op::copy_in, buffer.raw(), offset, to.size());
    std::memcpy(to.data(), window(buffer, offset), to.size());
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    std::memcpy(window(buffer, offset), from.data(), from.size());
    hvc(Op::copy_out, buffer.raw(), offset, from.size());
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    hvc(Op::clear, buffer.raw(), offset, length);
  }
  mediator::OwnBuffers own_buffers() {
    const Answer tx = hvc(Op::own_tx);
    const Answer rx = hvc(Op::own_rx);
    return {{mediator::BufferId{static_cast<uint32_t>(tx.x0)}, ffa::Pa{tx.x1}},
            {mediator::BufferId{static_cast<uint32_t>(rx.x0)}, ffa::Pa{rx.x1}}};
  }

  void smc(ffa::EndpointId vm, ffa::Regs& regs) { port_smc(regs.x.data(), vm.raw()); }
  bool inject_irq(ffa::EndpointId vm, ffa::VcpuId vcpu, uint32_t irq) {
    return hvc(Op::inject_irq, vm.raw(), vcpu.raw(), irq).x0 != 0;
  }
  void wake(ffa::EndpointId vm, ffa::VcpuId vcpu) { hvc(Op::wake, vm.raw(), vcpu.raw()); }
  bool vm_get(ffa::EndpointId vm) { return hvc(Op::vm_get, vm.raw()).x0 != 0; }
  void vm_put(ffa::EndpointId vm) { hvc(Op::vm_put, vm.raw()); }
  bool budget_left() { return hvc(Op::budget_left).x0 != 0; }
  void log(mediator::LogLevel level, std::string_view text) {
    hvc(Op::log, static_cast<uint64_t>(level), address_of(text.data()), text.size());
  }
  void rules(ffa::EndpointId vm, ffa::VcpuId vcpu, const mediator::RuleTrace& met) {
    hvc(Op::rules, vm.raw(), vcpu.raw(), address_of(met.accepted_words().data()),
        met.accepted_words().size(), static_cast<uint64_t>(met.rejected()));
  }

  /// The word lives here, the waiting is done outside.
  class FFA_CAPABILITY SpinLock {
   public:
    SpinLock(UnicornPlatform& /*platform*/, mediator::LockClass lock_class)
        : class_(static_cast<uint32_t>(lock_class)) {}
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;
    void lock() FFA_ACQUIRE() { quiet_hvc(Op::lock_acquire, address_of(&word_), class_); }
    void unlock() FFA_RELEASE() { quiet_hvc(Op::lock_release, address_of(&word_), class_); }

   private:
    uint32_t class_;
    uint32_t word_ = 0;
  };

  /// The processor's atomics, and a point before each access where another vCPU may go on.
  template <class T>
  class Atomic {
   public:
    Atomic(UnicornPlatform& /*platform*/, T value) : value_(value) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;
    T load() const {
      touch(false);
      return __atomic_load_n(&value_, __ATOMIC_ACQUIRE);
    }
    void store(T value) {
      touch(true);
      __atomic_store_n(&value_, value, __ATOMIC_RELEASE);
    }
    bool compare_exchange(T& expected, T desired) {
      touch(true);
      return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE);
    }
    T fetch_add(T amount) {
      touch(true);
      return __atomic_fetch_add(&value_, amount, __ATOMIC_ACQ_REL);
    }

   private:
    void touch(bool write) const {
      quiet_hvc(Op::atomic_access, address_of(&value_), write ? 1 : 0);
    }
    T value_;
  };

 private:
  static std::byte* window(mediator::BufferId buffer, uint32_t offset) {
    return reinterpret_cast<std::byte*>(window_begin + buffer.raw() * window_bytes + offset);
  }
  // A status that means nothing to us is an error all the same.
  static ffa::Result<void> outcome(uint64_t status) {
    if (static_cast<uint32_t>(status) == 0) return {};
    return ffa::Error{ffa::status_from_word(static_cast<uint32_t>(status))};
  }
};

static_assert(mediator::Platform<UnicornPlatform>);

}  // namespace ports::unicorn
