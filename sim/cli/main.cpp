// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim. Exceptions end here: bad input is 2, a missing tool 77, everything else that escapes is
// our mistake, 70.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "sim/cli/commands.hpp"
#include "sim/cli/options.hpp"
#include "sim/engine/input_error.hpp"

namespace {

int run_verb(const sim::cli::Options& options) {
  switch (options.verb) {
    case sim::cli::Verb::run:
      return sim::cli::run_command(options);
    case sim::cli::Verb::list:
      return sim::cli::list_command(options);
    case sim::cli::Verb::schema:
      return sim::cli::schema_command();
    case sim::cli::Verb::doctor:
      return sim::cli::doctor_command();
    case sim::cli::Verb::pack:
      return sim::cli::pack_command(options);
  }
  return 70;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const sim::cli::Parsed parsed = sim::cli::parse_command_line(argc, argv);
    if (!parsed.options) {
      fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.text);
      return parsed.exit_code;
    }
    return run_verb(*parsed.options);
  } catch (const sim::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const sim::MissingTool& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 77;
  } catch (const std::exception& error) {
    fmt::print(stderr, "ffa-sim: internal error: {}\n", error.what());
    return 70;
  }
}
