// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/fibers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define FFASIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FFASIM_ASAN 1
#endif
#endif

#ifdef FFASIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace sim {

namespace {

// Untouched pages cost nothing; sanitized frames are several times as large as plain ones.
constexpr size_t stack_bytes = size_t{1} << 20;
constexpr size_t guard_bytes = 4096;

// Free stacks of this thread. Each is mapped with its guard page below.
class StackPool {
 public:
  ~StackPool() {
    for (void* base : free_) munmap(base, guard_bytes + stack_bytes);
  }
  void* take() {
    if (!free_.empty()) {
      void* const base = free_.back();
      free_.pop_back();
      return base;
    }
    void* const base = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED || mprotect(base, guard_bytes, PROT_NONE) != 0) std::abort();
    return base;
  }
  void give(void* base) {
#ifdef FFASIM_ASAN
    __asan_unpoison_memory_region(static_cast<std::byte*>(base) + guard_bytes, stack_bytes);
#endif
    free_.push_back(base);
  }

 private:
  std::vector<void*> free_;
};

StackPool& pool() {
  thread_local StackPool stacks;
  return stacks;
}

boost::context::stack_context context_of(void* base) {
  boost::context::stack_context context;
  context.size = stack_bytes;
  context.sp = static_cast<std::byte*>(base) + guard_bytes + stack_bytes;
  return context;
}

// Boost asks for it when the fiber has ended; the stack goes back to the pool with its Fiber.
struct KeepStack {
  void deallocate(boost::context::stack_context& /*context*/) {}
};

}  // namespace

struct Fiber::State {
  std::function<void()> body;
  void* base = nullptr;
  bool done = false;
  boost::context::fiber inside;   // the suspended body
  boost::context::fiber outside;  // the suspended resumer
#ifdef FFASIM_ASAN
  void* inside_fake = nullptr;
  void* outside_fake = nullptr;
  const void* outside_bottom = nullptr;
  size_t outside_size = 0;
#endif

  void entered();
  void run();
};

// On the fiber's stack, first thing: tells the sanitizer which stack this is.
void Fiber::State::entered() {
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &outside_bottom, &outside_size);
#endif
}

void Fiber::State::run() {
  body();
  done = true;
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(nullptr, outside_bottom, outside_size);
#endif
}

namespace {

// Without instrumentation: until entered() has run, the sanitizer takes this stack for a wild one.
struct Entry {
  Fiber::State* state;
#if defined(__clang__) || defined(__GNUC__)
  __attribute__((no_sanitize("address")))
#endif
  boost::context::fiber
  operator()(boost::context::fiber&& outside) {
    state->entered();
    state->outside = std::move(outside);
    state->run();
    return std::move(state->outside);
  }
};

}  // namespace

Fiber::Fiber(std::function<void()> body) : state_(std::make_unique<State>()) {
  state_->body = std::move(body);
  state_->base = pool().take();
  const boost::context::stack_context context = context_of(state_->base);
  state_->inside = boost::context::fiber(
      std::allocator_arg, boost::context::preallocated(context.sp, context.size, context),
      KeepStack{}, Entry{state_.get()});
}

Fiber::~Fiber() {
  if (!state_) return;
  if (!state_->done) {
    abandon();
    return;
  }
  pool().give(state_->base);
}

void Fiber::resume() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&state_->outside_fake,
                                 static_cast<std::byte*>(state_->base) + guard_bytes, stack_bytes);
#endif
  state_->inside = std::move(state_->inside).resume();
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(state_->outside_fake, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&state_->inside_fake, state_->outside_bottom,
                                 state_->outside_size);
#endif
  state_->outside = std::move(state_->outside).resume();
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(state_->inside_fake, &state_->outside_bottom,
                                  &state_->outside_size);
#endif
}

bool Fiber::done() const { return state_->done; }

void Fiber::abandon() {
  if (!state_) return;
#ifdef FFASIM_ASAN
  // What its frames point to stays reachable.
  __lsan_register_root_region(static_cast<std::byte*>(state_->base) + guard_bytes, stack_bytes);
#endif
  // Destroying a suspended Boost fiber would unwind it, so it lives as long as the process.
  static std::mutex guard;
  static auto* const graveyard = new std::vector<std::unique_ptr<State>>;
  const std::lock_guard<std::mutex> held(guard);
  graveyard->push_back(std::move(state_));
}

}  // namespace sim
