// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <tuple>

#include "sim/check/sometimes.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/report/json_lines.hpp"
#include "sim/scenario/loader_json.hpp"

namespace sim::cli {
namespace {

using report::Outcome;

constexpr size_t max_result_file = size_t{256} << 20;

std::vector<std::string> both(const std::vector<std::string>& a,
                              const std::vector<std::string>& b) {
  std::set<std::string> met(a.begin(), a.end());
  met.insert(b.begin(), b.end());
  std::vector<std::string> ordered;
  for (const std::string& name : check::sometimes_names()) {
    if (met.contains(name)) ordered.push_back(name);
  }
  return ordered;
}

std::vector<std::string> either(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
  std::set<std::string> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  return {all.begin(), all.end()};
}

/// A case under some seeds, and under those that come next. One process stops at a failure.
Outcome join(const Outcome& before, const Outcome& after) {
  const bool ends = before.result != report::Result::passed || !before.exploration ||
                    before.exploration->exhausted;
  if (ends) return before;
  const bool held = after.result == report::Result::passed;
  Outcome all = held ? before : after;
  all.sometimes = both(before.sometimes, after.sometimes);
  all.undecided = before.undecided + after.undecided;
  all.versions = either(before.versions, after.versions);
  all.errors = either(before.errors, after.errors);
  if (!after.exploration) return all;
  report::Exploration& told = all.exploration.emplace(*after.exploration);
  if (held) told.strategy = before.exploration->strategy;
  told.schedules += before.exploration->schedules;
  told.pruned += before.exploration->pruned;
  told.states = std::max(told.states, before.exploration->states);
  told.longest = std::max(told.longest, before.exploration->longest);
  told.covered.unite(before.exploration->covered);
  return all;
}

void check_complete(const std::vector<Part>& parts) {
  const report::Shard& first = parts.front().summary.shard;
  for (size_t i = 0; i < parts.size(); ++i) {
    const report::Shard& shard = parts[i].summary.shard;
    const std::string here = fmt::format("part {} of {}", shard.index, shard.count);
    if (shard.count != first.count || shard.of_seeds != first.of_seeds ||
        parts[i].explored != parts.front().explored) {
      throw InputError(parts[i].file,
                       fmt::format("{}; {} is part {} of {} of another campaign", here,
                                   parts.front().file, first.index, first.count));
    }
    if (i > 0 && shard.index == parts[i - 1].summary.shard.index) {
      throw InputError(parts[i].file, fmt::format("{}, as {} is", here, parts[i - 1].file));
    }
    if (shard.index != i + 1) {
      throw InputError("merge", fmt::format("part {} of {} is not there", i + 1, shard.count));
    }
  }
  if (parts.size() != first.count) {
    throw InputError("merge",
                     fmt::format("part {} of {} is not there", parts.size() + 1, first.count));
  }
}

std::vector<Outcome> join_seeds(std::vector<Part>& parts) {
  std::vector<Outcome> all = std::move(parts.front().outcomes);
  for (size_t p = 1; p < parts.size(); ++p) {
    const std::vector<Outcome>& more = parts[p].outcomes;
    for (size_t i = 0; i < std::max(all.size(), more.size()); ++i) {
      if (i >= all.size() || i >= more.size() || all[i].name != more[i].name) {
        throw InputError(fmt::format("{}:{}", parts[p].file, i + 1),
                         "not the case that " + parts.front().file + " has there");
      }
      all[i] = join(all[i], more[i]);
    }
  }
  return all;
}

/// Dealt out in turn, and taken back so.
std::vector<Outcome> collect_cases(std::vector<Part>& parts) {
  size_t count = 0;
  for (const Part& part : parts) count += part.outcomes.size();
  std::vector<Outcome> all;
  for (size_t i = 0; i < count; ++i) {
    Part& part = parts[i % parts.size()];
    const size_t at = i / parts.size();
    if (at >= part.outcomes.size()) {
      throw InputError(part.file, fmt::format("has {} cases, the other parts too many for that",
                                              part.outcomes.size()));
    }
    all.push_back(std::move(part.outcomes[at]));
  }
  return all;
}

}  // namespace

Part read_part(const std::string& file) {
  Part part;
  part.file = file;
  std::istringstream text(scenario::read_text_file(file, max_result_file));
  bool ended = false;
  size_t number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    try {
      if (ended) throw InputError("summary", "more lines behind it");
      if (line.starts_with(R"({"summary")")) {
        part.summary = report::parse_summary(line);
        ended = true;
      } else if (line.starts_with(R"({"never_met")")) {
        part.explored = true;
      } else {
        part.outcomes.push_back(report::parse_outcome(line));
      }
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}:{}", file, number), error.what());
    }
  }
  if (!ended) throw InputError(file, "has no summary: that part did not come to its end");
  const report::Summary counted = report::summarise(part.outcomes, part.summary.not_selected);
  if (counted.passed != part.summary.passed || counted.failed != part.summary.failed ||
      counted.skipped != part.summary.skipped || counted.lacking != part.summary.lacking ||
      counted.undecided != part.summary.undecided) {
    throw InputError(file, "the summary does not count what stands above it");
  }
  return part;
}

Merged merge(std::vector<Part> parts) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::tie(a.summary.shard.index, a.file) < std::tie(b.summary.shard.index, b.file);
  });
  check_complete(parts);
  Merged merged;
  merged.not_selected = parts.front().summary.not_selected;
  merged.explored = parts.front().explored;
  merged.outcomes = parts.front().summary.shard.of_seeds ? join_seeds(parts) : collect_cases(parts);
  return merged;
}

}  // namespace sim::cli
