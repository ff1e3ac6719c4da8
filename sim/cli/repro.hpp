// SPDX-License-Identifier: BSD-3-Clause
// Commands that do again what failed: a REPRO line, the lines of a report, a saved scenario. What
// `replay` and `shrink` take.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/options.hpp"

namespace sim::cli {

struct Repro {
  std::string line;   ///< "build/bin/ffa-sim run …"
  std::string place;  ///< where it stands, for errors
};

/// Each command once, in the order of the report. Throws InputError where there is none.
/// `verb` stands for a line that the user typed.
std::vector<Repro> repros_of(const std::string& what, const std::string& verb);

/// As the command line reads it. Throws InputError for anything but `ffa-sim run …`.
Parsed parse_repro(const Repro& repro, const Instead& instead);

}  // namespace sim::cli
