// SPDX-License-Identifier: BSD-3-Clause
// Whether the sources are covered as far as they have to be, and where they are not.
#pragma once

#include <string>
#include <vector>

#include "tests/coverage/measured.hpp"

namespace coverage {

/// What files must reach. `decisions`: each function called, each branch taken both ways, each
/// condition shown to decide, but for the exceptions that the source names.
struct Bar {
  std::string folder;  ///< begins the paths that it is about
  bool decisions = false;
  double lines_percent = 0;
};

/// Lines of "FOLDER decisions" or "FOLDER lines PERCENT"; # begins a comment. Throws BadInput.
std::vector<Bar> read_bars(const std::string& file);

struct Count {
  size_t covered = 0;
  size_t total = 0;
};

struct FileResult {
  std::string file;
  Count lines;
  Count branches;    ///< two a condition, one an assertion or a switch
  Count conditions;  ///< those of decisions that have several
  size_t exceptions = 0;
};

struct Result {
  std::vector<FileResult> files;
  std::vector<std::string> findings;  ///< "file:line: what"; empty where each bar is reached
};

/// Reads the sources below `root` for their exceptions: `// uncovered: REASON` on a line, or on
/// comment lines before it, excuses what is not covered on that line. An exception that excuses
/// nothing is a finding. Throws BadInput.
Result judge(const Measured& measured, const std::vector<Bar>& bars, const std::string& root);

}  // namespace coverage
