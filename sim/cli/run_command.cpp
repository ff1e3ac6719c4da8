// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/cli/commands.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/inevitable.hpp"
#include "sim/cli/report_files.hpp"
#include "sim/cli/run_again.hpp"
#include "sim/cli/run_case.hpp"
#include "sim/cli/suite.hpp"
#include "sim/cli/swept_case.hpp"
#include "sim/cli/workers.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/report/golden.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/sched/choices.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {
namespace {

using report::Outcome;

/// Outputs are opened before anything runs, so that a place that can't be written is bad input and
/// no lost run.
class Outputs {
 public:
  explicit Outputs(const RunOptions& options) : options_(options), reports_(options) {
    if (!options.golden.empty()) read_golden();
    if (options.update_golden) golden_file_ = std::make_unique<trace::AtomicFile>(options.golden);
    if (options.trace.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(options.trace, error);
    if (error) throw InputError(options.trace, error.message());
  }

  void check(Outcome& outcome) const {
    if (options_.golden.empty() || options_.update_golden) return;
    report::check_golden(golden_, options_.golden, outcome);
  }

  void offer(const ReadyCase& ready, const Outcome& outcome, CaseRunner& runner) {
    reports_.offer(ready, outcome, runner);
  }

  void commit(const std::vector<Outcome>& outcomes, bool whole) {
    reports_.commit(outcomes);
    const int code = report::exit_code(outcomes);
    if (golden_file_ && code == 0) {
      golden_file_->commit(report::golden_text(report::updated_golden(golden_, outcomes, whole)));
    }
  }

 private:
  void read_golden() {
    std::error_code error;
    if (options_.update_golden && !std::filesystem::exists(options_.golden, error)) return;
    const std::string text = scenario::read_text_file(options_.golden, size_t{64} << 20);
    golden_ = report::parse_golden(text, options_.golden);
  }

  const RunOptions& options_;
  report::GoldenHashes golden_;
  ReportFiles reports_;
  std::unique_ptr<trace::AtomicFile> golden_file_;
};

class Runner {
 public:
  Runner(const Options& options, const Suite& suite, CaseRunner& runner, Outputs& outputs)
      : options_(options.run),
        suite_(suite),
        runner_(runner),
        outputs_(outputs),
        diagram_(options.run.diagram, suite.cases.size()),
        console_(options.json, suite.cases.size()) {}

  int run() {
    const auto run_at = [this](size_t i) { return run_or_skip(suite_.cases[i]); };
    const auto lost = [this](size_t i, const Death& death) {
      return lost_case(suite_.cases[i], options_, death);
    };
    const auto done = [this](size_t i, Outcome outcome) {
      finish(suite_.cases[i], std::move(outcome));
    };
    const auto begin = [this](std::span<const size_t> cases) { expect(cases); };
    if (options_.jobs == 0) {
      std::vector<size_t> all(suite_.cases.size());
      std::iota(all.begin(), all.end(), size_t{0});
      begin(all);
      for (size_t i = 0; i < suite_.cases.size(); ++i) done(i, run_at(i));
    } else {
      run_in_workers(suite_.cases.size(), options_.jobs, run_at, lost, done, begin);
    }
    console_.tell_stack(outcomes_);
    report::Summary summary = report::summarise(outcomes_, suite_.not_selected);
    summary.shard = options_.shard;
    console_.finish(summary);
    diagram_.commit();
    return report::exit_code(outcomes_);
  }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  void expect(std::span<const size_t> cases) const {
    std::vector<const scenario::CompiledCase*> expected;
    for (const size_t i : cases) {
      const ReadyCase& ready = suite_.cases[i];
      if (ready.loaded.skip.empty()) expected.push_back(&ready.compiled);
    }
    runner_.expect(std::move(expected));
  }

  Outcome run_or_skip(const ReadyCase& ready) const {
    if (ready.loaded.skip.empty()) return run_one(ready, options_, runner_);
    Outcome outcome = blank_outcome(ready, options_.seed);
    outcome.result = report::Result::skipped;
    outcome.skip = ready.loaded.skip;
    return outcome;
  }

  void tell_where_inevitable(const ReadyCase& ready, const Outcome& outcome) const {
    try {
      const auto one_run = swept_case(ready, outcome.where);
      const Continuations found = continue_randomly(one_run ? *one_run : ready, outcome.choices,
                                                    runner_, options_.inevitable);
      fmt::print("{}", continuations_text(found, outcome.choices));
    } catch (const InputError& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
  }

  void finish(const ReadyCase& ready, Outcome outcome) {
    outputs_.check(outcome);
    find_lines(outcome);
    if (outcome.result == report::Result::failed) {
      outcome.repro = repro_command(ready, options_, outcome);
    }
    console_.tell(outcome);
    if (options_.inevitable != 0 && outcome.result == report::Result::failed) {
      tell_where_inevitable(ready, outcome);
    }
    diagram_.offer(ready, outcome, runner_);
    outputs_.offer(ready, outcome, runner_);
    outcomes_.push_back(std::move(outcome));
  }

  const RunOptions& options_;
  const Suite& suite_;
  CaseRunner& runner_;
  Outputs& outputs_;
  DiagramFile diagram_;
  Console console_;
  std::vector<Outcome> outcomes_;
};

}  // namespace

int run_command(const Options& options) {
  auto suite = load_suite(options.selection);
  if (!suite) return 2;
  take_shard(options.run.shard, suite->cases);
  if (options.run.choices && suite->cases.size() != 1) {
    throw InputError("--choices",
                     fmt::format("fits one case only; the filter takes {}", suite->cases.size()));
  }
  const std::shared_ptr<Breakpoint>& breakpoint = options.run.break_at;
  if (breakpoint && suite->cases.size() != 1) {
    throw InputError("--break-at",
                     fmt::format("is in one case; the filter takes {}", suite->cases.size()));
  }
  if (breakpoint) suite->cases.front().compiled.world.break_at = breakpoint;
  if (options.run.choices) (void)recorded_choices(*options.run.choices, "--choices");
  const auto cases = chosen_runner(options);
  Outputs outputs(options.run);
  Runner runner(options, *suite, *cases, outputs);
  const int code = runner.run();
  const bool whole = options.selection.filter == "*" && options.run.shard.count == 1;
  outputs.commit(runner.outcomes(), whole);
  if (breakpoint && !breakpoint->reached) {
    throw InputError("--break-at", fmt::format("the run did not come to {}.{}", breakpoint->event,
                                               breakpoint->point));
  }
  return code;
}

}  // namespace sim::cli
