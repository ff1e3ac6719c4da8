// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/shrink_oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/cli/case_runner.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/judge.hpp"

namespace sim::cli {
namespace {

using nlohmann::json;
using scenario::Failure;

/// Schedules that one question is worth: no clock decides what becomes of it.
constexpr uint64_t max_schedules = 5000;

/// "/after/2/expect" of a candidate as the original names it.
std::string original_place(const Candidate& candidate, const std::string& pointer) {
  for (const auto& [list, kept] : candidate.kept) {
    if (!pointer.starts_with(list + "/")) continue;
    const std::string_view rest = std::string_view(pointer).substr(list.size() + 1);
    size_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || number >= kept.size()) continue;
    return fmt::format("{}/{}{}", list, kept[number],
                       std::string_view(end, rest.data() + rest.size()));
  }
  return pointer;
}

/// What makes two failures the same one. The graver come first, of those that one run shows.
struct Key {
  int rank;
  std::string text;
};

Key key_of(const Failure& failure, const Candidate& candidate) {
  if (failure.pointer.empty() && !failure.rule.empty()) return {0, "invariant " + failure.rule};
  if (failure.no_progress) return {1, "no progress"};
  if (failure.pointer.empty()) return {2, "stop: " + failure.text};
  // Another answer has another reason; other numbers may come of smaller values.
  const bool answer = failure.actual.starts_with("FFA_");
  return {3, fmt::format("{} {} {}", original_place(candidate, failure.pointer),
                         answer ? failure.actual : "", failure.rule)};
}

std::string key_of(const Death& death) { return "death: " + death.text(); }

const Failure* find(const std::vector<Failure>& failures, const std::string& key,
                    const Candidate& candidate) {
  const auto found = std::ranges::find_if(
      failures, [&](const Failure& failure) { return key_of(failure, candidate).text == key; });
  return found == failures.end() ? nullptr : &*found;
}

/// What of Choices is told, since a search has let go of them when it judges the run.
struct Decisions {
  std::string text;
  uint32_t preemptions;
};

Decisions decisions_of(const Choices& choices) {
  Decisions decisions{choices.to_text(), choices.preemptions()};
  // A scenario that is silent takes a seed's.
  if (decisions.text.empty() && !choices.log().empty()) {
    decisions.text = fmt::format("0:{}=0", choices.log().front().label);
  }
  return decisions;
}

std::string found_json(const Decisions& decisions, const Failure& failure, const std::string& key) {
  return json{{"choices", decisions.text},
              {"preemptions", decisions.preemptions},
              {"failure", failure.text},
              {"key", key}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

explore::Plan exhaustive(const explore::Bounds& bounds) {
  explore::Plan plan;
  plan.strategy = explore::Strategy::exhaustive;
  plan.bounds = bounds;
  return plan;
}

/// The one schedule whose decisions are all 0.
explore::Plan in_order() {
  explore::Plan plan;
  plan.strategy = explore::Strategy::bytes;
  return plan;
}

/// What a body gives; nothing for what can't be run, or has other decisions than it was told.
std::string or_nothing(const std::function<std::string()>& body) {
  try {
    return body();
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

Oracle::Oracle(const ReadyCase& original, CaseRunner& runner, CaseRunner* reference,
               Clock::time_point end)
    : original_(original), runner_(runner), reference_(reference), end_(end) {}

Found Oracle::begin(const Candidate& original, const ChoiceMaker& make_choices) {
  const auto ready = compiled(original);
  if (!ready) throw InputError(original_.loaded.data.file, "does not compile");
  const FromChild answer = ask_child([&]() -> std::string {
    try {
      Choices choices{make_choices()};
      const RunRecord record = runner_.run_once(*ready, choices);
      const std::vector<Failure> failures = judge(*ready, record);
      if (failures.empty()) return {};
      const auto rank = [&](const Failure& failure) { return key_of(failure, original).rank; };
      const Failure& gravest = *std::ranges::min_element(failures, {}, rank);
      json found =
          json::parse(found_json(decisions_of(choices), gravest, key_of(gravest, original).text));
      if (rank(gravest) == 3) found["place"] = gravest.pointer;
      return found.dump();
    } catch (const std::exception& error) {
      return json{{"error", error.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
    }
  });
  if (!answer.said) {
    key_ = key_of(answer.death);
  } else {
    if (answer.said->empty()) {
      throw InputError(original_.loaded.data.file,
                       original_.loaded.data.name + " holds: there is nothing to shrink");
    }
    const json said = json::parse(*answer.said);
    if (said.contains("error")) throw InputError(original_.loaded.data.file, said.at("error"));
    key_ = said.at("key");
    place_ = said.value("place", "");
  }
  for (const explore::Plan& plan : {exhaustive({0, 0}), in_order()}) {
    if (!holds_under_ && holds(original, runner_, plan)) holds_under_ = plan;
  }
  reference_holds_ = reference_ != nullptr && holds(original, *reference_, exhaustive({1, 0}));
  return *found_by(answer);
}

std::optional<Found> Oracle::found_by(const FromChild& answer) const {
  if (!answer.said) {
    if (key_of(answer.death) != key_) return {};
    const std::string& choices = answer.death.choices;
    return Found{choices.empty() ? "0:schedule=0" : choices, answer.death.preemptions,
                 answer.death.text()};
  }
  if (answer.said->empty()) return {};
  const json said = json::parse(*answer.said);
  return Found{said.at("choices"), said.at("preemptions"), said.at("failure")};
}

bool Oracle::fits_schema(const json& doc) {
  if (schema_.check_scenario(doc)) return false;
  const auto fits = [&](const json& steps) {
    return std::ranges::all_of(steps, [&](const json& step) { return !schema_.check_step(step); });
  };
  for (const char* list : {"setup", "steps", "after"}) {
    if (doc.contains(list) && !fits(doc.at(list))) return false;
  }
  return !doc.contains("threads") || std::ranges::all_of(doc.at("threads"), fits);
}

std::optional<scenario::CompiledCase> Oracle::compiled(const Candidate& candidate) const {
  Case source = original_.loaded.data;
  source.doc = candidate.doc;
  try {
    return scenario::compile(source);
  } catch (const InputError&) {
    return {};
  }
}

bool Oracle::holds(const Candidate& candidate, CaseRunner& runner, const explore::Plan& plan) {
  const auto ready = compiled(candidate);
  if (!ready) return false;
  ++asked_;
  const FromChild answer = ask_child([&] {
    return or_nothing([&] {
      const explore::RunSchedule run = runner.many_runs(*ready);
      const RunOnce no_sweep;
      bool failed = false;
      explore::Explorer explorer{*ready, run, no_sweep, plan};
      explorer.run([&](explore::Schedule& schedule, const explore::Progress& progress) {
        failed = !schedule.result.failures.empty();
        return !failed && progress.schedules < max_schedules;
      });
      return std::string(failed ? "" : "holds");
    });
  });
  return answer.said && !answer.said->empty();
}

bool Oracle::sound(const Candidate& candidate) {
  return fits_schema(candidate.doc) && (!holds_under_ || holds(candidate, runner_, *holds_under_));
}

bool Oracle::holds_in_reference(const Candidate& candidate, const explore::Bounds& bounds) {
  return !reference_holds_ || holds(candidate, *reference_, exhaustive(bounds));
}

std::optional<Found> Oracle::replay(const Candidate& candidate, const std::string& text) {
  const auto ready = compiled(candidate);
  if (!ready) return {};
  ++asked_;
  return found_by(ask_child([&] {
    return or_nothing([&] {
      Choices choices{recorded_choices(text, "choices")};
      const RunRecord record = runner_.run_once(*ready, choices);
      const std::vector<Failure> failures = judge(*ready, record);
      const Failure* const same = find(failures, key_, candidate);
      return same == nullptr ? std::string() : found_json(decisions_of(choices), *same, key_);
    });
  }));
}

std::optional<Found> Oracle::search(const Candidate& candidate, const explore::Bounds& bounds) {
  const auto ready = compiled(candidate);
  if (!ready) return {};
  ++asked_;
  return found_by(ask_child([&] {
    return or_nothing([&] {
      std::string found;
      Decisions decisions;
      const explore::RunSchedule run_one = runner_.many_runs(*ready);
      const explore::RunSchedule run = [&](Choices& choices) -> const RunRecord& {
        const RunRecord& record = run_one(choices);
        if (!judge(*ready, record).empty()) decisions = decisions_of(choices);
        return record;
      };
      const RunOnce no_sweep;
      explore::Plan plan = exhaustive({0, bounds.faults});
      for (uint32_t n = 0; n <= bounds.preemptions && found.empty() && !out_of_time(); ++n) {
        plan.bounds.preemptions = n;
        explore::Explorer explorer{*ready, run, no_sweep, plan};
        explorer.run([&](explore::Schedule& schedule, const explore::Progress& progress) {
          const Failure* const same = find(schedule.result.failures, key_, candidate);
          if (same != nullptr) found = found_json(decisions, *same, key_);
          return same == nullptr && progress.schedules < max_schedules && !out_of_time();
        });
      }
      return found;
    });
  }));
}

}  // namespace sim::cli
