// SPDX-License-Identifier: BSD-3-Clause
// The only file that includes the option library, which is heavy to compile. Its own exit codes end
// here: every mistake on the command line is 2.
#include "sim/cli/options.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <set>

#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/filter.hpp"

#ifndef FFASIM_VERSION
#define FFASIM_VERSION "unknown"
#endif

namespace sim::cli {
namespace {

constexpr unsigned max_jobs = 256;

/// Values as text, before they are read.
struct RawValues {
  std::string seed = "0";
  std::string shard = "1/1";
  std::string chapters;
  std::string choices;
  std::string seeds = "0:1000";
  std::string strategy;
  std::string time;
  std::string bytes;
  std::string faults;
  std::string break_at;
  std::vector<std::string> vary;
};

CLI::App& add_verb(CLI::App& app, const char* name, const char* text) {
  CLI::App* verb = app.add_subcommand(name, text);
  verb->get_formatter()->column_width(32);
  return *verb;
}

void add_selection(CLI::App& verb, Selection& selection, RawValues& raw) {
  verb.add_option("PATH", selection.paths, "Scenario files and directories (default: scenarios)")
      ->type_name("");
  verb.add_option("--filter", selection.filter,
                  "Names: * and ?, ':' between patterns, exclusions behind '-'")
      ->type_name("PATTERNS");
  verb.add_option("--vary", raw.vary, "Values of what scenarios leave open; may be repeated")
      ->type_name("V=A,B")
      ->allow_extra_args(false);
}

/// The same for all verbs that have results.
void add_reports(CLI::App& verb, RunOptions& run) {
  const auto option = [&](const char* name, std::string& value, const char* text) {
    verb.add_option(name, value, text)->type_name("FILE");
  };
  option("--junit", run.junit, "Write a JUnit report");
  option("--html", run.html, "Write a report to read in a browser");
  verb.add_option("--mutants", run.mutants,
                  "Results of mutants, for the report in a browser; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  option("--sarif", run.sarif, "Write what failed in SARIF, with file and line");
  option("--github", run.github, "Write what failed as annotations for GitHub; -: to the output");
}

/// What helps to read a failure.
void add_reading(CLI::App& verb, RunOptions& run) {
  verb.add_option(
          "--diagram", run.diagram,
          "How the first failed case went, or the only one: FILE.mmd for Mermaid, else text")
      ->type_name("FILE");
}

void add_run(CLI::App& verb, Options& options, RawValues& raw) {
  RunOptions& run = options.run;
  add_selection(verb, options.selection, raw);
  const auto option = [&](const char* name, std::string& value, const char* type,
                          const char* text) {
    verb.add_option(name, value, text)->type_name(type);
  };
  option("--seed", raw.seed, "N", "Seed of all choices: a number, 0x…, or a git hash");
  option("--choices", raw.choices, "TEXT", "Decisions of one case, as a failure prints them");
  verb.add_option("--jobs,-j", run.jobs, "Processes that run cases; 0: this one")->type_name("N");
  option("--faults", raw.faults, "KINDS", "Faults that the choices may let strike, or all");
  option("--shard", raw.shard, "I/N", "Only the I-th of N parts of the cases");
  option("--backend", options.selection.backend, "NAME", "Where cases run: host, unicorn, qemu");
  option("--entry", run.entry, "NAME", "qemu: how EL2 is entered: el2 (default), bl33");
  option("--kernel", run.kernel, "FILE", "qemu: the first VM boots this arm64 Linux Image");
  option("--initrd", run.initrd, "FILE", "Its initial RAM disk");
  option("--append", run.append, "TEXT", "More arguments for it");
  option("--conduit", run.conduit, "NAME", "How it calls PSCI and FF-A: smc (default), hvc");
  option("--uart-log", run.uart_log, "FILE",
         "qemu: judge the records in what a BL33 payload has printed, instead of a run");
  option("--monitors", run.monitors, "LEVEL",
         "unicorn: what is watched: none, cheap (default), all");
  option("--mediator", run.mediator, "FILE.so", "A mediator in a shared library, instead of ours");
  verb.add_flag("--fine", run.fine, "Ours, every access to its memory a yield point");
  add_reports(verb, run);
  option("--trace", run.trace, "DIR", "Write the trace of each case below this directory");
  option("--golden", run.golden, "FILE", "Compare the trace hashes with those in this file");
  verb.add_flag("--update-golden", run.update_golden,
                "Write the hashes to the --golden file instead");
  verb.add_flag("--check-determinism", run.check_determinism, "Run each case twice and compare");
  verb.add_flag("!--no-explanations", run.explain,
                "Without I32: no order is looked for that explains what concurrent calls gave");
  add_reading(verb, run);
  CLI::Option* const inevitable =
      verb.add_option("--inevitable", run.inevitable,
                      "What fails is continued N times from each of its choices: how many fail?")
          ->type_name("N");
  verb.add_option("--break-at", raw.break_at,
                  "A debugger stops there: a call by its seq, or its yield point SEQ.POINT")
      ->type_name("PLACE")
      ->excludes(inevitable)
      ->excludes(verb.get_option("--diagram"));
  verb.add_flag("--json", options.json, "One JSON object a line");
}

void add_explore(CLI::App& verb, Options& options, RawValues& raw) {
  RunOptions& run = options.run;
  explore::Plan& plan = options.explore.plan;
  add_selection(verb, options.selection, raw);
  const auto option = [&](const char* name, auto& value, const char* type, const char* text) {
    return verb.add_option(name, value, text)->type_name(type);
  };
  CLI::Option* strategy = option("--strategy", raw.strategy, "NAME",
                                 "Where decisions come from: random (default), exhaustive, pct, "
                                 "hostile, swarm, bytes");
  verb.add_flag_callback(
          "--exhaustive", [&raw] { raw.strategy = "exhaustive"; },
          "The same as --strategy exhaustive")
      ->excludes(strategy);
  verb.add_flag_callback(
          "--sweep", [&raw] { raw.strategy = "sweep"; }, "Each fault at each place, one a run")
      ->excludes(strategy);
  option("--seeds", raw.seeds, "A:B", "These seeds, B not among them (default: 0:1000)");
  option("--preemptions", plan.bounds.preemptions, "N",
         "exhaustive: so many preemptions a schedule (default: 2)");
  option("--faults", raw.faults, "KINDS",
         "Faults that the choices may let strike: kinds, or all (sweep: all that are lawful)");
  option("--max-faults", plan.bounds.faults, "N",
         "exhaustive: so many faults a schedule (default: 1)");
  option("--depth", plan.depth, "N", "pct: finds what needs N orderings (default: 3)");
  option("--bytes", raw.bytes, "FILE", "bytes: a decision takes one of this file");
  verb.add_flag("!--no-reduction", plan.reduce, "exhaustive: run equivalent schedules, too");
  verb.add_flag("!--no-explanations", run.explain,
                "Without I32: no order is looked for that explains what concurrent calls gave");
  add_reading(verb, run);
  option("--save", options.explore.save, "DIR", "Write what failed as scenarios below DIR");
  option("--time", raw.time, "T", "Stop after 90s, 15m, …; all cases together");
  option("--jobs,-j", run.jobs, "N", "Processes that explore cases; 0: this one");
  option("--shard", raw.shard, "I/N",
         "Only the I-th of N parts: of the seeds, or, where there are none, of the cases");
  option("--backend", options.selection.backend, "NAME", "Where cases run: host, unicorn");
  option("--entry", run.entry, "NAME", "qemu: how EL2 is entered: el2 (default), bl33");
  option("--uart-log", run.uart_log, "FILE",
         "qemu: judge the records in what a BL33 payload has printed, instead of a run");
  option("--monitors", run.monitors, "LEVEL",
         "unicorn: what is watched: none, cheap (default), all");
  option("--mediator", run.mediator, "FILE.so", "A mediator in a shared library, instead of ours");
  verb.add_flag("--fine", run.fine, "Ours, every access to its memory a yield point");
  add_reports(verb, run);
  verb.add_flag("--check-determinism", run.check_determinism,
                "Run each schedule a second time and compare");
  verb.add_flag("--json", options.json, "One JSON object a line");
}

/// Options of `run` that are read there, behind those of a REPRO line.
void add_passed_on(CLI::App& verb, std::vector<std::string>& more, const char* name,
                   const char* type, const char* text) {
  const auto keep = [&more, name](const std::string& value) {
    more.insert(more.end(), {name, value});
  };
  verb.add_option_function<std::string>(name, keep, text)->type_name(type);
}

void add_instead(CLI::App& verb, Instead& instead) {
  CLI::Option* const mediator =
      verb.add_option("--mediator", instead.mediator,
                      "A mediator in a shared library (default: that with which it failed)")
          ->type_name("FILE.so");
  verb.add_flag("--fine", instead.fine, "Ours, every access to its memory a yield point")
      ->excludes(mediator);
}

void add_replay(CLI::App& verb, Options& options) {
  verb.add_option("WHAT", options.replay, "A saved scenario, a report, or a REPRO line in quotes")
      ->required()
      ->type_name("");
  add_passed_on(verb, options.replay_more, "--diagram", "FILE",
                "How it went: FILE.mmd for Mermaid, else text");
  add_passed_on(verb, options.replay_more, "--inevitable", "N",
                "It is continued N times from each of its choices: how many fail?");
  add_passed_on(verb, options.replay_more, "--break-at", "PLACE",
                "A debugger stops there: a call by its seq, or its yield point SEQ.POINT");
  add_instead(verb, options.replay_instead);
  verb.add_option("--backend", options.replay_instead.backend,
                  "Where it runs: host, unicorn, qemu (default: where it failed)")
      ->type_name("NAME");
}

void add_shrink(CLI::App& verb, Options& options, RawValues& raw) {
  ShrinkOptions& shrink = options.shrink;
  verb.add_option("WHAT", shrink.what, "A saved scenario, a report, or a REPRO line in quotes")
      ->required()
      ->type_name("");
  verb.add_option("--out", shrink.out, "Where the small scenario goes (default: shrunk)")
      ->type_name("DIR");
  verb.add_option("--time", raw.time, "At most so long a case (default: 60s)")->type_name("T");
  add_passed_on(verb, shrink.more, "--filter", "PATTERNS", "Which case, of a file with several");
  add_instead(verb, shrink.instead);
  verb.add_flag("--json", options.json, "One JSON object a line");
}

void add_list(CLI::App& verb, Options& options, RawValues& raw) {
  add_selection(verb, options.selection, raw);
  verb.add_flag("--coverage", options.list.coverage, "Rows of the conformance matrix, by chapter");
  verb.add_flag("--markdown", options.list.markdown, "Coverage as a page, docs/coverage.md");
  verb.add_option("--chapters", raw.chapters, "Only these chapters of the matrix")
      ->type_name("A,B");
  verb.add_flag("--json", options.json, "One JSON object a line");
}

/// What add_reading() takes. Throws InputError.
void read_reading(Options& options, const std::string& break_at) {
  if (options.json && options.run.diagram == "-") {
    throw InputError("--diagram", "with --json it needs a file: standard output is for JSON");
  }
  if (options.json && options.run.github == "-") {
    throw InputError("--github", "with --json it needs a file: standard output is for JSON");
  }
  if (options.json && options.run.inevitable != 0) {
    throw InputError("--inevitable", "is told as text, not with --json");
  }
  if (!break_at.empty()) {
    if (options.selection.backend == "qemu") {
      throw InputError("--break-at", "the back end qemu runs in a process of its own");
    }
    options.run.break_at = std::make_shared<Breakpoint>(parse_breakpoint(break_at));
    options.run.explain = false;  // its runs would stop there, too
    options.run.jobs = 0;
  }
}

/// The back end, and what goes with some of them only. Throws InputError.
void check_backend(const Options& options) {
  const std::string& backend = options.selection.backend;
  if (!std::set<std::string>{"host", "unicorn", "qemu"}.contains(backend)) {
    throw InputError("--backend",
                     "'" + backend + "' is not available; available: host, unicorn, qemu");
  }
  if (options.verb == Verb::explore && backend == "qemu") {
    throw InputError("--backend", "'qemu' leaves no schedule open; explore has host, unicorn");
  }
  if (!std::set<std::string>{"el2", "bl33"}.contains(options.run.entry)) {
    throw InputError("--entry", "'" + options.run.entry + "' is not one of el2, bl33");
  }
  if (options.run.entry != "el2" && backend != "qemu") {
    throw InputError("--entry", "goes with --backend qemu, which has a choice");
  }
  const bool el2_on_qemu = backend == "qemu" && options.run.entry == "el2";
  if (!options.run.kernel.empty() && (!el2_on_qemu || !options.run.uart_log.empty())) {
    throw InputError("--kernel", "goes with --backend qemu, without --entry and --uart-log");
  }
  for (const auto& [name, value] :
       {std::pair{"--initrd", options.run.initrd}, std::pair{"--append", options.run.append}}) {
    if (!value.empty() && options.run.kernel.empty()) {
      throw InputError(name, "goes with --kernel");
    }
  }
  if (!std::set<std::string>{"smc", "hvc"}.contains(options.run.conduit)) {
    throw InputError("--conduit", "'" + options.run.conduit + "' is not one of smc, hvc");
  }
  if (!options.run.uart_log.empty() && (backend != "qemu" || options.run.entry != "el2")) {
    throw InputError("--uart-log", "goes with --backend qemu, and without --entry");
  }
  (void)parse_monitoring(options.run.monitors);
  if (options.run.monitors != "cheap" && backend != "unicorn") {
    throw InputError("--monitors", "goes with --backend unicorn, which has them");
  }
  if (options.run.fine && (backend != "host" || !options.run.mediator.empty())) {
    throw InputError("--fine", "is a mediator of its own, on the back end host only");
  }
  if (backend != "host" && !options.run.mediator.empty()) {
    throw InputError("--mediator", "a shared library runs on the back end host only");
  }
}

/// The verbs that write files of cases.
void add_writers(CLI::App& app, Options& options, RawValues& raw) {
  CLI::App& pack = add_verb(app, "pack", "Write compiled cases to a file, for ffa-hash");
  pack.add_option("FILE", options.pack_file, "The file to write")->required()->type_name("");
  add_selection(pack, options.selection, raw);
  CLI::App& bundle = add_verb(app, "bundle", "Write cases to a file that firmware enters as BL33");
  bundle.add_option("FILE", options.bundle.file, "The file to write")->required()->type_name("");
  add_selection(bundle, options.selection, raw);
  bundle.add_flag("--cases-only", options.bundle.cases_only,
                  "Without the image: an initrd, for /chosen of the device tree");
  bundle.add_flag("--records", options.bundle.records,
                  "The payload prints a record of each case, for run --uart-log");
  bundle.add_flag("--one-secure-world", options.bundle.one_secure_world,
                  "No fresh secure world for each case, even from ours: as on other firmware");
  CLI::App& debug = add_verb(app, "debug", "Prepare one case for a debugger, on the back end qemu");
  debug.add_option("FOLDER", options.debug_folder, "Where to write the machine and its symbols")
      ->required()
      ->type_name("");
  add_selection(debug, options.selection, raw);
}

/// What the values of `explore` mean. Throws InputError.
void read_explore(Options& options, const RawValues& raw, const CLI::App& verb) {
  const SeedRange seeds = parse_seeds(raw.seeds);
  explore::Plan& plan = options.explore.plan;
  plan.first_seed = seeds.first;
  plan.end_seed = seeds.end;
  options.explore.says_strategy = !raw.strategy.empty();
  if (!raw.strategy.empty()) plan.strategy = parse_strategy(raw.strategy);
  for (const std::string& name : strategy_options()) {
    if (verb.count(name) > 0) options.explore.given.push_back(name);
  }
  check_strategy_options(plan.strategy, options.explore.given);
  if (plan.strategy == explore::Strategy::bytes) {
    if (raw.bytes.empty()) throw InputError("--strategy bytes", "needs --bytes FILE");
    plan.bytes = read_bytes(raw.bytes);
  }
  if (!raw.time.empty()) options.explore.time = parse_time(raw.time);
  if (plan.strategy == explore::Strategy::sweep) {
    plan.bounds.faults = 1;
    if (verb.count("--preemptions") == 0) plan.bounds.preemptions = 0;
    if (options.selection.faults.empty()) options.selection.faults = parse_faults("lawful");
  }
}

void check_reports(const RunOptions& run) {
  if (!run.mutants.empty() && run.html.empty()) {
    throw InputError("--mutants", "goes with --html, which shows them");
  }
}

/// What the values mean. Throws InputError.
void read_values(Options& options, const RawValues& raw, const CLI::App& verb) {
  Selection& selection = options.selection;
  if (selection.paths.empty()) selection.paths = {"scenarios"};
  (void)scenario::Filter(selection.filter);
  std::set<std::string> names;
  for (const std::string& text : raw.vary) {
    selection.vary.push_back(parse_vary(text));
    if (!names.insert(selection.vary.back().name).second) {
      throw InputError("--vary " + selection.vary.back().name, "stands there twice");
    }
  }
  check_backend(options);
  check_reports(options.run);
  read_reading(options, raw.break_at);
  if (options.run.jobs > max_jobs) {
    throw InputError("--jobs", std::to_string(options.run.jobs) + " is out of range: at most 256");
  }
  options.run.backend = selection.backend;
  if (!raw.faults.empty()) selection.faults = parse_faults(raw.faults);
  options.run.seed = parse_seed(raw.seed, "--seed");
  options.run.shard = parse_shard(raw.shard);
  if (options.verb == Verb::explore) read_explore(options, raw, verb);
  if (options.verb == Verb::shrink && !raw.time.empty()) options.shrink.time = parse_time(raw.time);
  options.run.faults = selection.faults;
  if (options.verb == Verb::run && verb.count("--choices") > 0) options.run.choices = raw.choices;
  if (options.run.update_golden && options.run.golden.empty()) {
    throw InputError("--update-golden", "needs --golden FILE");
  }
  const bool page_alone = options.list.coverage && !options.json && raw.chapters.empty();
  if (options.list.markdown && !page_alone) {
    throw InputError("--markdown", "goes with --coverage, and with neither --chapters nor --json");
  }
  if (!raw.chapters.empty()) {
    options.list.chapters = parse_list(raw.chapters, "--chapters");
    if (!options.list.coverage) throw InputError("--chapters", "only goes with --coverage");
  }
}

std::string hint(const std::string& verb) {
  return "Try 'ffa-sim " + (verb.empty() ? "" : verb + " ") + "--help'.\n";
}

const std::map<std::string, Verb> verbs = {
    {"run", Verb::run},       {"explore", Verb::explore}, {"replay", Verb::replay},
    {"shrink", Verb::shrink}, {"merge", Verb::merge},     {"list", Verb::list},
    {"schema", Verb::schema}, {"doctor", Verb::doctor},   {"pack", Verb::pack},
    {"bundle", Verb::bundle}, {"debug", Verb::debug}};

/// No verb at all, or one that does not exist: the library's own words for these don't help.
std::string verb_mistake(int argc, const char* const* argv) {
  if (argc < 2) return "ffa-sim: no verb";
  const std::string word = argv[1];
  if (word.starts_with("-") || verbs.contains(word)) return "";
  return "ffa-sim: '" + word + "' is no verb";
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Runs FF-A scenarios through a mediator in a simulated machine.", "ffa-sim");
  app.set_version_flag("--version", "ffa-sim " FFASIM_VERSION);
  app.require_subcommand(1);
  Options options;
  RawValues raw;
  CLI::App& run = add_verb(app, "run", "Run scenarios");
  add_run(run, options, raw);
  CLI::App& explore = add_verb(app, "explore", "Run scenarios under many schedules");
  add_explore(explore, options, raw);
  CLI::App& replay = add_verb(app, "replay", "Run again what failed");
  add_replay(replay, options);
  CLI::App& shrink = add_verb(app, "shrink", "Make a small scenario of one that fails");
  add_shrink(shrink, options, raw);
  CLI::App& merge = add_verb(app, "merge", "Put the results of all parts of a campaign together");
  merge.add_option("FILE", options.merge, "What --json printed with each --shard")
      ->required()
      ->type_name("");
  add_reports(merge, options.run);
  merge.add_flag("--json", options.json, "One JSON object a line");
  CLI::App& list = add_verb(app, "list", "List the cases, or what they cover");
  add_list(list, options, raw);
  (void)add_verb(app, "schema", "Print the JSON Schema of scenarios");
  (void)add_verb(app, "doctor", "Check what is installed on this machine");
  add_writers(app, options, raw);
  if (const std::string why = verb_mistake(argc, argv); !why.empty()) {
    return {{},
            2,
            why +
                "; one of run, explore, replay, shrink, merge, list, schema, doctor, pack, bundle, "
                "debug\n" +
                hint("")};
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    for (const CLI::App* verb : app.get_subcommands()) return {{}, 0, verb->help("ffa-sim")};
    return {{}, 0, app.help()};
  } catch (const CLI::CallForVersion& version) {
    return {{}, 0, std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const auto given = app.get_subcommands();
    const std::string verb = given.empty() ? "" : given.front()->get_name();
    return {{},
            2,
            "ffa-sim" + (verb.empty() ? "" : " " + verb) + ": " + error.what() + "\n" + hint(verb)};
  }
  const CLI::App* verb = app.get_subcommands().front();
  options.verb = verbs.at(verb->get_name());
  try {
    read_values(options, raw, *verb);
  } catch (const InputError& error) {
    return {{}, 2, std::string(error.what()) + "\n" + hint(verb->get_name())};
  }
  return {options, 0, {}};
}

}  // namespace sim::cli
