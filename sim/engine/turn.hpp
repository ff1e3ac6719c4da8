// SPDX-License-Identifier: BSD-3-Clause
// Where one task gave way to another in the middle of a call: told by Simulation, drawn by
// sim/report.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/sched/scheduler.hpp"

namespace sim {

/// A place in a call or an operation of the host where another task may go on.
struct SwitchPlace {
  uint64_t event = 0;  ///< `seq` of its event
  uint64_t point = 0;  ///< the how-manieth in it; 0: its beginning, or its end
  SwitchPoint here{};  ///< not of 0
};

/// The task of `from` has stopped there, and that of `to` goes on.
struct Turn {
  uint64_t seq = 0;  ///< the counter of events then: all before this number had happened
  SwitchPlace from;
  SwitchPlace to;
  std::optional<uint64_t> decision;  ///< that led here: its position, as `choices` counts
};

}  // namespace sim
