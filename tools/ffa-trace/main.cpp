// SPDX-License-Identifier: BSD-3-Clause
// The command line of ffa-trace. Exit codes: 0 done, 1 a replay diverged, 2 usage or bad input, 70
// our own fault.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/commands.hpp"

namespace {

constexpr int usage_error = 2;
constexpr int internal_error = 70;

void add_decode(CLI::App& app, ffa_trace::DecodeOptions& options) {
  CLI::App* const verb = app.add_subcommand("decode", "print traces in words");
  verb->add_option("FILE", options.files,
                   "traces in JSON Lines, or logs; none or - is standard input");
  verb->add_flag("--full", options.full, "descriptors, RX contents and translations too");
  verb->add_flag("--json", options.json, "one JSON object an event");
}

void add_import(CLI::App& app, ffa_trace::ImportOptions& options) {
  CLI::App* const verb = app.add_subcommand("import", "make a trace of a log");
  verb->add_option("FILE", options.file, "a log, or - for standard input")->required();
  verb->add_option("--format", options.format, "the log's format (default: guessed)");
  verb->add_option(
      "--pattern", options.pattern,
      "a regular expression for rows, with groups regs or x0, x1, …, cpu, task, world, "
      "call, ret, dir");
  verb->add_option("-o", options.output, "the trace's file (default: standard output)");
}

void add_replay(CLI::App& app, ffa_trace::ReplayOptions& options) {
  CLI::App* const verb =
      app.add_subcommand("replay", "run captures through a mediator and compare");
  verb->add_option("FILE", options.files, "captures with both sides, in JSON Lines")->required();
  verb->add_flag("--json", options.json, "one JSON object a file");
  verb->add_option("--profile", options.profile,
                   "what the captured side did otherwise: a profile's name, or none (default: by "
                   "the records)");
  verb->add_option("--mediator", options.mediator, "a mediator in a shared library");
  verb->add_option("--spmc", options.spmc, "who answers as the SPMC")
      ->check(CLI::IsMember({"recorded"}));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Reads, explains and replays FF-A traces.", "ffa-trace"};
  app.require_subcommand(1);
  ffa_trace::DecodeOptions decode_options;
  ffa_trace::ReplayOptions replay_options;
  ffa_trace::ImportOptions import_options;
  add_decode(app, decode_options);
  add_import(app, import_options);
  add_replay(app, replay_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (!verb.empty() && verb[0] != '-' && verb != "decode" && verb != "import" &&
        verb != "replay") {
      fmt::print(stderr, "\"{}\" is no verb; there are decode, import and replay\n", verb);
      return usage_error;
    }
    return app.exit(error) == 0 ? 0 : usage_error;
  }
  decode_options.colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  try {
    if (app.got_subcommand("decode")) return ffa_trace::decode(decode_options);
    if (app.got_subcommand("import")) return ffa_trace::import(import_options);
    return ffa_trace::replay(replay_options);
  } catch (const sim::InputError& error) {
    std::fflush(stdout);
    fmt::print(stderr, "{}\n", error.what());
    return usage_error;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "internal error: {}\n", error.what());
    return internal_error;
  }
}
