// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace replay: files in, results out.
#include <fmt/format.h>

#include <memory>

#include "sim/engine/input_error.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"
#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace ffa_trace {
namespace {

std::string to_json(const Divergence& divergence) {
  return fmt::format(R"({{"event":{},"field":{},"expected":{},"actual":{},"rule":{}}})",
                     divergence.event, json_string(divergence.field),
                     json_string(divergence.expected), json_string(divergence.actual),
                     json_string(divergence.rule));
}

std::string to_json(const ReplayResult& result) {
  const Counts& counts = result.counts;
  std::string first;
  if (!result.divergences.empty()) first = ",\"first\":" + to_json(result.divergences.front());
  return fmt::format(R"({{"file":{},"events":{},"compared":{},"computed":{},)"
                     R"("stimuli":{},"boot":{},"explained":{},"divergences":{}{}}})",
                     json_string(result.file), counts.events, counts.compared, counts.computed,
                     counts.stimuli, counts.boot, counts.explained, counts.divergences, first);
}

/// " (2 notifications, 62 payloads)"; empty where there are none.
std::string kinds_text(const std::map<std::string, uint64_t>& kinds) {
  std::string text;
  for (const auto& [kind, times] : kinds) {
    text += fmt::format("{}{} {}", text.empty() ? " (" : ", ", times, kind);
  }
  return text.empty() ? text : text + ")";
}

void print_text(const ReplayResult& result) {
  const Counts& counts = result.counts;
  fmt::print("{}: {}\n", result.file, result.passed() ? "replayed" : "DIVERGED");
  const char* const who = result.model ? "mediator and SPMC model" : "the mediator";
  fmt::print("  profile {}, {} events, {} fields compared, {} of them computed by {}\n",
             result.profile, counts.events, counts.compared, counts.computed, who);
  fmt::print(
      "  {} stimuli{}, {} requests at boot that the capture never saw, {} differences explained\n",
      counts.stimuli, kinds_text(counts.by_stimulus), counts.boot, counts.explained);
  for (const auto& [id, times] : counts.by_difference) fmt::print("    {} x {}\n", times, id);
  if (counts.computed == 0) fmt::print("  nothing was computed: this proves nothing\n");
  if (counts.divergences == 0) return;
  fmt::print("  {} divergences:\n", counts.divergences);
  for (const Divergence& divergence : result.divergences) {
    fmt::print("    event {}: {} ({})\n      expected {}\n      actual   {}\n", divergence.event,
               divergence.field, divergence.rule, divergence.expected, divergence.actual);
  }
  if (counts.divergences > result.divergences.size()) {
    fmt::print("    … and {} more\n", counts.divergences - result.divergences.size());
  }
}

std::unique_ptr<sim::MediatorFactory> chosen_mediator(const ReplayOptions& options) {
  if (options.backend == "unicorn") {
    if (!options.mediator.empty())
      throw sim::InputError("--mediator", "a shared library runs on the back end host only");
    return sim::unicorn_mediator(sim::find_unicorn_image());
  }
  return options.mediator.empty() ? sim::built_in_mediator() : sim::load_mediator(options.mediator);
}

}  // namespace

int replay(const ReplayOptions& options) {
  const auto factory = chosen_mediator(options);
  bool passed = true;
  std::vector<ReplayResult> results;
  for (const std::string& file : options.files) {
    const auto source = file_source(file);
    results.push_back(replay_trace(*source, *factory, {options.profile, false, options.spmc}));
    passed = passed && results.back().passed();
  }
  for (const ReplayResult& result : results) {
    if (options.json) {
      fmt::print("{}\n", to_json(result));
    } else {
      print_text(result);
    }
  }
  return passed ? 0 : 1;
}

}  // namespace ffa_trace
