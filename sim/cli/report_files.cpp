// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/report_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sim/cli/mutants_file.hpp"
#include "sim/cli/run_again.hpp"
#include "sim/cli/swept_case.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/report/github.hpp"
#include "sim/report/html_evidence.hpp"
#include "sim/report/junit.hpp"
#include "sim/report/sarif.hpp"
#include "sim/scenario/coverage.hpp"
#include "sim/scenario/judge.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/loader_lines.hpp"

namespace sim::cli {
namespace {

using Outcomes = std::vector<report::Outcome>;

/// Of all cases together: a report is to open at once. What came first is shown.
constexpr size_t max_evidence_bytes = size_t{2} << 20;

std::vector<report::Requirement> requirements() {
  std::vector<report::Requirement> all;
  const auto& left_out = scenario::left_out_rows();
  for (const scenario::MatrixRow& row : scenario::matrix_rows()) {
    const auto reason = left_out.find(row.id);
    report::Requirement one{
        row.id,
        row.chapter,
        row.condition,
        row.result,
        reason == left_out.end() ? "" : reason->second.reason + ": " + reason->second.note,
        {}};
    for (const scenario::CoveringTest* const test : scenario::covering_tests_of(row.id)) {
      one.tests.push_back({test->name(), test->shows});
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

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

ReportFiles::ReportFiles(const RunOptions& options)
    : prints_annotations_(options.github == "-"), wants_evidence_(!options.html.empty()) {
  open(options.junit, report::junit_text);
  open(options.sarif,
       [](const Outcomes& outcomes) { return report::sarif_text(outcomes, FFASIM_VERSION); });
  if (!options.mutants.empty()) mutants_ = read_mutants(options.mutants);
  open(options.html, [this](const Outcomes& outcomes) {
    return report::html_page({outcomes, scenario::matrix_chapters(), requirements(), evidence_,
                              mutants_, FFASIM_VERSION});
  });
  if (!prints_annotations_) open(options.github, report::github_text);
}

void ReportFiles::offer(const ReadyCase& ready, const report::Outcome& outcome,
                        CaseRunner& runner) {
  const bool failed = outcome.result == report::Result::failed;
  if (!wants_evidence_ || !failed || evidence_bytes_ > max_evidence_bytes) return;
  try {
    const auto one_run = swept_case(ready, outcome.where);
    const ReadyCase& run = one_run ? *one_run : ready;
    std::string text =
        written_of(run, outcome.choices, runner, "--html", [&](const RunRecord& record) {
          return report::evidence_html(run.compiled, record, scenario::judge(run.compiled, record));
        });
    evidence_bytes_ += text.size();
    evidence_[outcome.name] = std::move(text);
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

void ReportFiles::open(const std::string& file, Text text) {
  if (file.empty()) return;
  files_.emplace_back(std::make_unique<trace::AtomicFile>(file), std::move(text));
}

void ReportFiles::commit(const Outcomes& outcomes) {
  for (const auto& [file, text] : files_) file->commit(text(outcomes));
  if (prints_annotations_) fmt::print("{}", report::github_text(outcomes));
}

}  // namespace sim::cli
