// SPDX-License-Identifier: BSD-3-Clause
// What ran, as llvm-cov exports it, by places in the sources: several instantiations of a template
// are one piece of source, and what a macro does belongs to the line that uses it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace coverage {

/// Input that can't be used; the text names file, place and reason.
struct BadInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A place in a file of the project: `file` relative to its root, `line` and `column` from 1.
struct Place {
  std::string file;
  uint64_t line = 0;
  uint64_t column = 0;
  auto operator<=>(const Place&) const = default;
};

/// Where something stands in the text. Of what is an argument of a macro, the compiler knows but
/// the place where the macro puts it: the n-th there.
struct Site {
  Place used;     ///< outside of every macro
  Place spelled;  ///< the same, or in the text of a macro
  uint64_t nth = 0;
  auto operator<=>(const Site&) const = default;
};

/// A condition: how often it was true, and false.
struct Branch {
  uint64_t taken = 0;
  uint64_t not_taken = 0;
  /// It must not be true: an FFA_ASSERT that fails, or what a switch without default leaves out.
  bool never_taken = false;
};

struct Measured {
  std::map<Site, Branch> branches;
  std::map<Site, bool> conditions;  ///< of several in a decision: was shown to decide it by itself
  /// Decisions with a condition that is constant in an instantiation: can't be measured there.
  std::set<Site> constant_conditions;
  std::map<Place, uint64_t> functions;                        ///< calls
  std::map<std::string, std::map<uint64_t, uint64_t>> lines;  ///< by file: line, how often it ran
};

/// Of `llvm-cov export` what stands in files below `root`. Throws BadInput.
Measured read_export(const std::string& root, const std::string& json_file);

/// The lines of a file. Throws BadInput.
std::vector<std::string> read_lines(const std::string& file);

}  // namespace coverage
