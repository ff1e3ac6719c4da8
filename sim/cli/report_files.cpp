// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/report_files.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "sim/engine/input_error.hpp"
#include "sim/report/github.hpp"
#include "sim/report/junit.hpp"
#include "sim/report/sarif.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/loader_lines.hpp"

namespace sim::cli {

void find_lines(report::Outcome& outcome) {
  if (outcome.problems.empty()) return;
  try {
    const scenario::LineTable table(
        scenario::read_text_file(outcome.file, scenario::max_scenario_bytes));
    for (report::Problem& problem : outcome.problems) problem.line = table.line_of(problem.place);
  } catch (const InputError&) {
    // It has run, and is gone since: the report names the file alone.
  }
}

ReportFiles::ReportFiles(const RunOptions& options) {
  open(options.junit, report::junit_text);
  open(options.sarif, [](const std::vector<report::Outcome>& outcomes) {
    return report::sarif_text(outcomes, FFASIM_VERSION);
  });
  open(options.github, report::github_text);
}

void ReportFiles::open(const std::string& file, Text text) {
  if (file.empty()) return;
  files_.emplace_back(file == "-" ? nullptr : std::make_unique<trace::AtomicFile>(file), text);
}

void ReportFiles::commit(const std::vector<report::Outcome>& outcomes) {
  for (const auto& [file, text] : files_) {
    if (file) {
      file->commit(text(outcomes));
    } else {
      fmt::print("{}", text(outcomes));
    }
  }
}

}  // namespace sim::cli
