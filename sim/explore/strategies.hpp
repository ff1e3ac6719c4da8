// SPDX-License-Identifier: BSD-3-Clause
// Sources of choices that look for trouble, each determined by a seed. What they decide is kept in
// the log of Choices, so that a run is repeated without them. Used by Explorer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/sched/choices.hpp"

namespace sim::explore {

/// Probabilistic concurrency testing: each task has a priority, the highest that can go on does; at
/// `depth` - 1 of the first `places` where another task could preempt the running one, that one
/// falls to the lowest. In a run with no more places than these, a mistake that needs `depth`
/// orderings is found with a probability of at least 1 / (tasks * places^(depth - 1)).
/// [Burckhardt et al., ASPLOS 2010]
std::unique_ptr<ChoiceSource> priority_choices(uint64_t seed, uint32_t depth, uint64_t places);

/// 0 everywhere, so that no task is preempted; `places` is added up, where one could have been.
std::unique_ptr<ChoiceSource> counting_choices(uint64_t& places);

/// Random, but the running task goes on with a probability of 1 - 1 / `density`, and other
/// decisions than the scheduler's are 0 with that probability, too.
std::unique_ptr<ChoiceSource> sparse_choices(uint64_t seed, uint32_t density);

/// A hostile neighbour: the running task is preempted right after it has looked at something (guest
/// memory, a stage 2, an atomic word) or given a lock back, and hardly anywhere else.
std::unique_ptr<ChoiceSource> hostile_choices(uint64_t seed);

/// One of the above with parameters, all drawn from the seed, as is which kinds of decisions but
/// the scheduler's stay 0. `told` says all that, as far as the run has come; it outlives the
/// source.
std::unique_ptr<ChoiceSource> swarm_choices(uint64_t seed, uint64_t places, std::string& told);

/// The first `length` decisions of a text as recorded_choices() takes it, then those of a seed.
std::unique_ptr<ChoiceSource> prefix_choices(const std::string& text, uint64_t length,
                                             uint64_t seed);

/// A fuzzer's: each decision takes a byte, modulo the number of alternatives; 0 behind the end.
std::unique_ptr<ChoiceSource> byte_choices(std::vector<uint8_t> bytes);

}  // namespace sim::explore
