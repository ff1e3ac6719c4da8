// SPDX-License-Identifier: BSD-3-Clause
// The command line of ffa-sim as plain data. options.cpp is the only file that knows the option
// library; values.cpp reads the values that have a form of their own. docs/command-line.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/explore/explorer.hpp"
#include "sim/scenario/matrix.hpp"

namespace sim::cli {

enum class Verb : uint8_t { run, explore, replay, list, schema, doctor, pack };

/// Part `index` (from 1) of `count`.
struct Shard {
  unsigned index = 1;
  unsigned count = 1;
};

/// What picks cases; the same for run, list and pack.
struct Selection {
  std::vector<std::string> paths;
  std::string filter = "*";
  std::vector<scenario::Axis> vary;
  std::string backend = "host";
};

struct RunOptions {
  uint64_t seed = 0;
  std::optional<std::string> choices;
  unsigned jobs = 1;
  Shard shard;
  std::string junit;
  std::string trace;               ///< directory
  std::string mediator;            ///< plug-in
  std::string backend = "host";    ///< as Selection::backend
  std::string monitors = "cheap";  ///< of the back end unicorn: none, cheap, all
  std::string golden;
  bool update_golden = false;
  bool check_determinism = false;
};

struct ExploreOptions {
  explore::Plan plan;
  std::optional<std::chrono::milliseconds> time;  ///< of all cases together
  std::string save;                               ///< directory for what failed
};

struct ListOptions {
  bool coverage = false;
  std::vector<std::string> chapters;
};

struct Options {
  Verb verb = Verb::run;
  Selection selection;
  bool json = false;
  RunOptions run;
  ExploreOptions explore;
  ListOptions list;
  std::string replay;          ///< a REPRO line or a file
  std::string replay_backend;  ///< or empty: the one that the line names
  std::string pack_file;
};

/// Either the options, or what to print and exit with: 0 for --help and --version, 2 for a mistake.
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
  std::string text;
};

Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace sim::cli
