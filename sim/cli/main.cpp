// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim: the verbs and what becomes of how they end.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>

#include "sim/cli/commands.hpp"
#include "sim/cli/options.hpp"
#include "sim/engine/program_end.hpp"

namespace {

int run_verb(const sim::cli::Options& options) {
  switch (options.verb) {
    case sim::cli::Verb::run:
      return sim::cli::run_command(options);
    case sim::cli::Verb::explore:
      return sim::cli::explore_command(options);
    case sim::cli::Verb::replay:
      return sim::cli::replay_command(options);
    case sim::cli::Verb::shrink:
      return sim::cli::shrink_command(options);
    case sim::cli::Verb::merge:
      return sim::cli::merge_command(options);
    case sim::cli::Verb::list:
      return sim::cli::list_command(options);
    case sim::cli::Verb::schema:
      return sim::cli::schema_command();
    case sim::cli::Verb::doctor:
      return sim::cli::doctor_command();
    case sim::cli::Verb::pack:
      return sim::cli::pack_command(options);
    case sim::cli::Verb::bundle:
      return sim::cli::bundle_command(options);
    case sim::cli::Verb::debug:
      return sim::cli::debug_command(options);
  }
  return 70;
}

}  // namespace

int main(int argc, char** argv) {
  // What a schedule gives back the next one takes: no page goes to the system and back in between.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TOP_PAD, 4 << 20);
  return sim::run_program("ffa-sim", [&] {
    const sim::cli::Parsed parsed = sim::cli::parse_command_line(argc, argv);
    if (parsed.options) return run_verb(*parsed.options);
    fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.text);
    return parsed.exit_code;
  });
}
