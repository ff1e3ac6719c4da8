// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/run_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/check/sometimes.hpp"
#include "sim/cli/determinism.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run.hpp"
#include "sim/explore/tree.hpp"
#include "sim/scenario/wildcard.hpp"
#include "sim/trace/writer.hpp"

namespace sim::cli {
namespace {

using report::Outcome;
using report::Result;
using report::Trouble;

void fail(Outcome& outcome, Trouble trouble, report::Problem problem) {
  outcome.result = Result::failed;
  outcome.trouble = std::max(outcome.trouble, trouble);
  outcome.problems.push_back(std::move(problem));
}

ChoiceMaker choice_maker(const ReadyCase& ready, const RunOptions& options) {
  if (options.choices) {
    return [&] { return recorded_choices(*options.choices, "--choices"); };
  }
  if (!ready.compiled.choices.empty()) {
    return [&] {
      return recorded_choices(ready.compiled.choices, ready.loaded.data.file + ":/choices");
    };
  }
  return [&] { return seeded_choices(options.seed); };
}

void write_trace_of(const Outcome& outcome, const nlohmann::json& scenario, const RunRecord& record,
                    const RunOptions& options) {
  const std::string file = fmt::format("{}/{}.jsonl", options.trace, outcome.name);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  if (error) throw InputError(file, error.message());
  trace::Trace written;
  written.header = trace::Header{};
  written.header->source = "ffa-sim " + options.backend;
  written.header->name = outcome.name;
  written.header->seed = outcome.seed;
  written.header->world = scenario.value("world", nlohmann::json::object()).dump();
  written.events = record.events;
  // What never returned: a call is written without its return, an operation of the host not at all.
  std::erase_if(written.events, [](trace::Event& event) {
    if (event.seq_ret != 0) return false;
    event.out_known = 0;
    return event.side == trace::Side::lifecycle || event.side == trace::Side::irq;
  });
  trace::write_trace(file, written);
}

/// True if --vary chose a version or the personality; else the world is the scenario's own, and
/// must have what the scenario requires.
bool is_varied_world(const ReadyCase& ready) {
  const auto& varied = ready.loaded.varied;
  return varied.contains("guest") || varied.contains("spmc") || varied.contains("spmc_version");
}

/// Expectations that need what the world lacks are excused; an invariant or a stop never is.
bool is_excused(const ReadyCase& ready, const CaseResult& result) {
  const auto is_expectation = [](const scenario::Failure& failure) {
    return !failure.pointer.empty() && !failure.no_progress;
  };
  return !ready.compiled.lacks.empty() && !result.failures.empty() &&
         std::all_of(result.failures.begin(), result.failures.end(), is_expectation);
}

}  // namespace

void tell_seen(Outcome& outcome, const ReadyCase& ready, const report::Seen& seen) {
  const SpmcSpec& spmc = ready.compiled.world.spmc;
  outcome.spmc = spmc.absent ? "absent"
                             : fmt::format("{} {}.{}", spmc.personality, spmc.version.major(),
                                           spmc.version.minor());
  outcome.versions = seen.versions();
  outcome.errors = seen.errors();
}

void judge_into(Outcome& outcome, const ReadyCase& ready, const CaseResult& result) {
  outcome.hash = result.hash;
  outcome.choices = result.choices;
  outcome.runs = result.runs;
  outcome.where = result.where;
  for (const auto& [endpoint, console] : result.record.consoles) {
    outcome.consoles[endpoint] = scenario::printable_text(console);
  }
  outcome.notes = result.record.notes;
  for (const scenario::Failure& failure : result.failures) {
    fail(outcome, failure.no_progress ? Trouble::no_progress : Trouble::check,
         {failure.pointer, failure.expected, failure.actual, failure.rule, failure.text});
  }
  if (!ready.compiled.lacks.empty() && !is_varied_world(ready)) {
    fail(outcome, Trouble::check,
         {"/requires", "a world of its own that has this", ready.compiled.lacks, "",
          "the scenario requires what its own world lacks: " + ready.compiled.lacks});
    return;
  }
  if (!is_excused(ready, result)) return;
  outcome.result = Result::lacking;
  outcome.trouble = Trouble::none;
  outcome.skip = ready.compiled.lacks;
}

void catch_into(Outcome& outcome, const std::function<void()>& body) {
  try {
    body();
  } catch (const MediatorFault& fault) {
    fail(outcome, fault.stuck() ? Trouble::no_progress : Trouble::check,
         {"", "", "", "", fault.what()});
  } catch (const Nondeterminism& found) {
    fail(outcome, Trouble::nondeterminism, found.problem());
  } catch (const explore::Divergence& divergence) {
    fail(outcome, Trouble::nondeterminism,
         {"", "", "", "", fmt::format("the same decisions lead elsewhere: {}", divergence.what())});
  } catch (const InputError& error) {
    fail(outcome, Trouble::bad_input, {"", "", "", "", error.what()});
  } catch (const std::exception& error) {
    fail(outcome, Trouble::internal,
         {"", "", "", "", fmt::format("internal error: {}", error.what())});
  }
}

Outcome blank_outcome(const ReadyCase& ready, uint64_t seed) {
  Outcome outcome;
  outcome.name = ready.loaded.data.name;
  outcome.chapter = ready.loaded.chapter;
  outcome.file = ready.loaded.data.file;
  outcome.seed = fmt::format("{:#x}", seed);
  outcome.covers = ready.loaded.covers;
  outcome.text = ready.loaded.data.doc.value("text", "");
  return outcome;
}

Outcome lost_case(const ReadyCase& ready, const RunOptions& options, const Death& death) {
  Outcome outcome = blank_outcome(ready, options.seed);
  fail(outcome, Trouble::internal, {"", "", "", "", "the case ended its process: " + death.text()});
  outcome.choices = death.choices;
  outcome.where = death.where;
  return outcome;
}

Outcome run_one(const ReadyCase& ready, const RunOptions& options, CaseRunner& runner) {
  Outcome outcome = blank_outcome(ready, options.seed);
  outcome.skip = runner.why_not(ready.compiled);
  if (!outcome.skip.empty()) {
    outcome.result = Result::skipped;
    return outcome;
  }
  const ChoiceMaker maker = choice_maker(ready, options);
  catch_into(outcome, [&] {
    const CaseResult result = runner.run(ready.compiled, maker);
    judge_into(outcome, ready, result);
    outcome.stack_bytes = result.record.stack_bytes;
    outcome.undecided = result.record.undecided ? 1 : 0;
    outcome.sometimes = check::names_of(check::sometimes_met(result.record.events));
    report::Seen seen;
    seen.add(result.record.events);
    tell_seen(outcome, ready, seen);
    if (!options.trace.empty()) {
      write_trace_of(outcome, ready.loaded.data.doc, result.record, options);
    }
    if (!options.check_determinism) return;
    const CaseResult again = runner.run_again(ready.compiled, maker);
    const auto text = [](const scenario::Failure& failure) { return failure.text; };
    if (again.hash != result.hash) {
      // The record is that of one run; of a sweep's many, another one may differ.
      const report::Problem hashes{"", result.hash, again.hash, "",
                                   "a second run of the same case has another trace hash"};
      fail(outcome, Trouble::nondeterminism,
           first_difference(result.record.events, again.record.events).value_or(hashes));
    } else if (!std::ranges::equal(again.failures, result.failures, {}, text, text)) {
      fail(outcome, Trouble::nondeterminism,
           {"", fmt::format("{} failures", result.failures.size()),
            fmt::format("{} failures", again.failures.size()), "",
            "a second run of the same case fails in another way"});
    }
  });
  return outcome;
}

std::string where_it_runs(const RunOptions& options) {
  std::string words;
  if (options.backend != "host") words += " --backend " + options.backend;
  if (options.entry != "el2") words += " --entry " + options.entry;
  const auto of_kernel = [&words](const char* name, const std::string& value) {
    if (!value.empty()) words += fmt::format(" {} {}", name, shell_quoted(value));
  };
  of_kernel("--kernel", options.kernel);
  of_kernel("--initrd", options.initrd);
  of_kernel("--append", options.append);
  if (options.conduit != "smc") of_kernel("--conduit", options.conduit);
  if (options.monitors != "cheap") words += " --monitors " + options.monitors;
  if (options.fine) words += " --fine";
  if (!options.mediator.empty()) words += " --mediator " + shell_quoted(options.mediator);
  return words;
}

std::string repro_command(const ReadyCase& ready, const RunOptions& options,
                          const Outcome& outcome) {
  std::string command = fmt::format("build/bin/ffa-sim run {} --filter '{}'",
                                    shell_quoted(outcome.file), outcome.name);
  for (const auto& [variable, value] : ready.loaded.varied) {
    command += " --vary " + shell_quoted(variable + "=" + value);
  }
  command += " --seed " + outcome.seed;
  // Explored, no decision means that all were 0, and not that a seed takes them.
  if (!outcome.choices.empty() || outcome.exploration)
    command += " --choices " + shell_quoted(outcome.choices);
  if (!options.faults.empty())
    command += fmt::format(" --faults {}", fmt::join(options.faults, ","));
  command += where_it_runs(options);
  if (options.check_determinism) command += " --check-determinism";
  if (!options.golden.empty()) command += " --golden " + shell_quoted(options.golden);
  return command;
}

}  // namespace sim::cli
