// SPDX-License-Identifier: BSD-3-Clause
// The command line of ffa-sim as plain data. options.cpp is the only file that knows the option
// library; values.cpp reads the values that have a form of their own. docs/command-line.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/explore/explorer.hpp"
#include "sim/report/outcome.hpp"
#include "sim/scenario/matrix.hpp"

namespace sim::cli {

enum class Verb : uint8_t {
  run,
  explore,
  replay,
  shrink,
  merge,
  list,
  schema,
  doctor,
  pack,
  bundle,
  debug
};

/// What picks cases; the same for run, list and pack.
struct Selection {
  std::vector<std::string> paths;
  std::string filter = "*";
  std::vector<scenario::Axis> vary;
  std::vector<std::string> faults;  ///< kinds that the choice stream may let strike in each case
  std::string backend = "host";
};

struct RunOptions {
  uint64_t seed = 0;
  std::optional<std::string> choices;
  unsigned jobs = 1;
  report::Shard shard;
  std::string junit;  ///< reports: a file; empty: none
  std::string sarif;
  std::string html;
  std::vector<std::string> mutants;  ///< results of tests/mutants, for the HTML report
  std::string github;                ///< "-": standard output
  std::string trace;                 ///< directory
  std::string mediator;              ///< plug-in
  bool fine = false;                 ///< our mediator with every access told
  std::string backend = "host";      ///< as Selection::backend
  std::string entry = "el2";         ///< of the back end qemu: el2, bl33
  std::string kernel;                ///< of the back end qemu: what the first VM boots
  std::string initrd;
  std::string append;               ///< to the kernel's arguments
  std::string conduit = "smc";      ///< of its PSCI and FF-A calls: smc, hvc
  std::string uart_log;             ///< of the back end qemu: a file that has the records already
  std::string monitors = "cheap";   ///< of the back end unicorn: none, cheap, all
  std::vector<std::string> faults;  ///< as Selection::faults
  std::string golden;
  bool update_golden = false;
  bool check_determinism = false;
  std::shared_ptr<Breakpoint> break_at;
  std::string diagram;      ///< file; "-": standard output
  uint32_t inevitable = 0;  ///< random continuations of each prefix of what fails; 0: none
  bool explain = true;      ///< look for orders that explain what concurrent calls gave (I32)
};

struct ExploreOptions {
  explore::Plan plan;
  bool says_strategy = false;                     ///< else a scenario's own `explore` decides
  std::vector<std::string> given;                 ///< of the options that only some strategies take
  std::optional<std::chrono::milliseconds> time;  ///< of all cases together
  std::string save;                               ///< directory for what failed
};

/// What takes the place of what a REPRO line names, or a saved scenario does not; empty: nothing.
struct Instead {
  std::string backend;
  std::string mediator;
  bool fine = false;
};

struct ShrinkOptions {
  std::string what;  ///< as `replay`
  Instead instead;
  std::vector<std::string> more;  ///< options of `run` that the line does not have
  std::string out = "shrunk";     ///< directory
  std::chrono::milliseconds time{60'000};
};

struct ListOptions {
  bool coverage = false;
  bool markdown = false;  ///< coverage as the page docs/coverage.md
  std::vector<std::string> chapters;
};

struct BundleOptions {
  std::string file;
  bool cases_only = false;  ///< without the image: an initrd
  bool records = false;     ///< the payload prints each record
  bool one_secure_world = false;
};

struct Options {
  Verb verb = Verb::run;
  Selection selection;
  bool json = false;
  RunOptions run;
  ExploreOptions explore;
  ShrinkOptions shrink;
  ListOptions list;
  std::string replay;  ///< a REPRO line or a file
  Instead replay_instead;
  std::vector<std::string> replay_more;  ///< options of `run` that the line does not have
  std::vector<std::string> merge;        ///< results of the parts of a campaign
  std::string pack_file;
  BundleOptions bundle;
  std::string debug_folder;
};

/// Either the options, or what to print and exit with: 0 for --help and --version, 2 for a mistake.
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
  std::string text;
};

Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace sim::cli
