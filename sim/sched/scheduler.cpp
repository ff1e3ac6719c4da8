// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/sched/code_place.hpp"

namespace sim {

Scheduler::Scheduler(Choices& choices, Report report)
    : choices_(&choices), report_(std::move(report)) {}

Scheduler::~Scheduler() = default;

bool Scheduler::runnable(size_t task) const {
  const Running& running = tasks_[task];
  if (running.fiber->done() || running.waits_for != nullptr) return false;
  return !running.ready || running.ready();
}

// One of the runnable tasks: the alternatives are counted from `first` on, round.
size_t Scheduler::pick(size_t first) {
  std::vector<size_t>& candidates = candidates_;
  candidates.clear();
  for (size_t n = 0; n < tasks_.size(); ++n) {
    const size_t task = first + n < tasks_.size() ? first + n : first + n - tasks_.size();
    if (runnable(task)) candidates.push_back(task);
  }
  if (candidates.empty()) return none;
  return candidates[choices_->schedule({candidates, candidates.front() == current_})];
}

void Scheduler::run_body(size_t task) {
  try {
    tasks_[task].body();
  } catch (const FiberEnded&) {
    return;
  } catch (...) {
    error_ = std::current_exception();
    return;
  }
  check_locks_free("at the end of its task");
}

void Scheduler::start(Task task) {
  size_t number = 0;
  while (number < tasks_.size() && !tasks_[number].fiber->done()) ++number;
  if (number == tasks_.size()) tasks_.emplace_back();
  Running& running = tasks_[number];
  running = {};
  running.name = std::move(task.name);
  running.body = std::move(task.body);
  running.fiber = std::make_unique<Fiber>([this, number] { run_body(number); });
}

bool Scheduler::run(std::vector<Task> tasks) {
  for (Task& task : tasks) start(std::move(task));
  races_.clear();
  loop();
  const bool all_done = std::all_of(tasks_.begin(), tasks_.end(), [](const Running& task) {
    return task.fiber->done() || task.idle;
  });
  if (!error_ && !gave_up_ && !all_done) {
    report_deadlock();
    gave_up_ = true;
  }
  const bool some_idle = std::any_of(tasks_.begin(), tasks_.end(), [](const Running& task) {
    return !task.fiber->done() && task.idle;
  });
  const bool failed = error_ || gave_up_;
  if (failed || !some_idle) drop_tasks();
  return finish();
}

bool Scheduler::advance() {
  loop();
  if (error_ || gave_up_) drop_tasks();
  return finish();
}

/// What run() and advance() leave with.
bool Scheduler::finish() {
  current_ = none;
  next_ = none;
  if (error_) {
    drop_tasks();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  return !std::exchange(gave_up_, false);
}

void Scheduler::cancel() { drop_tasks(); }

/// What is left is unwound first: it may look at all that is still there, but is no task any more.
void Scheduler::drop_tasks() {
  current_ = none;
  for (Running& task : tasks_) task.fiber.reset();
  tasks_.clear();
  locks_.clear();
}

/// Outside any task.
size_t Scheduler::pick_next(size_t first) {
  try {
    return pick(first);
  } catch (...) {
    error_ = std::current_exception();
    return none;
  }
}

void Scheduler::loop() {
  if (tasks_.empty()) return;
  next_ = pick_next(0);
  while (next_ != none) {
    current_ = std::exchange(next_, none);
    tasks_[current_].ready = nullptr;
    tasks_[current_].idle = false;
    tasks_[current_].fiber->resume();
    if (error_ || gave_up_) return;
    if (next_ == none) next_ = pick_next(current_ + 1);
    if (error_) return;
  }
}

void Scheduler::wait_until(std::function<bool()> ready, bool idle) {
  if (ready()) return;
  tasks_[current_].idle = idle;
  tasks_[current_].ready = std::move(ready);
  tasks_[current_].fiber->suspend();
}

void Scheduler::yield(const Operation& next) {
  if (!on_task()) return;
  reach({next.kind});
  perform(next);
}

void Scheduler::access(uint64_t at, uint64_t bytes, bool write, const void* code) {
  yield({OperationKind::plain, at & ~uint64_t{7}, write});
  std::optional<Races::Other> other;
  for (uint64_t n = 0; n < bytes; ++n) {
    if (const auto found = races_.access(current_, {at + n, write, code})) other = found;
  }
  if (!other) return;
  const uint64_t memory = at >> 32;
  const std::string whose = memory == 0 ? "mediator" : fmt::format("VM {}", memory - 1);
  report_("I31",
          fmt::format("{} {} what lies at offset {:#x} of the memory of {} that {} {}, and nothing "
                      "orders the two: {}, after {}",
                      name(current_), write ? "writes" : "reads", at & 0xffffffff, whose,
                      name(other->task), other->write ? "wrote" : "read", code_place(code),
                      code_place(other->code)));
}

void Scheduler::reach(const SwitchPoint& here) {
  if (hooks_.reached) hooks_.reached(here);
  if (tasks_.size() > 1) let_others_go_on();
  if (hooks_.passed) hooks_.passed();
}

void Scheduler::let_others_go_on() {
  size_t chosen = current_;
  // Suspended inside the handler, the exception would never be freed.
  std::exception_ptr error;
  try {
    chosen = pick(current_);
  } catch (...) {
    error = std::current_exception();
  }
  if (error) fail(std::move(error));
  if (chosen == current_) return;
  next_ = chosen;
  tasks_[current_].fiber->suspend();
}

void Scheduler::fail(std::exception_ptr error) {
  error_ = std::move(error);
  tasks_[current_].fiber->suspend();
}

void Scheduler::give_up() {
  gave_up_ = true;
  tasks_[current_].fiber->suspend();
}

const std::string& Scheduler::name(size_t task) const {
  static const std::string outside = "no task";
  return task == none ? outside : tasks_[task].name;
}

std::vector<Scheduler::Held>& Scheduler::held() {
  return on_task() ? tasks_[current_].held : held_outside_;
}

void Scheduler::check_order(uint32_t lock_class) {
  for (const Held& lock : held()) {
    if (lock.lock_class < lock_class) continue;
    report_("I31", fmt::format("{} takes a lock of class {} while it holds one of class {}",
                               name(current_), lock_class_name(lock_class),
                               lock_class_name(lock.lock_class)));
  }
}

void Scheduler::lock_acquire(uint32_t* word, uint32_t lock_class, uint64_t object) {
  const Operation acquire{OperationKind::lock_acquire, object};
  const SwitchPoint here{OperationKind::lock_acquire, lock_class};
  check_order(lock_class);
  if (on_task()) reach(here);
  const auto [entry, free] = locks_.try_emplace(word, Lock{current_, {}});
  if (!free) {
    if (!on_task()) {
      report_("I33", fmt::format("a lock of class {} is wanted outside any task, held by {}",
                                 lock_class_name(lock_class), name(entry->second.owner)));
      return;
    }
    entry->second.waiters.push_back(current_);
    tasks_[current_].waits_for = word;
    tasks_[current_].waits_for_class = lock_class;
    perform(acquire);  // that it waits, and behind whom, is a state of its own
    if (hooks_.reached) hooks_.reached(here);
    tasks_[current_].fiber->suspend();
    if (hooks_.passed) hooks_.passed();
  }
  perform(acquire);
  *word = 1;
  held().push_back({word, lock_class});
}

void Scheduler::lock_release(uint32_t* word, uint32_t lock_class, uint64_t object) {
  const auto entry = locks_.find(word);
  auto& mine = held();
  const auto found = std::find_if(mine.rbegin(), mine.rend(),
                                  [word](const Held& lock) { return lock.word == word; });
  if (entry == locks_.end() || found == mine.rend()) {
    report_("I31", fmt::format("{} releases a lock of class {} that it does not hold",
                               name(current_), lock_class_name(lock_class)));
    return;
  }
  mine.erase(std::next(found).base());
  perform({OperationKind::lock_release, object});
  Lock& lock = entry->second;
  if (lock.waiters.empty()) {
    *word = 0;
    locks_.erase(entry);
  } else {
    // The lock passes on at once: nobody overtakes, and the word never reads free in between.
    lock.owner = lock.waiters.front();
    lock.waiters.erase(lock.waiters.begin());
    tasks_[lock.owner].waits_for = nullptr;
  }
  // What the task does next without the lock may come too late.
  if (!on_task()) return;
  reach({OperationKind::lock_release, lock_class});
  perform({OperationKind::none, 0, false});
}

void Scheduler::check_locks_free(const char* where, uint32_t allowed) {
  for (const Held& lock : held()) {
    if (lock.lock_class == allowed) continue;
    report_("I31", fmt::format("{} holds a lock of class {} {}", name(current_),
                               lock_class_name(lock.lock_class), where));
  }
}

void Scheduler::report_deadlock() {
  std::string text = "no task can go on:";
  for (const Running& task : tasks_) {
    if (task.fiber->done()) continue;
    if (task.waits_for == nullptr) {
      text += fmt::format(" {} waits for what never comes;", task.name);
      continue;
    }
    const auto lock = locks_.find(task.waits_for);
    text += fmt::format(" {} waits for a lock of class {} held by {};", task.name,
                        lock_class_name(task.waits_for_class),
                        lock == locks_.end() ? "nobody" : name(lock->second.owner));
  }
  text.pop_back();
  report_("I33", text);
}

}  // namespace sim
