// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim shrink: a small scenario from one that fails.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/cli/repro.hpp"
#include "sim/cli/run_case.hpp"
#include "sim/cli/saved_case.hpp"
#include "sim/cli/shrink_reducer.hpp"
#include "sim/cli/suite.hpp"
#include "sim/cli/swept_case.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::cli {
namespace {

/// What became of one case.
struct Shrunk {
  std::string name, failure, saved, choices, repro;
  size_t steps_before = 0, steps = 0;
  uint32_t preemptions_before = 0, preemptions = 0;
  uint64_t asked = 0;
  bool smallest = false;  ///< not cut by the time
};

ReadyCase only_case(const Options& options, const std::string& place) {
  auto suite = load_suite(options.selection);
  if (!suite) throw InputError(place, "can't be run");
  if (suite->cases.size() != 1) {
    throw InputError(place, fmt::format("is {} cases, not one: --filter", suite->cases.size()));
  }
  ReadyCase ready = std::move(suite->cases.front());
  if (!ready.loaded.skip.empty()) throw InputError(place, "is skipped: " + ready.loaded.skip);
  return ready;
}

ChoiceMaker choices_of(const ReadyCase& ready, const RunOptions& options) {
  const std::string& own = ready.compiled.choices;
  if (options.choices) {
    return [&options] { return recorded_choices(*options.choices, "--choices"); };
  }
  if (own.empty()) return [&options] { return seeded_choices(options.seed); };
  return [&ready] {
    return recorded_choices(ready.compiled.choices, ready.loaded.data.file + ":/choices");
  };
}

/// Of a sweep the run that fails.
ReadyCase only_run(ReadyCase ready, const RunOptions& options, CaseRunner& runner) {
  if (!sweeps(ready)) return ready;
  const std::string where = first_that_fails(ready, runner, choices_of(ready, options));
  if (where.empty()) {
    throw InputError(ready.loaded.data.file,
                     ready.loaded.data.name + " holds: there is nothing to shrink");
  }
  return *swept_case(ready, where);
}

Shrunk shrink(const Options& options, const ShrinkOptions& how, const std::string& place) {
  const auto runner = chosen_runner(options);
  const ReadyCase ready = only_run(only_case(options, place), options.run, *runner);
  std::unique_ptr<CaseRunner> reference;
  if (!options.run.mediator.empty()) {
    Options linked_in = options;
    linked_in.run.mediator.clear();
    reference = chosen_runner(linked_in);
  }
  Oracle oracle(ready, *runner, reference.get(), Oracle::Clock::now() + how.time);
  const Candidate whole = whole_candidate(ready.loaded.data.doc);
  const Found failed = oracle.begin(whole, choices_of(ready, options.run));
  Reducer reducer(oracle, whole, failed);
  reducer.run();

  Shrunk shrunk;
  shrunk.name = ready.loaded.data.name;
  shrunk.failure = reducer.found().failure;
  shrunk.steps_before = count_steps(whole.doc);
  shrunk.preemptions_before = failed.preemptions;
  shrunk.steps = count_steps(reducer.smallest().doc);
  shrunk.preemptions = reducer.found().preemptions;
  shrunk.choices = reducer.found().choices;
  shrunk.asked = oracle.asked();
  shrunk.smallest = !oracle.out_of_time();
  ReadyCase smaller = ready;
  smaller.loaded.data.doc = reducer.smallest().doc;
  smaller.loaded.data.doc["text"] = fmt::format("shrunk from {}: {}", shrunk.name, shrunk.failure);
  shrunk.saved = save_case(how.out, smaller, shrunk.choices);
  shrunk.repro = fmt::format("build/bin/ffa-sim run {}{}", shell_quoted(shrunk.saved),
                             where_it_runs(options.run));
  return shrunk;
}

void tell(const Shrunk& shrunk, bool as_json) {
  if (as_json) {
    const nlohmann::ordered_json line{
        {"name", shrunk.name},
        {"failure", shrunk.failure},
        {"steps", {shrunk.steps_before, shrunk.steps}},
        {"preemptions", {shrunk.preemptions_before, shrunk.preemptions}},
        {"choices", shrunk.choices},
        {"asked", shrunk.asked},
        {"smallest", shrunk.smallest},
        {"saved", shrunk.saved},
        {"repro", shrunk.repro}};
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  fmt::print("shrunk  {}\n  {}\n", shrunk.name, shrunk.failure);
  fmt::print("  steps        {} -> {}\n  preemptions  {} -> {}\n", shrunk.steps_before,
             shrunk.steps, shrunk.preemptions_before, shrunk.preemptions);
  if (!shrunk.smallest) fmt::print("  the time was over: it may get smaller still\n");
  fmt::print("  saved in {}\nREPRO: {}\n", shrunk.saved, shrunk.repro);
  (void)std::fflush(stdout);
}

}  // namespace

int shrink_command(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.shrink.out, error);
  if (error) throw InputError(options.shrink.out, error.message());
  for (Repro repro : repros_of(options.shrink.what, "shrink")) {
    for (const std::string& more : options.shrink.more) repro.line += " " + shell_quoted(more);
    const Parsed parsed = parse_repro(repro, options.shrink.instead);
    if (!parsed.options) throw InputError(repro.place, parsed.text);
    if (parsed.options->selection.backend == "qemu") {
      throw InputError(repro.place, "the back end qemu leaves no schedule open");
    }
    tell(shrink(*parsed.options, options.shrink, repro.place), options.json);
  }
  return 0;
}

}  // namespace sim::cli
