// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>

#include "sim/check/sometimes.hpp"
#include "sim/cli/case_plan.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/determinism.hpp"
#include "sim/cli/report_files.hpp"
#include "sim/cli/run_again.hpp"
#include "sim/cli/run_case.hpp"
#include "sim/cli/saved_case.hpp"
#include "sim/cli/suite.hpp"
#include "sim/cli/values.hpp"
#include "sim/cli/workers.hpp"
#include "sim/engine/coverage.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/explore/explorer.hpp"

namespace sim::cli {
namespace {

using report::Outcome;
using Clock = std::chrono::steady_clock;

/// Shares the time that is left evenly among the cases that are left: of each process its own.
class Deadline {
 public:
  Deadline(std::optional<std::chrono::milliseconds> time, size_t cases)
      : end_(time ? std::optional(Clock::now() + *time) : std::nullopt), cases_(cases) {}
  /// A case that leaves nothing open needs no share.
  void begin_case(bool open) {
    if (!end_) return;
    const Clock::time_point now = Clock::now();
    case_end_ = now + (*end_ - now) / std::max<size_t>(cases_, 1);
    if (open && cases_ > 1) --cases_;
  }
  bool is_over() const { return end_ && Clock::now() >= case_end_; }

 private:
  std::optional<Clock::time_point> end_;
  Clock::time_point case_end_;
  size_t cases_;
};

/// The I-th part of the seeds; what parts find is in order of seeds, then.
void take_seeds(const report::Shard& shard, explore::Plan& plan) {
  const uint64_t seeds = plan.end_seed - plan.first_seed;
  if (seeds < shard.count) {
    throw InputError("--shard", fmt::format("{} parts of {} seeds", shard.count, seeds));
  }
  const auto start_of = [&, first = plan.first_seed](uint64_t part) {
    return first + seeds / shard.count * part + std::min(part, seeds % shard.count);
  };
  plan.first_seed = start_of(shard.index - 1);
  plan.end_seed = start_of(shard.index);
}

/// What a person who waits for a case is told, a few times a second.
class Ticker {
 public:
  Ticker(const Console& console, std::string name, const explore::Plan& plan)
      : console_(console), name_(std::move(name)), plan_(plan) {}
  void tell(const explore::Progress& progress, int marks, const Coverage& covered) {
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(250);
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    std::string text = fmt::format(
        "{}: {} schedules, {:.0f}/s, {} marks, {} rules, {}/{} yields, {} states", name_,
        progress.schedules, static_cast<double>(progress.schedules) / seconds, marks,
        covered.rules(), covered.switches(), covered.yields(), covered.states().count());
    if (!explore::takes_seeds(plan_.strategy)) {
      text += fmt::format(", {} decisions deep, {} known", progress.longest, progress.states);
    } else {
      const uint64_t seeds = plan_.end_seed - plan_.first_seed;
      text += fmt::format(", {} seeds left", seeds - std::min(seeds, progress.schedules));
    }
    console_.working(text);
  }

 private:
  const Console& console_;
  std::string name_;
  const explore::Plan& plan_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point next_ = begin_ + std::chrono::milliseconds(250);
};

class Campaign {
 public:
  Campaign(const Options& options, const Suite& suite, CaseRunner& runner, ReportFiles& reports)
      : options_(options),
        suite_(suite),
        runner_(runner),
        reports_(reports),
        console_(options.json, suite.cases.size()),
        diagram_(options.run.diagram, suite.cases.size()),
        deadline_(options.explore.time, cases_of_a_process()) {}

  int run() {
    const auto explore_at = [this](size_t i) { return explore(suite_.cases[i]); };
    const auto lost = [this](size_t i, const Death& death) {
      return failed_for_good(suite_.cases[i], death);
    };
    const auto done = [this](size_t i, Outcome outcome) {
      find_lines(outcome);
      console_.tell(outcome);
      diagram_.offer(suite_.cases[i], outcome, runner_);
      reports_.offer(suite_.cases[i], outcome, runner_);
      outcomes_.push_back(std::move(outcome));
    };
    if (options_.run.jobs == 0) {
      for (size_t i = 0; i < suite_.cases.size(); ++i) done(i, explore_at(i));
    } else {
      run_in_workers(suite_.cases.size(), options_.run.jobs, explore_at, lost, done);
    }
    console_.tell_met(outcomes_);
    report::Summary summary = report::summarise(outcomes_, suite_.not_selected);
    summary.shard = options_.run.shard;
    console_.finish(summary);
    diagram_.commit();
    return report::exit_code(outcomes_);
  }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  static bool is_open(const ReadyCase& ready) {
    return ready.loaded.data.doc.contains("threads") || ready.compiled.only_invariants;
  }
  size_t cases_of_a_process() const {
    const auto open =
        static_cast<size_t>(std::count_if(suite_.cases.begin(), suite_.cases.end(), is_open));
    const size_t jobs = std::max(options_.run.jobs, 1U);
    return (open + jobs - 1) / jobs;
  }

  Outcome explore(const ReadyCase& ready) {
    Outcome outcome = blank_outcome(ready, options_.explore.plan.first_seed);
    outcome.skip = ready.loaded.skip.empty() ? runner_.why_not(ready.compiled) : ready.loaded.skip;
    if (!outcome.skip.empty()) {
      outcome.result = report::Result::skipped;
      return outcome;
    }
    deadline_.begin_case(is_open(ready));
    outcome.exploration.emplace().strategy = strategy_name(options_.explore.plan.strategy);
    const RunOnce run_once = [this](const scenario::CompiledCase& compiled, Choices& choices) {
      return runner_.run_once(compiled, choices);
    };
    check::Sometimes met = 0;
    report::Seen seen;
    scenario::CompiledCase compiled = ready.compiled;
    const auto covered = compiled.world.coverage = std::make_shared<Coverage>();
    catch_into(outcome, [&] {
      const CasePlan own = plan_of(ready, options_);
      outcome.exploration->strategy = strategy_name(own.plan.strategy);
      outcome.wanted = own.wanted;
      const explore::RunSchedule run_many = runner_.many_runs(compiled);
      const explore::RunSchedule run_schedule = [&](Choices& choices) -> const RunRecord& {
        const RunRecord& record = run_many(choices);
        if (!options_.run.check_determinism) return record;
        outcome.choices = choices.to_text();  // if it ends here
        check_again(record.events, choices,
                    [&](Choices& again) { return runner_.run_once(ready.compiled, again).events; });
        outcome.choices.clear();
        return record;
      };
      Ticker ticker{console_, outcome.name, own.plan};
      explore::Explorer explorer{compiled, run_schedule, run_once, own.plan};
      const auto watch_one = [&](explore::Schedule& schedule, const explore::Progress& progress) {
        if (schedule.record != nullptr) {
          met |= check::sometimes_met(schedule.record->events);
          seen.add(schedule.record->events);
        }
        if (schedule.record != nullptr && schedule.record->undecided) ++outcome.undecided;
        if (console_.live()) ticker.tell(progress, std::popcount(met), *covered);
        return watch(ready, outcome, schedule, progress);
      };
      // The last paths may have been left in the middle, of which no schedule tells.
      tell_progress(explorer.run(watch_one), *outcome.exploration);
      const bool all = outcome.exploration->exhausted &&
                       own.plan.bounds.preemptions >= explore::Bounds{}.preemptions;
      if (!own.chooses && !all) return;
      for (const std::string& mark : own.wanted) require_met(outcome, mark, check::names_of(met));
    });
    outcome.sometimes = check::names_of(met);
    tell_seen(outcome, ready, seen);
    outcome.exploration->covered = covered->in_words();
    if (outcome.result == report::Result::failed) tell_how_to_repeat(ready, outcome);
    return outcome;
  }

  void tell_how_to_repeat(const ReadyCase& ready, Outcome& outcome) const {
    outcome.repro = repro_command(ready, options_.run, outcome);
    if (!options_.explore.save.empty()) {
      outcome.saved = save_case(options_.explore.save, ready, outcome.choices);
      outcome.saved_with = where_it_runs(options_.run);
    }
  }

  /// What the schedules before the last one came to is lost with the process.
  Outcome failed_for_good(const ReadyCase& ready, const Death& death) const {
    Outcome outcome = lost_case(ready, options_.run, death);
    outcome.exploration.emplace().strategy = strategy_name(options_.explore.plan.strategy);
    tell_how_to_repeat(ready, outcome);
    return outcome;
  }

  /// A mark that the scenario is there for and no schedule met is a failure, if there is no other.
  static void require_met(Outcome& outcome, const std::string& mark,
                          const std::vector<std::string>& met) {
    if (outcome.result != report::Result::passed) return;
    if (std::find(met.begin(), met.end(), mark) != met.end()) return;
    outcome.result = report::Result::failed;
    outcome.trouble = report::Trouble::check;
    outcome.problems.push_back({"/explore/sometimes", mark, "", "", "never met: " + mark});
  }

  static void tell_progress(const explore::Progress& progress, report::Exploration& told) {
    told.schedules = progress.schedules;
    told.pruned = progress.pruned;
    told.states = progress.states;
    told.longest = progress.longest;
    told.exhausted = progress.exhausted;
  }

  /// False: the case has failed, or its time is over.
  bool watch(const ReadyCase& ready, Outcome& outcome, const explore::Schedule& schedule,
             const explore::Progress& progress) const {
    report::Exploration& told = *outcome.exploration;
    tell_progress(progress, told);
    if (!schedule.result.failures.empty()) {
      if (schedule.seed) outcome.seed = fmt::format("{:#x}", *schedule.seed);
      outcome.problems.clear();
      judge_into(outcome, ready, schedule.result);
      if (!schedule.drawn.empty()) told.strategy += ": " + schedule.drawn;
    }
    return outcome.result != report::Result::failed && !deadline_.is_over();
  }

  const Options& options_;
  const Suite& suite_;
  CaseRunner& runner_;
  ReportFiles& reports_;
  Console console_;
  DiagramFile diagram_;
  Deadline deadline_;
  std::vector<Outcome> outcomes_;
};

}  // namespace

int explore_command(const Options& given) {
  Options options = given;
  auto suite = load_suite(options.selection);
  if (!suite) return 2;
  report::Shard& shard = options.run.shard;
  shard.of_seeds = explore::takes_seeds(options.explore.plan.strategy);
  if (shard.of_seeds) {
    take_seeds(shard, options.explore.plan);
  } else {
    take_shard(shard, suite->cases);
  }
  const auto runner = chosen_runner(options);
  ReportFiles reports(options.run);
  Campaign campaign(options, *suite, *runner, reports);
  const int code = campaign.run();
  reports.commit(campaign.outcomes());
  return code;
}

}  // namespace sim::cli
