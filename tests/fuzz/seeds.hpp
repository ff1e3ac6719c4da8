// SPDX-License-Identifier: BSD-3-Clause
// Seed corpora: inputs that make sense, in the form of each target, made from what the project has
// of real calls.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fuzz {

using Bytes = std::vector<uint8_t>;

/// Inputs by target, each once.
using Seeds = std::map<std::string, std::set<Bytes>>;

/// The images of tests/data/ffa-vectors.json. Throws for a file that is not as it should be.
void add_vectors(const std::string& file, Seeds& seeds);
/// Scenario files below a folder that are not long.
void add_scenarios(const std::string& folder, Seeds& seeds);
/// The first lines of the captured traces below a folder.
void add_traces(const std::string& folder, Seeds& seeds);
/// Pieces of the logs in a folder, for the target `log`.
void add_logs(const std::string& folder, Seeds& seeds);
/// Calls that make sense, by hand.
void add_calls(Seeds& seeds);
/// Transactions in fragments, and calls of the SPMC model, by hand.
void add_fragments(Seeds& seeds);
void add_spmc_calls(Seeds& seeds);

}  // namespace fuzz
