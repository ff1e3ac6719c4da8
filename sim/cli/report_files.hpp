// SPDX-License-Identifier: BSD-3-Clause
// The reports that the options ask for: --junit, --sarif, --github, --html. Opened before anything
// runs, so that a place that can't be written is bad input and no lost run. Used by `run`,
// `explore` and `merge`.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/options.hpp"
#include "sim/report/outcome.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {

/// Fills in the lines of the places where problems are, as far as the scenario's file can be read.
void find_lines(report::Outcome& outcome);

class ReportFiles {
 public:
  /// Throws InputError(file, reason).
  explicit ReportFiles(const RunOptions& options);
  /// Writes them all. Throws InputError(file, reason).
  void commit(const std::vector<report::Outcome>& outcomes);

 private:
  using Text = std::string (*)(const std::vector<report::Outcome>&);
  /// "-" is standard output, an empty name no file.
  void open(const std::string& file, Text text);

  std::vector<std::pair<std::unique_ptr<trace::AtomicFile>, Text>> files_;
};

}  // namespace sim::cli
