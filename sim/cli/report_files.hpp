// SPDX-License-Identifier: BSD-3-Clause
// The reports that the options ask for: --junit, --sarif, --github, --html. Opened before anything
// runs, so that a place that can't be written is bad input and no lost run. Used by `run`,
// `explore` and `merge`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/suite.hpp"
#include "sim/report/html.hpp"
#include "sim/report/outcome.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {

/// Fills in the lines of the places where problems are, as far as the scenario's file can be read.
void find_lines(report::Outcome& outcome);

class ReportFiles {
 public:
  /// Throws InputError(file, reason).
  explicit ReportFiles(const RunOptions& options);
  /// Where a report shows how a case failed, it is run again for that.
  void offer(const ReadyCase& ready, const report::Outcome& outcome, CaseRunner& runner);
  /// Writes them all. Throws InputError(file, reason).
  void commit(const std::vector<report::Outcome>& outcomes);

 private:
  using Text = std::function<std::string(const std::vector<report::Outcome>&)>;
  /// An empty name is no file.
  void open(const std::string& file, Text text);

  bool prints_annotations_;
  std::vector<std::pair<std::unique_ptr<trace::AtomicFile>, Text>> files_;
  bool wants_evidence_;
  std::map<std::string, std::string> evidence_;  ///< by name of the case
  size_t evidence_bytes_ = 0;
  std::optional<report::Mutants> mutants_;
};

}  // namespace sim::cli
