// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include "sim/report/timeline.hpp"

namespace sim::report {
namespace {

using Kind = Timeline::Kind;
using Row = Timeline::Row;

/// What would end a statement, or begins an entity, as an entity.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '#' || c == ';' || c == '<' || c == '>' || c == '%') {
      safe += fmt::format("#{};", static_cast<int>(c));
    } else {
      safe += c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return safe;
}

std::string row_text(const Timeline& timeline, const Row& row) {
  const auto lane = [](size_t number) { return fmt::format("p{}", number); };
  const std::string text = escaped(row.text);
  switch (row.kind) {
    case Kind::call:
      return fmt::format("{}->>{}: {} {}", lane(row.from), lane(row.to), row.seq, text);
    case Kind::answer:
      return fmt::format("{}-->>{}: {} {}", lane(row.from), lane(row.to), row.seq, text);
    case Kind::turn: {
      const std::string choice = row.choice ? fmt::format("choice {}: ", *row.choice) : "";
      const std::string other = row.from == row.to ? "" : "," + lane(row.to);
      return fmt::format("Note over {}{}: {}{}", lane(row.from), other, choice, text);
    }
    case Kind::remark:
      break;
  }
  return fmt::format("Note over {},{}: {}", lane(0), lane(timeline.spmc()), text);
}

}  // namespace

std::string sequence_mermaid(const Timeline& timeline) {
  std::string text = "sequenceDiagram\n";
  for (size_t lane = 0; lane < timeline.lanes.size(); ++lane) {
    text += fmt::format("  participant p{} as {}\n", lane, escaped(timeline.lanes[lane]));
  }
  for (const Row& row : timeline.rows) text += "  " + row_text(timeline, row) + "\n";
  return text;
}

}  // namespace sim::report
