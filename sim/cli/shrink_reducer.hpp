// SPDX-License-Identifier: BSD-3-Clause
// Makes a scenario that fails smaller as long as it fails the same way: fewer steps, fewer
// decisions, smaller values. What is tried, and in which order, depends on the scenario alone.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/cli/shrink_oracle.hpp"

namespace sim::cli {

/// All steps of a scenario.
size_t count_steps(const nlohmann::json& doc);

/// The whole scenario, without what only its own schedule or its place among others needs.
Candidate whole_candidate(const nlohmann::json& doc);

class Reducer {
 public:
  /// `found`: as the oracle began.
  Reducer(Oracle& oracle, Candidate original, Found found);
  /// Until nothing makes it smaller, or the oracle's time is over.
  void run();

  [[nodiscard]] const Candidate& smallest() const { return best_; }
  [[nodiscard]] const Found& found() const { return found_; }

 private:
  enum class Effort : uint8_t { replay, search };
  bool take(const Candidate& candidate, Effort effort);
  bool take_if_it_fails(const Candidate& candidate, Effort effort);
  bool shorten_schedule();
  bool drop_decisions();
  bool drop_steps();
  bool drop_from(const std::string& list);
  bool drop_chunk(const std::string& list, size_t first, size_t count);
  bool drop_expectations();
  bool simplify_values();
  void fix_faults();
  void fix_fault(size_t number, const nlohmann::json& fault);

  Oracle& oracle_;
  Candidate best_;
  Found found_;
};

}  // namespace sim::cli
