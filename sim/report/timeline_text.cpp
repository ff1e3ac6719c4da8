// SPDX-License-Identifier: BSD-3-Clause
// A timeline in plain text, ASCII only: what a terminal, a mail or a commit shows as it is.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sim/report/timeline.hpp"

namespace sim::report {
namespace {

using Kind = Timeline::Kind;
using Row = Timeline::Row;

std::string without_blanks_at_end(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string number_or_blank(uint64_t number) { return number == 0 ? "" : std::to_string(number); }

std::string choice_text(const Row& row) {
  return row.choice ? fmt::format("choice {}", *row.choice) : "";
}

/// What a row says in the column of the one that it is part of.
std::string cell_text(const Timeline& timeline, const Row& row) {
  const bool of_spmc = row.from == timeline.spmc() || row.to == timeline.spmc();
  const char* const indent = of_spmc ? "    SMC " : "  ";
  switch (row.kind) {
    case Kind::call:
      return of_spmc ? indent + row.text : row.text;
    case Kind::answer:
      return indent + std::string("= ") + row.text;
    case Kind::turn:
    case Kind::remark:
      break;
  }
  return "";
}

/// Lines of text over lifelines that stand in these columns.
class Canvas {
 public:
  explicit Canvas(const Timeline& timeline) : columns_(timeline.lanes.size()) {
    // Each gap holds the names, and, in front of the lane that they end at, the texts of arrows.
    std::vector<size_t> gaps(timeline.lanes.size(), 4);
    for (size_t lane = 1; lane < gaps.size(); ++lane) {
      const auto half = [&](size_t n) { return timeline.lanes[n].size() / 2 + 2; };
      gaps[lane] = std::max(gaps[lane], half(lane - 1) + half(lane));
    }
    for (const Row& row : timeline.rows) {
      if (row.kind == Kind::remark || row.from == row.to) continue;
      size_t& gap = gaps[std::max(row.from, row.to)];
      gap = std::max(gap, label(row).size() + 7);
    }
    gaps[0] = timeline.lanes[0].size() / 2 + 2;
    size_t at = 0;
    for (size_t lane = 0; lane < gaps.size(); ++lane) columns_[lane] = at += gaps[lane];
  }

  std::string names(const Timeline& timeline) const {
    std::string line(columns_.back() + timeline.lanes.back().size(), ' ');
    for (size_t lane = 0; lane < columns_.size(); ++lane) {
      const std::string& name = timeline.lanes[lane];
      line.replace(columns_[lane] - name.size() / 2, name.size(), name);
    }
    return without_blanks_at_end(line);
  }

  std::string row(const Row& row) const {
    std::string line(columns_.back() + 1, ' ');
    for (const size_t column : columns_) line[column] = '|';
    if (row.kind == Kind::remark) return line + "  !! " + row.text + "\n";
    if (row.from != row.to) draw_arrow(row, line);
    if (row.kind == Kind::turn) line += "  " + row.text;
    return without_blanks_at_end(line);
  }

 private:
  static std::string label(const Row& row) {
    if (row.kind == Kind::turn) return choice_text(row);
    return fmt::format("{} {}", row.seq, row.text);
  }

  void draw_arrow(const Row& row, std::string& line) const {
    const size_t first = columns_[std::min(row.from, row.to)];
    const size_t last = columns_[std::max(row.from, row.to)];
    const bool to_the_right = row.from < row.to;
    const std::string text = label(row);
    for (size_t at = first + 1; at < last; ++at) {
      const bool gap = row.kind == Kind::answer && (at - first) % 2 == 0;
      line[at] = row.kind == Kind::turn ? '.' : gap ? ' ' : '-';
    }
    line[to_the_right ? last - 1 : first + 1] = row.kind == Kind::turn ? '*'
                                                : to_the_right         ? '>'
                                                                       : '<';
    if (!text.empty()) line.replace(last - text.size() - 4, text.size() + 2, " " + text + " ");
  }

  std::vector<size_t> columns_;
};

}  // namespace

std::string aligned_lines(const Timeline& timeline) {
  // Of mediator and SPMC nobody's calls are.
  std::vector<size_t> widths(timeline.mediator());
  for (size_t lane = 0; lane < widths.size(); ++lane) widths[lane] = timeline.lanes[lane].size();
  for (const Row& row : timeline.rows) {
    if (row.kind == Kind::remark) continue;
    widths[row.who] = std::max(widths[row.who], cell_text(timeline, row).size());
  }
  std::string text = fmt::format("{:>6}", "seq");
  for (size_t lane = 0; lane < widths.size(); ++lane) {
    text += fmt::format("  {:<{}}", timeline.lanes[lane], widths[lane]);
  }
  text = without_blanks_at_end(text);
  for (const Row& row : timeline.rows) {
    if (row.kind == Kind::remark) {
      text += fmt::format("{:>6}  {}\n", "!!", row.text);
      continue;
    }
    if (row.kind == Kind::turn) {
      const std::string why = choice_text(row);
      text += fmt::format("{:>6}  {}{}\n", "--", why.empty() ? "" : why + ": ", row.text);
      continue;
    }
    std::string line = fmt::format("{:>6}", number_or_blank(row.seq));
    for (size_t lane = 0; lane < widths.size(); ++lane) {
      line +=
          fmt::format("  {:<{}}", lane == row.who ? cell_text(timeline, row) : "", widths[lane]);
    }
    text += without_blanks_at_end(line);
  }
  return text;
}

std::string sequence_text(const Timeline& timeline) {
  const Canvas canvas(timeline);
  std::string text = canvas.names(timeline);
  for (const Row& row : timeline.rows) text += canvas.row(row);
  return text;
}

}  // namespace sim::report
