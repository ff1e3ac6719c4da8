// SPDX-License-Identifier: BSD-3-Clause
// The places where another task may go on, and their names: for diagrams, coverage and whoever
// stands there.
#pragma once

#include <cstdint>
#include <string>

#include "sim/sched/operation.hpp"

namespace sim {

/// Where another task may go on: in front of what is to be done; of a lock that is given back and
/// of an SMC (none) behind it.
struct SwitchPoint {
  OperationKind what = OperationKind::none;
  uint32_t lock_class = 0;  ///< of locks
};

/// "vm_table", …; "class 7" for one that lock.hpp does not name.
std::string lock_class_name(uint32_t lock_class);
/// "before lock vm_table", "behind an SMC", …
std::string in_words(const SwitchPoint& here);

}  // namespace sim
