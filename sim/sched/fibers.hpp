// SPDX-License-Identifier: BSD-3-Clause
// A stackful fiber on a pooled stack with a guard page below it. Used by Scheduler only. The
// thread's own stack resumes a fiber; the fiber suspends itself back to it.
#pragma once

#include <functional>
#include <memory>

namespace sim {

class Fiber {
 public:
  /// `body` must not throw. A fiber that is destroyed before its body has ended is abandoned:
  /// neither run on nor unwound.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it suspends or ends. Not from inside a fiber.
  void resume();
  /// From inside the body: back to the resumer.
  void suspend();
  [[nodiscard]] bool done() const;

  struct Worker;

 private:
  std::unique_ptr<Worker> worker_;
};

}  // namespace sim
