// SPDX-License-Identifier: BSD-3-Clause
// fuzz_fresh_check CORPUS: a world that has run other inputs is as good as new. Every input of the
// targets that run calls leaves the same trace and the same violations in a world of its own, in
// one that all inputs before it have used, and, the other way round, in one used by all behind it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/trace/writer.hpp"
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/input_file.hpp"
#include "tests/fuzz/plan_targets.hpp"
#include "tests/fuzz/target.hpp"

namespace {

namespace fs = std::filesystem;

struct Input {
  const char* target;
  std::string name;
  fuzz::Plan plan;
};

std::vector<Input> inputs_of(const fs::path& corpus) {
  std::vector<Input> inputs;
  for (const fuzz::PlanTarget& target : fuzz::plan_targets) {
    const std::string name = target.name;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(corpus / name.substr(0, name.find(':')))) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      inputs.push_back(
          {target.name, name + " " + file.string(), target.read(fuzz::bytes_of(file).value())});
    }
  }
  return inputs;
}

/// Calls of VMs that an input comes to, by target.
using Lengths = std::map<std::string, std::vector<long>>;

long calls_of(const fuzz::PlanRun& run) {
  return std::count_if(run.events.begin(), run.events.end(), [](const sim::trace::Event& event) {
    return event.side == sim::trace::Side::guest;
  });
}

/// All that a run tells, rules and translations included.
std::string text_of(const fuzz::PlanRun& run) {
  std::string text = run.violated;
  for (const sim::trace::Event& event : run.events) text += sim::trace::to_line(event) + "\n";
  return text;
}

void compare(const Input& input, const std::string& fresh, const char* when) {
  const std::string used = text_of(fuzz::run_plan(input.plan));
  if (used == fresh) return;
  const auto differs = std::mismatch(fresh.begin(), fresh.end(), used.begin(), used.end()).first;
  const auto line = std::count(fresh.begin(), differs, '\n') + 1;
  fuzz::fail(
      fmt::format("{}: {}, event {} is another than in a fresh world", input.name, when, line));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !fs::is_directory(argv[1])) {
    fmt::print(stderr, "usage: fuzz_fresh_check CORPUS\n");
    return 2;
  }
  const std::vector<Input> inputs = inputs_of(argv[1]);
  std::vector<std::string> fresh;
  Lengths lengths;
  for (const Input& input : inputs) {
    const fuzz::FreshRun run = fuzz::run_plan_fresh(input.plan);
    lengths[input.target].push_back(calls_of(run.run));
    fresh.push_back(text_of(run.run));
    compare(input, fresh.back(), "behind those before it");
  }
  for (size_t n = inputs.size(); n-- > 0;) compare(inputs[n], fresh[n], "behind those behind it");
  const std::set<std::string> different(fresh.begin(), fresh.end());
  fuzz::must(different.size() > inputs.size() / 2, "most inputs have a trace of their own");
  fmt::print("{} inputs, {} traces\n", inputs.size(), different.size());
  for (auto& [target, calls] : lengths) {
    std::sort(calls.begin(), calls.end());
    fmt::print("{}: {} inputs of {} to {} calls, half of them of {} or fewer\n", target,
               calls.size(), calls.front(), calls.back(), calls[calls.size() / 2]);
  }
  return 0;
}
