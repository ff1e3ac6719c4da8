// SPDX-License-Identifier: BSD-3-Clause
// Whether two runs under the same decisions are the same, and where they part: --check-determinism.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "sim/report/outcome.hpp"
#include "sim/sched/choices.hpp"
#include "sim/trace/event.hpp"

namespace sim::cli {

/// The first event by which the hashes of two traces differ: its number in the trace from 1 on, and
/// its line in both, "none" where one has ended. Nothing: they are the same.
std::optional<report::Problem> first_difference(const std::vector<trace::Event>& first,
                                                const std::vector<trace::Event>& second);

/// The same decisions led to something else.
class Nondeterminism : public std::runtime_error {
 public:
  explicit Nondeterminism(report::Problem problem)
      : std::runtime_error(problem.text), problem_(std::move(problem)) {}
  [[nodiscard]] const report::Problem& problem() const { return problem_; }

 private:
  report::Problem problem_;
};

/// Throws Nondeterminism unless `run_again`, asked with the decisions that were taken, gives the
/// same events.
void check_again(const std::vector<trace::Event>& events, const Choices& taken,
                 const std::function<std::vector<trace::Event>(Choices&)>& run_again);

}  // namespace sim::cli
