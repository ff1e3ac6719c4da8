// SPDX-License-Identifier: BSD-3-Clause
// The one choice stream: everything that a scenario leaves open is `choose(n, label)`. Sources
// differ, users don't know.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sched/operation.hpp"

namespace sim {

/// One decision that was taken: the index among `n` alternatives of the kind `label`, whose text
/// lasts as long as the program.
struct Choice {
  uint32_t n = 0;
  uint32_t taken = 0;
  std::string_view label;
};

/// Thrown by a source that wants the run to go no further.
struct RunAbandoned {};

/// Where the scheduler asks which task goes on.
struct SchedulePoint {
  /// Those that can go on, by number, in the order in which the alternatives are counted.
  std::span<const size_t> tasks;
  /// tasks[0] runs and could go on: whoever else is taken preempts it.
  bool running = false;
};

/// What decisions of the scheduler are labelled.
inline constexpr const char* schedule_label = "schedule";

/// Decisions whether a fault strikes are labelled with this and its kind. What else is to decide
/// about one that does has labels of its own.
inline constexpr std::string_view fault_label = "fault_";
inline bool is_fault(std::string_view label) { return label.starts_with(fault_label); }

class ChoiceSource {
 public:
  virtual ~ChoiceSource() = default;
  /// 0 <= result < n; n >= 2. The same source gives the same answers to the same questions.
  virtual uint32_t choose(uint32_t n, const char* label) = 0;
  /// The same for the scheduler, which has at least two tasks that can go on.
  virtual uint32_t schedule(const SchedulePoint& point) {
    return choose(static_cast<uint32_t>(point.tasks.size()), schedule_label);
  }
  /// After a run: throws InputError where it knows a decision that was not asked for.
  virtual void check_all_asked() const {}
  /// True: it is told of what tasks do.
  [[nodiscard]] virtual bool watches() const { return false; }
  /// Where there are several tasks: one of them does this now. In the order in which it happens.
  virtual void performed(size_t /*task*/, const Operation& /*operation*/) {}
};

/// The decisions of the run at hand as Choices::to_text() writes them, where they outlast a process
/// that dies of it: in memory that another one shares. All zero: there were none yet.
struct LastChoices {
  uint64_t decisions;  ///< all of them
  uint32_t preemptions;
  uint32_t length;
  bool cut;       ///< there were more than fit
  char run[256];  ///< which run of several, as keep_last_run() was told
  char text[size_t{1} << 20];
};

/// From now on each Choices of this process that keeps a log begins this anew; it lasts as long as
/// they do.
void keep_last_choices(LastChoices& last);
/// Which of the runs of a case comes now, in words, kept as the choices are; empty: it is the only
/// one.
void keep_last_run(std::string_view which);

/// Asks a source and keeps the log, so that a run can be replayed. `choose(1, …)` is 0 and not
/// logged.
class Choices {
 public:
  /// `keep_log` false: for runs of any length that nobody replays.
  explicit Choices(std::unique_ptr<ChoiceSource> source, bool keep_log = true);
  ~Choices();
  Choices(const Choices&) = delete;
  Choices& operator=(const Choices&) = delete;
  /// `label`: a literal.
  uint32_t choose(uint32_t n, const char* label);
  uint32_t schedule(const SchedulePoint& point);
  [[nodiscard]] bool watched() const { return watched_; }
  void performed(size_t task, const Operation& operation) { source_->performed(task, operation); }
  [[nodiscard]] const std::vector<Choice>& log() const { return log_; }
  /// How many decisions there were.
  [[nodiscard]] uint64_t decisions() const { return decisions_; }
  /// "12:schedule=1,15:fault=0": the position of each decision that was not 0, as `choices` in a
  /// scenario.
  [[nodiscard]] std::string to_text() const;
  /// As of the source.
  void check_all_asked() const { source_->check_all_asked(); }
  /// How often another task was taken although the running one could go on.
  [[nodiscard]] uint32_t preemptions() const { return preemptions_; }

 private:
  void keep(const Choice& choice);

  std::unique_ptr<ChoiceSource> source_;
  bool keep_log_;
  bool watched_;
  std::vector<Choice> log_;
  uint64_t decisions_ = 0;
  uint32_t preemptions_ = 0;
};

/// Pseudo-random from a 64-bit seed (SplitMix64: the same everywhere).
std::unique_ptr<ChoiceSource> seeded_choices(uint64_t seed);
/// The decisions of a text as Choices::to_text() writes it, 0 where it is silent. Throws
/// InputError(place, reason) for malformed text; a label that differs from the one asked for is an
/// InputError too, and so, for check_all_asked(), is a decision other than 0 behind the last one.
std::unique_ptr<ChoiceSource> recorded_choices(const std::string& text, const std::string& place);

}  // namespace sim
