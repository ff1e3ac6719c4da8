// SPDX-License-Identifier: BSD-3-Clause
// Replays one capture: builds its world, feeds the guest's calls to a mediator in `seq` order and
// compares. The rules are docs/replay.md.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/mediator_under_test.hpp"
#include "tools/ffa-trace/event_source.hpp"
#include "tools/ffa-trace/replay/compare.hpp"
#include "tools/ffa-trace/replay/profile.hpp"

namespace ffa_trace {

/// How much of the capture a replay held at once, at most: constant, however long it is.
struct Held {
  size_t activities = 0;  ///< calls and what the hypervisor does, under way
  size_t records = 0;     ///< SPMC calls inside them
  size_t events = 0;      ///< of the simulation's own trace
  size_t ends = 0;        ///< of the timeline: events that have begun and not ended
  size_t pages = 0;       ///< that the survey knows of
  friend bool operator==(const Held&, const Held&) = default;
};

struct ReplayResult {
  std::string file;
  std::string profile;
  bool model = false;  ///< the SPMC model answered
  Counts counts;
  std::vector<Divergence> divergences;  ///< the first ones
  Held held;
  /// No divergence, and the mediator had something of its own to show.
  [[nodiscard]] bool passed() const { return counts.divergences == 0 && counts.computed != 0; }
};

struct ReplaySettings {
  std::string profile{};       ///< as ReplayOptions::profile
  bool stop_at_first = false;  ///< enough to know whether there is a divergence
  std::string spmc{};          ///< as ReplayOptions::spmc
  size_t keep = 20;            ///< divergences that the result holds; all are counted
};

/// Throws InputError for what is no trace, or not supported yet.
ReplayResult replay_trace(EventSource& source, sim::MediatorFactory& factory,
                          const ReplaySettings& settings);

}  // namespace ffa_trace
