// SPDX-License-Identifier: BSD-3-Clause
// Whether a smaller scenario still fails as the one that it comes from: the same invariant breaks,
// the same expectation is not met, the mediator dies at the same place. Used by Reducer.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/child.hpp"
#include "sim/cli/suite.hpp"
#include "sim/engine/run.hpp"
#include "sim/explore/explorer.hpp"
#include "sim/scenario/schema.hpp"

namespace sim::cli {

/// A scenario without `choices`, and which steps of the original are left in it.
struct Candidate {
  nlohmann::json doc;
  std::map<std::string, std::vector<size_t>> kept;  ///< "/threads/vm1.0" → their numbers
};

/// A schedule that fails.
struct Found {
  std::string choices;  ///< as a scenario takes them
  uint32_t preemptions = 0;
  std::string failure;  ///< in words
};

class CaseRunner;

class Oracle {
 public:
  using Clock = std::chrono::steady_clock;
  /// All outlive this. `reference`: a mediator in which the case should hold, or nullptr.
  Oracle(const ReadyCase& original, CaseRunner& runner, CaseRunner* reference,
         Clock::time_point end);

  /// The original under these choices; from now on it is this failure that counts. Throws
  /// InputError where it holds.
  Found begin(const Candidate& original, const ChoiceMaker& choices);

  /// Its steps are right by the schema, and so is the rest.
  bool fits_schema(const nlohmann::json& doc);
  /// It fits, and it holds where no task is preempted if the
  /// original does, or at least where the first one that can go on always does.
  bool sound(const Candidate& candidate);
  /// It holds in the reference, within these bounds, if the original does.
  bool holds_in_reference(const Candidate& candidate, const explore::Bounds& bounds);
  /// Fails so under these choices.
  std::optional<Found> replay(const Candidate& candidate, const std::string& choices);
  /// A schedule within these bounds that fails so, with the fewest preemptions.
  std::optional<Found> search(const Candidate& candidate, const explore::Bounds& bounds);

  [[nodiscard]] bool out_of_time() const { return Clock::now() >= end_; }
  /// The place of the expectation that is not met; empty: it is another failure.
  [[nodiscard]] const std::string& place() const { return place_; }
  [[nodiscard]] uint64_t asked() const { return asked_; }

 private:
  std::optional<scenario::CompiledCase> compiled(const Candidate& candidate) const;
  bool holds(const Candidate& candidate, CaseRunner& runner, const explore::Plan& plan);
  std::optional<Found> found_by(const FromChild& answer) const;

  const ReadyCase& original_;
  CaseRunner& runner_;
  CaseRunner* reference_;
  Clock::time_point end_;
  scenario::SchemaChecker schema_;
  std::string key_;  // which failure
  std::string place_;
  std::optional<explore::Plan> holds_under_;  // what the original holds under without preemption
  bool reference_holds_ = false;
  uint64_t asked_ = 0;
};

}  // namespace sim::cli
