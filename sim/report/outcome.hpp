// SPDX-License-Identifier: BSD-3-Clause
// What became of one case, as every report tells it. Filled by the command line, written as text,
// JSON lines and JUnit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/coverage.hpp"

namespace sim::report {

/// `lacking`: it ran, and what was not as expected needs what the SPMC or a guest does not have.
enum class Result : uint8_t { passed, failed, skipped, lacking };

/// Why a case failed, where it matters for the exit code.
enum class Trouble : uint8_t { none, check, no_progress, nondeterminism, internal, bad_input };

/// One thing that was not as expected.
struct Problem {
  std::string place;  ///< JSON pointer of the step or expectation, or ""
  std::string expected;
  std::string actual;
  std::string rule;  ///< mediator rule or invariant, or ""
  std::string text;  ///< one line for people
  size_t line = 0;   ///< of the place in the scenario's file, from 1; 0: not known
};

/// How a case was explored.
struct Exploration {
  std::string strategy;     ///< "exhaustive", "random", …
  bool exhausted = false;   ///< every schedule within the bounds was run
  uint64_t schedules = 0;   ///< run to their end
  uint64_t pruned = 0;      ///< left where they came to a state known already
  uint64_t states = 0;      ///< known to the reduction
  uint64_t longest = 0;     ///< decisions in one schedule, at most
  CoverageNames covered{};  ///< by all that was run of them
  friend bool operator==(const Exploration&, const Exploration&) = default;
};

struct Outcome {
  std::string name;
  std::string chapter;
  std::string file;
  Result result = Result::passed;
  Trouble trouble = Trouble::none;
  std::vector<Problem> problems;
  std::string where;         ///< which run of a sweep failed, or ""
  std::string skip;          ///< why it was skipped, or what was lacking, or ""
  std::string hash;          ///< of the trace; "" if it did not run
  std::string seed;          ///< "0x…"
  std::string choices;       ///< decisions that were not 0
  uint64_t runs = 0;         ///< how often the world was built: 1, or more for a sweep
  std::string repro;         ///< the command that does it again; only of failed cases
  std::string saved{};       ///< the file that the failure was saved in, or ""
  std::string saved_with{};  ///< the options that it fails with, since no scenario says them, or ""
  std::optional<Exploration> exploration{};
  std::vector<std::string> sometimes{};  ///< marks that its runs have met
  /// What programs from outside printed, by endpoint; printable_text() of it.
  std::map<std::string, std::string> consoles{};
  std::vector<std::string> notes{};   ///< on how they were run
  uint64_t stack_bytes = 0;           ///< of the mediator, at most; 0: not known
  uint64_t undecided = 0;             ///< of its runs, those with no verdict on I32
  std::string text{};                 ///< what the scenario shows, in its own words; may be empty
  std::vector<std::string> covers{};  ///< rows of the conformance matrix, as the scenario says
  std::string spmc{};                 ///< personality and version of the SPMC: "op-tee 1.1", or ""
  std::vector<std::string> versions{};  ///< that guests negotiated: "1.0"
  std::vector<std::string> errors{};    ///< that calls of guests came back with: "DENIED"
};

/// What one process did of a campaign: part `index` (from 1) of `count`.
struct Shard {
  unsigned index = 1;
  unsigned count = 1;
  bool of_seeds = false;  ///< of every case a part of the seeds; else every count-th case
  friend bool operator==(const Shard&, const Shard&) = default;
};

struct Summary {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  size_t not_selected = 0;
  size_t lacking = 0;
  size_t exhausted = 0;    ///< of those that passed
  uint64_t schedules = 0;  ///< 0: nothing was explored
  uint64_t undecided = 0;  ///< runs with no verdict on I32
  Shard shard{};
  friend bool operator==(const Summary&, const Summary&) = default;
};

Summary summarise(const std::vector<Outcome>& outcomes, size_t not_selected);

/// "passed", "failed", "skipped", "lacking".
const char* result_name(Result result);

/// The exit code of a run: 0 ok, 1 a check failed, 3 no progress, 4 nondeterminism, 70 internal
/// error, 77 nothing ran. 2: bad input that only showed in the run. Of several troubles the gravest
/// counts: 2, 70, 4, 3, 1.
int exit_code(const std::vector<Outcome>& outcomes);

}  // namespace sim::report
