// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim replay: does again what a REPRO line, a report with such lines or a saved scenario says.
#include <fmt/format.h>

#include "sim/cli/commands.hpp"
#include "sim/cli/repro.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::cli {
namespace {

int run_again(const Repro& repro, const Instead& instead) {
  const Parsed parsed = parse_repro(repro, instead);
  if (parsed.options) return run_command(*parsed.options);
  fmt::print(stderr, "{}: {}", repro.place, parsed.text);
  return 2;
}

}  // namespace

int replay_command(const Options& options) {
  int gravest = 0;
  const auto repros = repros_of(options.replay, "replay");
  if (!options.replay_more.empty() && repros.size() != 1) {
    throw InputError(options.replay, fmt::format("has {} lines 'REPRO: …'; {} takes one",
                                                 repros.size(), options.replay_more.front()));
  }
  for (Repro repro : repros) {
    for (const std::string& more : options.replay_more) repro.line += " " + shell_quoted(more);
    const int code = run_again(repro, options.replay_instead);
    if (gravest == 0 || code == 2) gravest = code;
  }
  return gravest;
}

}  // namespace sim::cli
