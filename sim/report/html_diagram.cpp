// SPDX-License-Identifier: BSD-3-Clause
// A timeline as a sequence diagram in SVG: lifelines, arrows, bands for turns and remarks. Colours
// come from the report's style sheet, so that it follows light and dark.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "ffa/names.hpp"
#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"

namespace sim::report {
namespace {

using Kind = Timeline::Kind;
using Row = Timeline::Row;

constexpr size_t max_rows = 120;
constexpr size_t rows_behind = 12;
/// Pixels. The font is monospaced; a character is as wide as most of them make it.
constexpr size_t character = 7;
constexpr size_t arrow_height = 30;
constexpr size_t line_height = 18;
constexpr size_t head_height = 40;
constexpr size_t remark_characters = 110;

/// Its first word is an error of FFA_ERROR, or of an operation of the host.
bool is_bad(const std::string& text) {
  const auto status = ffa::status_from_name(std::string_view(text).substr(0, text.find(' ')));
  return status && *status != ffa::Status::success;
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Lines of at most so many characters, cut at blanks where there are any.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find_first_of(" \n", at);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(at, end - at);
    if (!lines.back().empty() && characters(lines.back()) + 1 + characters(word) > width) {
      lines.emplace_back();
    }
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    at = end + 1;
  }
  return lines;
}

class Drawing {
 public:
  Drawing(const Timeline& timeline, const std::map<uint64_t, std::string>& steps)
      : timeline_(timeline), steps_(steps) {
    take_rows();
    place_lanes();
  }

  void draw(pugi::xml_node parent) {
    if (first_ != 0 || end_ != timeline_.rows.size()) {
      add_element(parent, "p", "note",
                  fmt::format("{} rows before and {} behind are left out; --diagram draws all",
                              first_, timeline_.rows.size() - end_));
    }
    pugi::xml_node box = add_element(parent, "div", "wide");
    svg_ = add_element(box, "svg", "diagram");
    set_attribute(svg_, "role", "img");
    set_attribute(svg_, "aria-label", "sequence diagram");
    pugi::xml_node lines = add_element(svg_, "g", "lifelines");
    size_t y = head_height;
    for (size_t n = first_; n < end_; ++n) y = draw_row(timeline_.rows[n], y);
    const size_t height = y + 12;
    for (size_t lane = 0; lane < centres_.size(); ++lane) {
      if (!used_[lane]) continue;
      add_line(lines, centres_[lane], 30, centres_[lane], height - 4, "lifeline");
      draw_head(lane);
    }
    set_attribute(svg_, "width", width_);
    set_attribute(svg_, "height", height);
    set_attribute(svg_, "viewBox", fmt::format("0 0 {} {}", width_, height));
  }

 private:
  void take_rows() {
    end_ = timeline_.rows.size();
    const auto remark = std::ranges::find(timeline_.rows, Kind::remark, &Row::kind);
    if (end_ > max_rows && remark != timeline_.rows.end()) {
      const auto at = static_cast<size_t>(remark - timeline_.rows.begin());
      end_ = std::min(end_, at + 1 + rows_behind);
    }
    first_ = end_ > max_rows ? end_ - max_rows : 0;
  }

  static std::string label(const Row& row) {
    if (row.kind != Kind::turn) return row.text;
    return row.choice ? fmt::format("choice {}: {}", *row.choice, row.text) : row.text;
  }

  void place_lanes() {
    const size_t lanes = timeline_.lanes.size();
    used_.assign(lanes, false);
    used_[timeline_.mediator()] = true;
    size_t gutter = 5 * character;
    size_t widest_band = 0;
    // The gap in front of a lane holds half of both names, and the labels of arrows that end there.
    std::vector<size_t> gaps(lanes, 0);
    for (size_t n = first_; n < end_; ++n) {
      const Row& row = timeline_.rows[n];
      if (row.kind == Kind::remark) continue;
      used_[row.from] = used_[row.to] = true;
      if (row.kind == Kind::turn) {
        widest_band = std::max(widest_band, characters(label(row)) * character);
      } else if (row.from != row.to) {
        size_t& gap = gaps[std::max(row.from, row.to)];
        gap = std::max(gap, characters(label(row)) * character + 40);
      }
      if (const auto step = steps_.find(row.seq); step != steps_.end()) {
        gutter = std::max(gutter, (characters(step->second) + 7) * character);
      }
    }
    gutter_ = gutter;
    centres_.assign(lanes, 0);
    size_t at = gutter + 16;
    size_t half_before = 0;
    for (size_t lane = 0; lane < lanes; ++lane) {
      if (!used_[lane]) continue;
      const size_t half = characters(timeline_.lanes[lane]) * character / 2 + 12;
      const bool is_first = half_before == 0;
      at += is_first ? half : std::max(gaps[lane], half_before + half + 12);
      centres_[lane] = at;
      half_before = half;
    }
    const size_t least = gutter + 16 + std::min<size_t>(widest_band, 900) + 40;
    width_ = std::max(at + half_before + 16, least);
  }

  void add_line(pugi::xml_node parent, size_t x1, size_t y1, size_t x2, size_t y2,
                const char* classes) {
    pugi::xml_node line = add_element(parent, "line", classes);
    set_attribute(line, "x1", x1);
    set_attribute(line, "y1", y1);
    set_attribute(line, "x2", x2);
    set_attribute(line, "y2", y2);
  }

  pugi::xml_node add_label(size_t x, size_t y, const char* classes, const std::string& text) {
    pugi::xml_node node = add_element(svg_, "text", classes, text);
    set_attribute(node, "x", x);
    set_attribute(node, "y", y);
    return node;
  }

  void add_box(size_t x, size_t y, size_t width, size_t height, const char* classes) {
    pugi::xml_node box = add_element(svg_, "rect", classes);
    set_attribute(box, "x", x);
    set_attribute(box, "y", y);
    set_attribute(box, "width", width);
    set_attribute(box, "height", height);
    set_attribute(box, "rx", size_t{4});
  }

  void draw_head(size_t lane) {
    const std::string& name = timeline_.lanes[lane];
    const size_t width = characters(name) * character + 20;
    add_box(centres_[lane] - width / 2, 6, width, 24, "head");
    add_label(centres_[lane], 22, "name", name);
  }

  /// The next row's y.
  size_t draw_row(const Row& row, size_t y) {
    if (row.kind == Kind::remark) return draw_band(row.text, y, "remark");
    if (row.kind == Kind::turn) return draw_band(label(row), y, "turn");
    if (row.seq != 0) add_label(gutter_, y + 20, "seq", std::to_string(row.seq));
    if (const auto step = steps_.find(row.seq); step != steps_.end() && row.kind == Kind::call) {
      add_label(8, y + 20, "step", step->second);
    }
    const size_t from = centres_[row.from];
    const size_t to = centres_[row.to];
    const bool bad = row.kind == Kind::answer && is_bad(row.text);
    const char* const classes = row.kind == Kind::call ? "call" : bad ? "answer bad" : "answer";
    add_line(svg_, from, y + 22, to, y + 22, classes);
    pugi::xml_node head = add_element(svg_, "path", bad ? "tip bad" : "tip");
    const char* const form = from < to ? "M{0},{1}l-8,-4v8z" : "M{0},{1}l8,-4v8z";
    set_attribute(head, "d", fmt::format(fmt::runtime(form), to, y + 22));
    add_label((from + to) / 2, y + 17, bad ? "label bad" : "label", row.text);
    return y + arrow_height;
  }

  size_t draw_band(const std::string& text, size_t y, const char* classes) {
    const size_t room = std::max((width_ - gutter_ - 40) / character, size_t{40});
    const auto lines = wrapped(text, std::min(room, remark_characters));
    const size_t height = lines.size() * line_height + 8;
    add_box(gutter_ + 10, y + 4, width_ - gutter_ - 18, height,
            (std::string("band ") + classes).c_str());
    for (size_t n = 0; n < lines.size(); ++n) {
      add_label(gutter_ + 20, y + 4 + 17 + n * line_height, classes, lines[n]);
    }
    return y + height + 8;
  }

  const Timeline& timeline_;
  const std::map<uint64_t, std::string>& steps_;
  size_t first_ = 0;  // of the rows
  size_t end_ = 0;
  std::vector<bool> used_;       // lanes
  std::vector<size_t> centres_;  // of the lanes
  size_t gutter_ = 0;            // how wide the column of steps and numbers is
  size_t width_ = 0;
  pugi::xml_node svg_;
};

}  // namespace

void add_diagram(pugi::xml_node parent, const Timeline& timeline,
                 const std::map<uint64_t, std::string>& steps) {
  if (timeline.rows.empty()) return;
  add_element(parent, "h4", "", "How it came to that");
  Drawing(timeline, steps).draw(parent);
}

}  // namespace sim::report
