// SPDX-License-Identifier: BSD-3-Clause
// Where people read: progress where standard error is a terminal, results as plain lines or JSON on
// standard output; colours only where they show.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "sim/report/outcome.hpp"
#include "sim/report/text.hpp"

namespace sim::cli {

class Console {
 public:
  Console(bool json, size_t cases);
  /// A case is done. On a terminal with progress, one that passed only moves that.
  void tell(const report::Outcome& outcome);
  /// True where working() shows.
  [[nodiscard]] bool live() const { return live_; }
  /// How far the case at hand has come, in the progress line; from the process that runs it.
  void working(const std::string& text) const;
  /// What a campaign has covered, and the `sometimes` marks that no case has met.
  void tell_met(const std::vector<report::Outcome>& outcomes);
  /// The most stack of all cases, where it is known.
  void tell_stack(const std::vector<report::Outcome>& outcomes);
  /// The last line, with how long it took.
  void finish(const report::Summary& summary);
  /// The last line of what others took their time for.
  void finish_merged(const report::Summary& summary);

 private:
  void clear_progress() const;
  void last_line(const report::Summary& summary, const std::string& time);

  bool json_;
  bool live_;
  bool terminal_;
  report::Colours colours_;
  size_t cases_;
  size_t told_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace sim::cli
