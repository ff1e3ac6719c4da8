// SPDX-License-Identifier: BSD-3-Clause
// Sources of choices that look for trouble, each determined by a seed. What they decide is kept in
// the log of Choices, so that a run is repeated without them. Used by Explorer.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/sched/choices.hpp"

namespace sim::explore {

/// Probabilistic concurrency testing: each task has a priority, the highest that can go on does; at
/// `depth` - 1 places among the first `decisions` of the scheduler the running one falls to the
/// lowest. Finds a mistake that needs `depth` orderings with a probability of at least
/// 1 / (tasks * decisions^(depth - 1)). [Burckhardt et al., ASPLOS 2010]
std::unique_ptr<ChoiceSource> priority_choices(uint64_t seed, uint32_t depth, uint64_t decisions);

}  // namespace sim::explore
