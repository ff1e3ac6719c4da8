// SPDX-License-Identifier: BSD-3-Clause
// coverage_check ROOT BARS EXPORT.json: a table of what is covered, by file; exit code
// 1 and a list of places where a bar is not reached.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "tests/coverage/judge.hpp"

namespace {

std::string share(const coverage::Count& count) {
  if (count.total == 0) return fmt::format("{:>12}", "-");
  // Rounded down: 100 % is never said of what lacks something.
  const size_t tenths = count.covered * 1000 / count.total;
  const std::string of = fmt::format("{}/{}", count.covered, count.total);
  return fmt::format("{:>11} {:>3}.{}%", of, tenths / 10, tenths % 10);
}

void add(coverage::Count& sum, const coverage::Count& count) {
  sum.covered += count.covered;
  sum.total += count.total;
}

void print_row(const coverage::FileResult& row) {
  fmt::print("{:<46} {:>18} {:>18} {:>18} {:>4}\n", row.file, share(row.lines), share(row.branches),
             share(row.conditions), row.exceptions);
}

int check(const std::string& root, const std::string& bars_file, const std::string& json_file) {
  const std::vector<coverage::Bar> bars = coverage::read_bars(bars_file);
  const coverage::Result result =
      coverage::judge(coverage::read_export(root, json_file), bars, root);
  fmt::print("{:<46} {:>18} {:>18} {:>18} {:>4}\n", "file", "lines", "branches", "MC/DC", "exc.");
  for (const coverage::FileResult& file : result.files) print_row(file);
  for (const coverage::Bar& bar : bars) {
    coverage::FileResult sum;
    sum.file = "all of " + bar.folder;
    for (const coverage::FileResult& file : result.files) {
      if (!file.file.starts_with(bar.folder)) continue;
      add(sum.lines, file.lines);
      add(sum.branches, file.branches);
      add(sum.conditions, file.conditions);
      sum.exceptions += file.exceptions;
    }
    print_row(sum);
  }
  for (const std::string& finding : result.findings) fmt::print("{}\n", finding);
  fmt::print("{}: {} places are not covered as they must be\n",
             result.findings.empty() ? "passed" : "FAILED", result.findings.size());
  return result.findings.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: coverage_check ROOT BARS EXPORT.json\n");
    return 2;
  }
  try {
    return check(argv[1], argv[2], argv[3]);
  } catch (const coverage::BadInput& error) {
    fmt::print(stderr, "coverage_check: {}\n", error.what());
    return 2;
  }
}
