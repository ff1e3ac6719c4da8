// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/fibers.hpp"

#include <sys/mman.h>

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <cstdlib>
#include <memory>
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
#endif

namespace sim {

namespace {

// Untouched pages cost nothing; sanitized frames are several times as large as plain ones.
constexpr size_t stack_bytes = size_t{1} << 20;
constexpr size_t guard_bytes = 4096;

// Boost asks for it when a fiber has ended; the stack is unmapped with its worker.
struct KeepStack {
  void deallocate(boost::context::stack_context& /*context*/) {}
};

}  // namespace

/// A stack and the Boost fiber on it, which runs one body after the other.
struct Fiber::Worker {
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void begin();
  void forget();
  void resume();
  void suspend();
  void entered();
  void left();
  [[nodiscard]] std::byte* stack() const { return static_cast<std::byte*>(base) + guard_bytes; }

  std::function<void()> body;
  bool done = true;
  bool quit = false;
  void* base = nullptr;
  boost::context::fiber inside;   // the suspended worker
  boost::context::fiber outside;  // the suspended resumer
#ifdef FFASIM_ASAN
  void* inside_fake = nullptr;
  void* outside_fake = nullptr;
  const void* outside_bottom = nullptr;
  size_t outside_size = 0;
#endif
};

namespace {

// Without instrumentation: until entered() has run, the sanitizer takes this stack for a wild one.
struct Entry {
  Fiber::Worker* worker;
  __attribute__((no_sanitize("address"))) boost::context::fiber operator()(
      boost::context::fiber&& outside) {
    worker->entered();
    worker->outside = std::move(outside);
    while (!worker->quit) {
      worker->body();
      worker->done = true;
      worker->suspend();
    }
    worker->left();
    return std::move(worker->outside);
  }
};

}  // namespace

Fiber::Worker::Worker()
    : base(mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)) {
  if (base == MAP_FAILED || mprotect(base, guard_bytes, PROT_NONE) != 0) std::abort();
  begin();
}

/// A Boost fiber on the stack. One that was there is forgotten: destroying it would unwind it.
void Fiber::Worker::begin() {
  boost::context::stack_context context;
  context.size = stack_bytes;
  context.sp = stack() + stack_bytes;
  std::construct_at(&inside, std::allocator_arg,
                    boost::context::preallocated(context.sp, context.size, context), KeepStack{},
                    Entry{this});
}

/// The body is never gone on with, nor unwound; the stack is as good as new.
void Fiber::Worker::forget() {
#ifdef FFASIM_ASAN
  __asan_unpoison_memory_region(stack(), stack_bytes);
  inside_fake = nullptr;
#endif
  begin();
  done = true;
}

// A worker that waits for its next body ends on its own stack, so that nothing has to be unwound.
Fiber::Worker::~Worker() {
  quit = true;
  body = [] {};
  resume();
#ifdef FFASIM_ASAN
  __asan_unpoison_memory_region(stack(), stack_bytes);
#endif
  munmap(base, guard_bytes + stack_bytes);
}

// On the worker's stack, first thing: tells the sanitizer which stack this is.
void Fiber::Worker::entered() {
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &outside_bottom, &outside_size);
#endif
}

// On the worker's stack, last thing: it is never entered again.
void Fiber::Worker::left() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(nullptr, outside_bottom, outside_size);
#endif
}

void Fiber::Worker::resume() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&outside_fake, stack(), stack_bytes);
#endif
  inside = std::move(inside).resume();
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(outside_fake, nullptr, nullptr);
#endif
}

void Fiber::Worker::suspend() {
#ifdef FFASIM_ASAN
  __sanitizer_start_switch_fiber(&inside_fake, outside_bottom, outside_size);
#endif
  outside = std::move(outside).resume();
#ifdef FFASIM_ASAN
  __sanitizer_finish_switch_fiber(inside_fake, &outside_bottom, &outside_size);
#endif
}

namespace {

using WorkerPtr = std::unique_ptr<Fiber::Worker>;

// Idle workers of this thread.
std::vector<WorkerPtr>& pool() {
  thread_local std::vector<WorkerPtr> idle;
  return idle;
}

}  // namespace

Fiber::Fiber(std::function<void()> body) {
  if (pool().empty()) {
    worker_ = std::make_unique<Worker>();
  } else {
    worker_ = std::move(pool().back());
    pool().pop_back();
  }
  worker_->body = std::move(body);
  worker_->done = false;
}

Fiber::~Fiber() {
  // Its frames may be a mediator's, which knows no exceptions.
  if (!worker_->done) worker_->forget();
  worker_->body = {};
  pool().push_back(std::move(worker_));
}

void Fiber::resume() { worker_->resume(); }

void Fiber::suspend() { worker_->suspend(); }

bool Fiber::done() const { return worker_->done; }

}  // namespace sim
