// SPDX-License-Identifier: BSD-3-Clause
// Tells AddressSanitizer, ThreadSanitizer and valgrind of a fiber's stack and of each switch to it
// and back. Used by Fiber only; empty where nobody watches (valgrind's marks are a few no-ops).
#pragma once

#include <cstddef>

#include "sim/sched/sanitizers.hpp"

#ifdef FFASIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef FFASIM_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

namespace sim {

class WatchedStack {
 public:
  WatchedStack(std::byte* bottom, size_t size);
  ~WatchedStack();
  WatchedStack(const WatchedStack&) = delete;
  WatchedStack& operator=(const WatchedStack&) = delete;

  // On the resumer's stack: right before the switch to this one, and right behind it.
  void will_resume();
  void has_suspended();
  // On this stack: first thing, right before the switch back, right behind it, and last thing.
  void entered();
  void will_suspend();
  void was_resumed();
  void will_leave();

 private:
  std::byte* bottom_;
  size_t size_;
#ifdef FFASIM_ASAN
  void* inside_fake_ = nullptr;
  void* outside_fake_ = nullptr;
  const void* outside_bottom_ = nullptr;
  size_t outside_size_ = 0;
#endif
#ifdef FFASIM_TSAN
  void* inside_ = __tsan_create_fiber(0);
  void* outside_ = nullptr;
#endif
#ifdef VALGRIND_STACK_REGISTER
  unsigned valgrind_id_ = 0;
#endif
};

inline WatchedStack::WatchedStack(std::byte* bottom, size_t size) : bottom_(bottom), size_(size) {
#ifdef VALGRIND_STACK_REGISTER
  valgrind_id_ = VALGRIND_STACK_REGISTER(bottom_, bottom_ + size_);
#endif
}

// Nothing runs on the stack any more.
inline WatchedStack::~WatchedStack() {
#ifdef VALGRIND_STACK_REGISTER
  VALGRIND_STACK_DEREGISTER(valgrind_id_);
#endif
#ifdef FFASIM_TSAN
  __tsan_destroy_fiber(inside_);
#endif
#ifdef FFASIM_ASAN
  __asan_unpoison_memory_region(bottom_, size_);
#endif
}

inline void WatchedStack::will_resume() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&outside_fake_, bottom_, size_);
#endif
#ifdef FFASIM_TSAN
  outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(inside_, 0);
#endif
}

inline void WatchedStack::has_suspended() {
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(outside_fake_, nullptr, nullptr);
#endif
}

inline void WatchedStack::entered() {
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &outside_bottom_, &outside_size_);
#endif
}

inline void WatchedStack::will_suspend() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&inside_fake_, outside_bottom_, outside_size_);
#endif
#ifdef FFASIM_TSAN
  __tsan_switch_to_fiber(outside_, 0);
#endif
}

inline void WatchedStack::was_resumed() {
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(inside_fake_, &outside_bottom_, &outside_size_);
#endif
}

inline void WatchedStack::will_leave() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(nullptr, outside_bottom_, outside_size_);
#endif
#ifdef FFASIM_TSAN
  __tsan_switch_to_fiber(outside_, 0);
#endif
}

}  // namespace sim
