// SPDX-License-Identifier: BSD-3-Clause
// A stackful fiber on a pooled stack with a guard page below it. Used by Scheduler only. The
// thread's own stack resumes a fiber; the fiber suspends itself back to it. A fiber that is not
// wanted any more is unwound, so that nothing it owned is lost.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>

namespace sim {

/// Leaves suspend() in a fiber that is destroyed. Whoever catches everything
/// suspends no more.
struct FiberEnded {};

class Fiber {
 public:
  /// `body` throws nothing but FiberEnded. A fiber that is destroyed before its body has ended is
  /// unwound; it must not suspend meanwhile.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it suspends or ends. Not from inside a fiber.
  void resume();
  /// From inside the body: back to the resumer.
  void suspend();
  [[nodiscard]] bool done() const;

  /// Calls code that no exception can pass, as C or what is built without them, and that may call
  /// back. What its frames own is lost when the fiber is unwound. In or outside a fiber.
  template <class Call>
  static auto call_foreign(Call call) {
    if constexpr (std::is_void_v<decltype(call())>) {
      over_foreign([](void* context) { (*static_cast<Call*>(context))(); }, &call);
    } else {
      struct Both {
        Call& call;
        decltype(call()) result{};
      } both{call};
      const auto run = [](void* context) {
        auto& to = *static_cast<Both*>(context);
        to.result = to.call();
      };
      over_foreign(run, &both);
      return both.result;
    }
  }
  /// Where foreign code has called back and FiberEnded has arrived: goes on with it behind those
  /// frames.
  [[noreturn]] static void end_behind_foreign();

  struct Worker;

 private:
  static void over_foreign(void (*call)(void*), void* context);

  std::unique_ptr<Worker> worker_;
};

}  // namespace sim
