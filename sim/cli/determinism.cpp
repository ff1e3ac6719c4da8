// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/determinism.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/input_error.hpp"
#include "sim/trace/hasher.hpp"
#include "sim/trace/writer.hpp"

namespace sim::cli {
namespace {

std::string hash_of(const trace::Event& event) {
  trace::Hasher hasher;
  hasher.add(event);
  return hasher.finish();
}

}  // namespace

std::optional<report::Problem> first_difference(const std::vector<trace::Event>& first,
                                                const std::vector<trace::Event>& second) {
  const size_t longest = std::max(first.size(), second.size());
  for (size_t n = 0; n < longest; ++n) {
    const bool both = n < first.size() && n < second.size();
    if (both && hash_of(first[n]) == hash_of(second[n])) continue;
    const auto line = [n](const std::vector<trace::Event>& events) {
      return n < events.size() ? trace::to_line(events[n]) : "none";
    };
    return report::Problem{"", line(first), line(second), "",
                           fmt::format("two runs of the same case differ from event {} on", n + 1)};
  }
  return std::nullopt;
}

void check_again(const std::vector<trace::Event>& events, const Choices& taken,
                 const std::function<std::vector<trace::Event>(Choices&)>& run_again) {
  Choices again{recorded_choices(taken.to_text(), "the same decisions")};
  try {
    if (const auto problem = first_difference(events, run_again(again))) {
      throw Nondeterminism(*problem);
    }
  } catch (const InputError& error) {
    throw Nondeterminism(
        {"", "", "", "", fmt::format("a second run asks otherwise: {}", error.what())});
  }
  if (again.decisions() != taken.decisions()) {
    throw Nondeterminism({"", fmt::format("{} decisions", taken.decisions()),
                          fmt::format("{} decisions", again.decisions()), "",
                          "a second run of the same case takes other decisions"});
  }
}

}  // namespace sim::cli
