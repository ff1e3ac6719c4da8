// SPDX-License-Identifier: BSD-3-Clause
// Golden hashes: a text file with one "hash name" a line, sorted by name. Read and written by `run
// --golden`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// Hashes by case name.
using GoldenHashes = std::map<std::string, std::string>;

/// Throws InputError("file:line", reason).
GoldenHashes parse_golden(const std::string& text, const std::string& file);
std::string golden_text(const GoldenHashes& hashes);

/// Fails a case that passed with another hash than the golden one, or that has none.
void check_golden(const GoldenHashes& hashes, const std::string& file, Outcome& outcome);

/// The hashes of the cases that passed, put over those of `old`. With `whole` those that did not
/// run are dropped.
GoldenHashes updated_golden(const GoldenHashes& old, const std::vector<Outcome>& outcomes,
                            bool whole);

}  // namespace sim::report
