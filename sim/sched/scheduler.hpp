// SPDX-License-Identifier: BSD-3-Clause
// Runs tasks on fibers, one at a time, and decides at every yield point who goes on: choose(n,
// "schedule"), 0 being the task that runs already. Owns the mediator's locks as the simulator sees
// them: who holds, who waits, in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sched/choices.hpp"
#include "sim/sched/fibers.hpp"
#include "sim/sched/operation.hpp"
#include "sim/sched/races.hpp"
#include "sim/sched/switch_point.hpp"

namespace sim {

class Scheduler {
 public:
  struct Task {
    std::string name;
    std::function<void()> body;
  };
  /// Told of I31 (lock order) and I33 (no progress): the invariant and what was seen.
  using Report = std::function<void(const std::string& invariant, const std::string& text)>;

  Scheduler(Choices& choices, Report report);
  ~Scheduler();

  /// From now on these are asked. Not from inside a task.
  void set_choices(Choices& choices) { choices_ = &choices; }
  /// True if no task is left, not even an idle one.
  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  /// Ends the tasks that are left: each is unwound with FiberEnded. Not from inside a task.
  void cancel();

  /// Runs all tasks until each has ended or is idle. False: no progress, reported as I33; what is
  /// left is unwound. An exception that left a body, or fail(), comes out here. Not from inside a
  /// task.
  bool run(std::vector<Task> tasks);

  /// A task that runs in advance() and not before; it may still be there when that returns. Not
  /// from inside a task.
  void start(Task task);
  /// Runs all tasks until each has ended or waits. False, or an exception: as of run(), and no task
  /// is left. run({}) ends what was started: what still waits then has made no progress.
  bool advance();
  /// The running task goes on when `ready` is true; it is asked often, in no order that counts.
  /// `idle`: that it waits is no lack of progress; run() leaves it there, and a later one goes on,
  /// or cancel() ends it.
  void wait_until(std::function<bool()> ready, bool idle = false);

  [[nodiscard]] bool on_task() const { return current_ != none; }
  /// Number of the running task; `none` outside run().
  [[nodiscard]] size_t current() const { return current_; }
  static constexpr size_t none = ~size_t{0};

  /// Another task may go on here, before the running one does `next`.
  void yield(const Operation& next = {});
  /// The running task does this now, without a point where another one may go on. Of a yield and
  /// of a lock the scheduler tells itself: when the task goes on, and when it has the lock.
  void perform(const Operation& operation) {
    if (!several()) return;
    if (choices_->watched()) choices_->performed(current_, operation);
    if (races_.active()) races_.order(current_, operation);
  }
  /// False: what perform() would tell need not be found out.
  [[nodiscard]] bool watched() const {
    return several() && (choices_->watched() || races_.active());
  }
  [[nodiscard]] bool several() const { return on_task() && tasks_.size() > 1; }
  /// The running task gets at bytes of one word of the mediator's memory, the first as
  /// mediator_word() names it, after another task may have gone on. Reported as I31 where nothing
  /// orders it after what another task did there. `code`: as code_place() takes it.
  void access(uint64_t at, uint64_t bytes, bool write, const void* code);
  /// Told by the running task that it has reached a point where another one may go on, and that it
  /// goes on itself.
  struct SwitchHooks {
    std::function<void(const SwitchPoint& here)> reached;
    std::function<void()> passed;
  };
  void set_switch_hooks(SwitchHooks hooks) { hooks_ = std::move(hooks); }
  /// Ends run() at once. From inside a task; does not return there.
  void fail(std::exception_ptr error);
  /// As fail(), but run() returns false. The caller has reported why.
  void give_up();

  /// Locks are words of the mediator, 0 when free. A task that finds one taken waits its turn,
  /// first come first served.
  /// `object`: the lock as an Operation names it. Another task may go on before it is taken and
  /// after it was given back.
  void lock_acquire(uint32_t* word, uint32_t lock_class, uint64_t object = 0);
  void lock_release(uint32_t* word, uint32_t lock_class, uint64_t object = 0);
  /// I31: no lock of the running task may be held here, but of class `allowed`.
  void check_locks_free(const char* where, uint32_t allowed = ~0U);

 private:
  struct Held {
    const uint32_t* word;
    uint32_t lock_class;
  };
  struct Running {
    std::string name;
    std::function<void()> body;
    std::unique_ptr<Fiber> fiber;
    std::function<bool()> ready;  ///< what it waits for in wait_until()
    bool idle = false;
    const uint32_t* waits_for = nullptr;
    uint32_t waits_for_class = 0;
    std::vector<Held> held;
  };
  struct Lock {
    size_t owner;
    std::vector<size_t> waiters;  ///< in the order in which they came
  };

  [[nodiscard]] bool runnable(size_t task) const;
  size_t pick(size_t first);
  size_t pick_next(size_t first);
  void reach(const SwitchPoint& here);
  void let_others_go_on();
  void run_body(size_t task);
  void loop();
  bool finish();
  void drop_tasks();
  void report_deadlock();
  void check_order(uint32_t lock_class);
  std::vector<Held>& held();
  [[nodiscard]] const std::string& name(size_t task) const;

  Choices* choices_;
  Report report_;
  SwitchHooks hooks_;
  Races races_;
  std::deque<Running> tasks_;              // a body stays where it is while others are added
  std::map<const uint32_t*, Lock> locks_;  // looked up, never walked: addresses decide nothing
  std::vector<size_t> candidates_;         // of the choice at hand
  std::vector<Held> held_outside_;
  size_t current_ = none;
  size_t next_ = none;
  bool gave_up_ = false;
  std::exception_ptr error_;
};

}  // namespace sim
