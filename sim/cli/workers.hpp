// SPDX-License-Identifier: BSD-3-Clause
// --jobs: the cases are spread over worker processes, so that they can't touch each other's state
// and one that crashes the process is told as such. What comes out is in the order of the cases,
// whatever finished first.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "sim/cli/last_words.hpp"
#include "sim/report/outcome.hpp"

namespace sim::cli {

/// Runs `run(i)` for each i below `count`, in at most `jobs` processes, and hands each outcome to
/// `done`, in order. `lost(i, death)` makes the outcome of a case that ended its process. `begin`
/// is told by each process what it will run, in this order.
void run_in_workers(size_t count, unsigned jobs, const std::function<report::Outcome(size_t)>& run,
                    const std::function<report::Outcome(size_t, const Death&)>& lost,
                    const std::function<void(size_t, report::Outcome)>& done,
                    const std::function<void(std::span<const size_t>)>& begin = {});

}  // namespace sim::cli
