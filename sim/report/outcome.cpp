// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/outcome.hpp"

#include <algorithm>

namespace sim::report {

Summary summarise(const std::vector<Outcome>& outcomes, size_t not_selected) {
  Summary summary;
  summary.not_selected = not_selected;
  for (const Outcome& outcome : outcomes) {
    summary.undecided += outcome.undecided;
    if (outcome.exploration) {
      summary.schedules += outcome.exploration->schedules;
      if (outcome.result == Result::passed && outcome.exploration->exhausted) ++summary.exhausted;
    }
    switch (outcome.result) {
      case Result::passed:
        ++summary.passed;
        break;
      case Result::failed:
        ++summary.failed;
        break;
      case Result::skipped:
        ++summary.skipped;
        break;
      case Result::lacking:
        ++summary.lacking;
        break;
    }
  }
  return summary;
}

std::vector<Problem> first_problems(const Outcome& outcome) {
  std::vector<Problem> first(
      outcome.problems.begin(),
      outcome.problems.begin() +
          static_cast<std::ptrdiff_t>(std::min(outcome.problems.size(), max_problems)));
  if (first.size() < outcome.problems.size()) {
    const size_t more = outcome.problems.size() - first.size();
    first.back().text += " (and " + std::to_string(more) + " more of this case)";
  }
  return first;
}

const char* result_name(Result result) {
  switch (result) {
    case Result::passed:
      return "passed";
    case Result::failed:
      return "failed";
    case Result::skipped:
      return "skipped";
    case Result::lacking:
      return "lacking";
  }
  return "";
}

int exit_code(const std::vector<Outcome>& outcomes) {
  Trouble gravest = Trouble::none;
  bool any_ran = false;
  for (const Outcome& outcome : outcomes) {
    any_ran = any_ran || outcome.result != Result::skipped;
    gravest = std::max(gravest, outcome.trouble);
  }
  switch (gravest) {
    case Trouble::none:
      return any_ran ? 0 : 77;
    case Trouble::check:
      return 1;
    case Trouble::no_progress:
      return 3;
    case Trouble::nondeterminism:
      return 4;
    case Trouble::internal:
      return 70;
    case Trouble::bad_input:
      return 2;
  }
  return 70;
}

}  // namespace sim::report
