// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>

#include "sim/check/sometimes.hpp"
#include "sim/report/json_lines.hpp"

namespace sim::cli {
namespace {

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool on_terminal(int file) {
  const char* term = std::getenv("TERM");
  return isatty(file) == 1 && term != nullptr && std::string_view(term) != "dumb" &&
         !set_and_not_empty("CI");
}

constexpr const char* erase_line = "\r\033[K";

}  // namespace

Console::Console(bool json, size_t cases)
    : json_(json),
      live_(on_terminal(STDERR_FILENO)),
      terminal_(!json && on_terminal(STDOUT_FILENO)),
      colours_{terminal_ && !set_and_not_empty("NO_COLOR")},
      cases_(cases),
      start_(std::chrono::steady_clock::now()) {}

void Console::clear_progress() const {
  if (live_) fmt::print(stderr, "{}", erase_line);
}

void Console::tell(const report::Outcome& outcome) {
  ++told_;
  clear_progress();
  const bool replaced =
      live_ && terminal_ && outcome.result == report::Result::passed && outcome.undecided == 0;
  if (json_) {
    fmt::print("{}\n", report::outcome_json(outcome));
  } else if (!replaced) {
    fmt::print("{}", report::outcome_text(outcome, colours_));
  }
  (void)std::fflush(stdout);
  if (live_) fmt::print(stderr, "[{}/{}] {}", told_, cases_, outcome.name.substr(0, 60));
}

void Console::working(const std::string& text) const {
  clear_progress();
  fmt::print(stderr, "{}", text);
}

void Console::tell_met(const std::vector<report::Outcome>& outcomes) {
  std::set<std::string> met;
  std::set<std::string> wanted;
  CoverageNames covered;
  for (const report::Outcome& outcome : outcomes) {
    met.insert(outcome.sometimes.begin(), outcome.sometimes.end());
    wanted.insert(outcome.wanted.begin(), outcome.wanted.end());
    if (outcome.exploration) covered.unite(outcome.exploration->covered);
  }
  std::vector<std::string> never;
  for (const std::string& name : check::sometimes_names()) {
    if (wanted.contains(name) && !met.contains(name)) never.push_back(name);
  }
  clear_progress();
  if (json_) {
    fmt::print("{}\n", report::met_json(never, covered));
  } else {
    fmt::print("{}\n", report::coverage_text(covered));
    fmt::print("{} of {} marks met{}{}\n", met.size(), check::sometimes_names().size(),
               never.empty() ? "" : "; never: ", fmt::join(never, ", "));
  }
}

void Console::tell_stack(const std::vector<report::Outcome>& outcomes) {
  if (json_ || outcomes.empty()) return;
  const auto deepest = std::ranges::max_element(outcomes, {}, &report::Outcome::stack_bytes);
  if (deepest->stack_bytes == 0) return;
  clear_progress();
  fmt::print("stack of the mediator: {} bytes at most, in {}\n", deepest->stack_bytes,
             deepest->name);
}

void Console::finish(const report::Summary& summary) {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  last_line(summary, fmt::format(" in {:.1f} s", seconds.count()));
}

void Console::finish_merged(const report::Summary& summary) { last_line(summary, ""); }

void Console::last_line(const report::Summary& summary, const std::string& time) {
  clear_progress();
  if (json_) {
    fmt::print("{}\n", report::summary_json(summary));
  } else {
    const std::string text = report::summary_text(summary);
    fmt::print("{}{}\n", summary.failed > 0 ? colours_.red(text) : colours_.green(text), time);
  }
  (void)std::fflush(stdout);
}

}  // namespace sim::cli
