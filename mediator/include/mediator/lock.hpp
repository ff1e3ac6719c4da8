// SPDX-License-Identifier: BSD-3-Clause
// Lock classes and their order, clang thread-safety attributes, and the scoped guard. A lock of a
// class may only be taken while every lock held is of a smaller class. None is held across a world
// switch but `spmc_tx`, the claim of the one page through which the mediator talks to the SPMC.
#pragma once

#include <cstdint>

#if defined(__clang__)
#define FFA_ATTR(x) __attribute__((x))
#else
#define FFA_ATTR(x)
#endif
#define FFA_CAPABILITY FFA_ATTR(capability("lock"))
#define FFA_SCOPED FFA_ATTR(scoped_lockable)
#define FFA_GUARDED(lock) FFA_ATTR(guarded_by(lock))
#define FFA_REQ(...) FFA_ATTR(requires_capability(__VA_ARGS__))
#define FFA_ACQUIRE(...) FFA_ATTR(acquire_capability(__VA_ARGS__))
#define FFA_RELEASE(...) FFA_ATTR(release_capability(__VA_ARGS__))

namespace mediator {

/// The written lock order: smaller values are taken first.
enum class LockClass : uint8_t { vm_messages, vm_table, vm_state, vm_memory, spmc_tx };

/// Holds `Lock` (a Platform's SpinLock) for a scope.
template <class Lock>
class FFA_SCOPED Guard {
 public:
  explicit Guard(Lock& lock) FFA_ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~Guard() FFA_RELEASE() { lock_.unlock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace mediator
