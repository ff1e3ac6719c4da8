// SPDX-License-Identifier: BSD-3-Clause
// Events that a trace of the simulator's tells of beside calls: what the host did, which interrupts
// came. Those of the trace and those of the replay are held against each other, first against
// first. Where one side is far ahead its oldest event counts as one that has no counterpart, so
// that a trace that has gone astray holds no more than another.
#pragma once

#include <deque>
#include <string>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/replay/compare.hpp"

namespace ffa_trace {

class Ledger {
 public:
  /// `rule`: of its divergences.
  explicit Ledger(const char* rule) : rule_(rule) {}
  /// The trace has this one.
  void captured(Comparison& comparison, const sim::trace::Event& event);
  /// The replay has this one.
  void ours(Comparison& comparison, const sim::trace::Event& event);
  /// What has no counterpart by now never gets one.
  void finish(Comparison& comparison);

 private:
  static constexpr size_t most_ahead = 1024;

  void match(Comparison& comparison);
  void missing(Comparison& comparison, const sim::trace::Event& event) const;
  void extra(Comparison& comparison, const sim::trace::Event& event) const;

  const char* rule_;
  std::deque<sim::trace::Event> captured_;
  std::deque<sim::trace::Event> ours_;
};

}  // namespace ffa_trace
