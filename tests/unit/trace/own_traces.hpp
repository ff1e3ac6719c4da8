// SPDX-License-Identifier: BSD-3-Clause
// Traces of the simulator's, made and replayed in process.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sim/engine/run.hpp"
#include "sim/scenario/loader.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace test {

struct OwnTrace {
  std::string
      file;  ///< where it stands: programs and manifests of its world are looked for from there
  sim::trace::Header header;
  std::vector<sim::trace::Event> events;
};

inline OwnTrace run(const sim::Case& data, uint64_t seed = 1) {
  const auto factory = sim::built_in_mediator();
  const auto result = sim::run_case(sim::scenario::compile(data), *factory,
                                    [seed] { return sim::seeded_choices(seed); });
  OwnTrace trace;
  trace.file = data.file;
  trace.header.world = data.doc.value("world", nlohmann::json::object()).dump();
  trace.events = result.record.events;
  std::sort(trace.events.begin(), trace.events.end(),
            [](const sim::trace::Event& a, const sim::trace::Event& b) { return a.seq < b.seq; });
  return trace;
}

inline OwnTrace run(const std::string& json, uint64_t seed = 1) {
  return run(sim::Case{"own/trace", "own.json", {}, nlohmann::json::parse(json)}, seed);
}

inline ffa_trace::ReplayResult replay(const OwnTrace& trace) {
  const auto source = ffa_trace::vector_source(trace.file, trace.events, trace.header);
  const auto factory = sim::built_in_mediator();
  return ffa_trace::replay_trace(*source, *factory, {});
}

}  // namespace test
