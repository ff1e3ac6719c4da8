// SPDX-License-Identifier: BSD-3-Clause
// Where in a scenario file a JSON pointer leads: reports name lines, which editors and code hosts
// jump to. Called by the command line for what failed.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace sim::scenario {

class LineTable {
 public:
  /// Of the text of a file that has been loaded, comments and all. What is no JSON has one line.
  explicit LineTable(const std::string& text);
  /// The line, from 1, of the key or element that the pointer leads to. Where a variable, a matrix
  /// or a guest's configuration made what it leads to: of the innermost that stands in the file.
  [[nodiscard]] size_t line_of(const std::string& pointer) const;

 private:
  std::map<std::string, size_t> lines_;  ///< by pointer
};

}  // namespace sim::scenario
