// SPDX-License-Identifier: BSD-3-Clause
// Calls in the order in which they began, each with its answer once that is known. Hands them on as
// events as soon as the oldest is decided, so that a log of any length needs little memory.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/import/row.hpp"

namespace ffa_trace {

class CallLog {
 public:
  using Sink = std::function<void(const sim::trace::Event&)>;
  using Id = uint64_t;
  /// Calls that may wait behind the oldest undecided one; then that counts as unanswered.
  static constexpr size_t window = 65536;

  explicit CallLog(Sink sink) : sink_(std::move(sink)) {}

  Id open(const Row& row);
  /// False where the call is decided already.
  bool answer(Id id, const Row& row);
  /// True while the call's answer may still come.
  [[nodiscard]] bool is_open(Id id) { return find(id) != nullptr; }
  /// The call's answer will not be known.
  void give_up(Id id);
  /// Gives up what is open.
  void finish();

  [[nodiscard]] uint64_t calls() const { return calls_; }
  [[nodiscard]] uint64_t pairs() const { return pairs_; }

 private:
  struct Pending {
    sim::trace::Event event;
    bool decided = false;
  };
  Pending* find(Id id);
  void flush();

  Sink sink_;
  std::deque<Pending> pending_;
  Id first_ = 0;          ///< of pending_.front()
  uint64_t counter_ = 0;  ///< last value of seq or seq_ret
  uint64_t calls_ = 0;
  uint64_t pairs_ = 0;
};

}  // namespace ffa_trace
