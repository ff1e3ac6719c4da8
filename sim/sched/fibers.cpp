// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/fibers.hpp"

#include <sys/mman.h>

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/stack_context.hpp>
#include <csetjmp>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sim/sched/watched_stack.hpp"

namespace sim {

namespace {

// Untouched pages cost nothing; sanitized frames are several times as large as plain ones.
constexpr size_t stack_bytes = size_t{1} << 20;
constexpr size_t guard_bytes = 4096;

// Boost asks for it when a fiber has ended; the stack is unmapped with its worker.
struct KeepStack {
  void deallocate(boost::context::stack_context& /*context*/) {}
};

/// A call of foreign code that is under way, and the one that it lies within.
struct ForeignCall {
  std::jmp_buf place;
  ForeignCall* outer;
};

thread_local Fiber::Worker* running = nullptr;

}  // namespace

/// A stack and the Boost fiber on it, which runs one body after the other.
struct Fiber::Worker {
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run_body();
  void end();
  void resume();
  void suspend();

  std::function<void()> body;
  ForeignCall* foreign = nullptr;  // the innermost
  bool done = true;
  bool begun = false;
  bool ending = false;
  bool quit = false;
  void* base = nullptr;
  boost::context::fiber inside;   // the suspended worker
  boost::context::fiber outside;  // the suspended resumer
  std::optional<WatchedStack> watched;
};

namespace {

// Without instrumentation: until entered() has run, the sanitizer takes this stack for a wild one.
struct Entry {
  Fiber::Worker* worker;
  __attribute__((no_sanitize("address"))) boost::context::fiber operator()(
      boost::context::fiber&& outside) {
    worker->watched->entered();
    worker->outside = std::move(outside);
    while (!worker->quit) {
      worker->run_body();
      worker->suspend();
    }
    worker->watched->will_leave();
    return std::move(worker->outside);
  }
};

}  // namespace

Fiber::Worker::Worker()
    : base(mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)) {
  if (base == MAP_FAILED || mprotect(base, guard_bytes, PROT_NONE) != 0) std::abort();
  std::byte* const stack = static_cast<std::byte*>(base) + guard_bytes;
  watched.emplace(stack, stack_bytes);
  boost::context::stack_context context;
  context.size = stack_bytes;
  context.sp = stack + stack_bytes;
  inside = boost::context::fiber(std::allocator_arg,
                                 boost::context::preallocated(context.sp, context.size, context),
                                 KeepStack{}, Entry{this});
}

void Fiber::Worker::run_body() {
  begun = true;
  try {
    body();
  } catch (const FiberEnded&) {
  }
  done = true;
}

/// From outside: the body's frames are unwound, and nothing of it is left.
void Fiber::Worker::end() {
  ending = true;
  if (begun && !done) resume();
  ending = false;
  done = true;
}

// A worker that waits for its next body ends on its own stack, so that nothing has to be unwound.
Fiber::Worker::~Worker() {
  quit = true;
  body = [] {};
  resume();
  watched.reset();
  munmap(base, guard_bytes + stack_bytes);
}

void Fiber::Worker::resume() {
  watched->will_resume();
  running = this;
  inside = std::move(inside).resume();
  running = nullptr;
  watched->has_suspended();
}

void Fiber::Worker::suspend() {
  watched->will_suspend();
  outside = std::move(outside).resume();
  watched->was_resumed();
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
  worker_->begun = false;
  worker_->done = false;
}

Fiber::~Fiber() {
  worker_->end();
  worker_->body = {};
  pool().push_back(std::move(worker_));
}

void Fiber::resume() { worker_->resume(); }

void Fiber::suspend() {
  worker_->suspend();
  if (worker_->ending) throw FiberEnded{};
}

void Fiber::over_foreign(void (*call)(void*), void* context) {
  if (running == nullptr) {
    call(context);
    return;
  }
  struct Entered {
    explicit Entered(Worker& on) : worker(on), frames{{}, on.foreign} { on.foreign = &frames; }
    ~Entered() { worker.foreign = frames.outer; }
    Worker& worker;
    ForeignCall frames;
  } entered{*running};
  if (setjmp(entered.frames.place) != 0) throw FiberEnded{};
  call(context);
}

// Nothing between here and there has a destructor: the frames are foreign, or call_foreign()'s.
void Fiber::end_behind_foreign() {
  if (running == nullptr || running->foreign == nullptr) throw FiberEnded{};
  std::longjmp(running->foreign->place, 1);
}

bool Fiber::done() const { return worker_->done; }

}  // namespace sim
