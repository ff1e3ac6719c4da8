// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace stat: reads a trace once, as a stream, and prints its figures.
#include <fmt/format.h>

#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/import/events.hpp"
#include "tools/ffa-trace/stat/statistics.hpp"

namespace ffa_trace {

int stat(const StatOptions& options) {
  for (const std::string& file : options.files) {
    Statistics statistics;
    const auto begin = [](const sim::trace::Header*) {};
    read_events(file, {.begin = begin,
                       .take = [&](const sim::trace::Event& event) { statistics.note(event); }});
    const Figures figures = statistics.finish();
    const std::string name = file == "-" ? "standard input" : file;
    fmt::print("{}", options.json ? stat_json(name, figures) + "\n" : stat_text(name, figures));
  }
  return 0;
}

}  // namespace ffa_trace
