// SPDX-License-Identifier: BSD-3-Clause
// The mediator's locks and atomic words at EL2, between CPUs that are there.
#pragma once

#include <cstdint>

#include "mediator/platform.hpp"
#include "ports/qemu-virt/common/spin_lock.hpp"

namespace ports::qemu {

class FFA_CAPABILITY SpinLock {
 public:
  template <class P>
  SpinLock(P&, mediator::LockClass) {}
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;
  void lock() FFA_ACQUIRE() { take_lock(word_); }
  void unlock() FFA_RELEASE() { release_lock(word_); }

 private:
  uint32_t word_ = 0;
};

template <class T>
class Atomic {
 public:
  template <class P>
  Atomic(P&, T value) : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;
  T load() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  bool compare_exchange(T& expected, T desired) {
    return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
  }
  T fetch_add(T amount) { return __atomic_fetch_add(&value_, amount, __ATOMIC_ACQ_REL); }

 private:
  T value_;
};

}  // namespace ports::qemu
