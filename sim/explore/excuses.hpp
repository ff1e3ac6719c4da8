// SPDX-License-Identifier: BSD-3-Clause
// Answers that no order of calls one by one can give, and that are right all the same: a call was
// refused because of another one that was under way, and has changed nothing. A closed list, in
// docs/invariants.md too.
#pragma once

#include "sim/explore/history.hpp"

namespace sim::explore {

/// True if `entry` was answered so because of `other`.
bool is_excused(const HistoryEntry& entry, const HistoryEntry& other);

}  // namespace sim::explore
