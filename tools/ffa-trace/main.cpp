// SPDX-License-Identifier: BSD-3-Clause
// The command line of ffa-trace. Exit codes: 0 done, 1 a replay diverged or two traces differ, 2
// usage or bad input, 70 our own fault.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "sim/engine/program_end.hpp"
#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/import/format.hpp"

namespace {

constexpr int usage_error = 2;

/// Of an option whose value came from a shell variable that is not set.
CLI::Validator not_empty() {
  return {[](std::string& text) { return std::string(text.empty() ? "is empty" : ""); }, ""};
}

void add_decode(CLI::App& app, ffa_trace::DecodeOptions& options) {
  CLI::App* const verb = app.add_subcommand("decode", "print traces in words");
  verb->add_option("FILE", options.files,
                   "traces in JSON Lines, or logs; none or - is standard input");
  verb->add_flag("--full", options.full, "descriptors, RX contents and translations too");
  verb->add_flag("--json", options.json, "one JSON object an event");
  verb->add_option("--color", options.color, "colours: auto (on a terminal), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_import(CLI::App& app, ffa_trace::ImportOptions& options) {
  CLI::App* const verb = app.add_subcommand("import", "make a trace of a log");
  verb->add_option("FILE", options.file, "a log, or - for standard input")->required();
  verb->add_option("--format", options.format,
                   "the log's format (default: guessed): " + ffa_trace::format_names())
      ->check(not_empty());
  verb->add_option(
          "--pattern", options.pattern,
          "a regular expression for rows, with groups regs or x0, x1, …, cpu, task, world, "
          "call, ret, dir")
      ->check(not_empty());
  verb->add_option("-o", options.output, "the trace's file (default: standard output)")
      ->check(not_empty());
}

void add_stat(CLI::App& app, ffa_trace::StatOptions& options) {
  CLI::App* const verb = app.add_subcommand("stat", "count calls, shares, leaks and latencies");
  verb->add_option("FILE", options.files, "traces in JSON Lines, or logs; - is standard input")
      ->required();
  verb->add_flag("--json", options.json, "one JSON object a file");
}

void add_diff(CLI::App& app, ffa_trace::DiffOptions& options) {
  CLI::App* const verb = app.add_subcommand("diff", "compare what two traces mean");
  verb->add_option("A", options.first, "a trace in JSON Lines, or a log")->required();
  verb->add_option("B", options.second, "another one")->required();
  verb->add_option("--ignore", options.ignore, "what not to compare, by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"addresses", "payload", "vcpu", "spmc", "host"}));
  verb->add_flag("--json", options.json, "one JSON object a difference");
}

void add_replay(CLI::App& app, ffa_trace::ReplayOptions& options) {
  CLI::App* const verb =
      app.add_subcommand("replay", "run captures through a mediator and compare");
  verb->add_option("FILE", options.files, "captures, in JSON Lines")->required();
  verb->add_flag("--json", options.json, "one JSON object a file");
  verb->add_option("--profile", options.profile,
                   "what the captured side did otherwise: a profile's name, or none (default: by "
                   "the records)");
  verb->add_option("--mediator", options.mediator, "a mediator in a shared library");
  verb->add_option("--backend", options.backend,
                   "where the mediator runs: host, or unicorn: its AArch64 image in an emulated "
                   "processor (default: host)")
      ->check(CLI::IsMember({"host", "unicorn"}));
  verb->add_option(
          "--spmc", options.spmc,
          "who answers as the SPMC: recorded or model (default: recorded where both sides are)")
      ->check(CLI::IsMember({"recorded", "model"}));
}

bool has_verb(const CLI::App& app, const std::string& name) {
  for (const CLI::App* const verb : app.get_subcommands({})) {
    if (verb->get_name() == name) return true;
  }
  return false;
}

std::string verbs_of(const CLI::App& app) {
  std::string names;
  for (const CLI::App* const verb : app.get_subcommands({})) {
    names += (names.empty() ? "" : ", ") + verb->get_name();
  }
  return names;
}

int run(int argc, char** argv) {
  CLI::App app{"Reads, explains and replays FF-A traces.", "ffa-trace"};
  app.require_subcommand(1);
  ffa_trace::DecodeOptions decode_options;
  ffa_trace::ReplayOptions replay_options;
  ffa_trace::ImportOptions import_options;
  ffa_trace::StatOptions stat_options;
  ffa_trace::DiffOptions diff_options;
  add_decode(app, decode_options);
  add_import(app, import_options);
  add_replay(app, replay_options);
  add_stat(app, stat_options);
  add_diff(app, diff_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (!verb.empty() && verb[0] != '-' && !has_verb(app, verb)) {
      fmt::print(stderr, "\"{}\" is no verb; there are {}\n", verb, verbs_of(app));
      return usage_error;
    }
    return app.exit(error) == 0 ? 0 : usage_error;
  }
  if (app.got_subcommand("decode")) return ffa_trace::decode(decode_options);
  if (app.got_subcommand("import")) return ffa_trace::import(import_options);
  if (app.got_subcommand("stat")) return ffa_trace::stat(stat_options);
  if (app.got_subcommand("diff")) return ffa_trace::diff(diff_options);
  return ffa_trace::replay(replay_options);
}

}  // namespace

int main(int argc, char** argv) {
  return sim::run_program("ffa-trace", [&] { return run(argc, argv); });
}
