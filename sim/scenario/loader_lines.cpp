// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_lines.hpp"

#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

namespace sim::scenario {
namespace {

using nlohmann::json;

/// Reads the text for the library, and counts the lines on the way: its tokens have no places.
class LineCounter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCounter& operator++() {
    // The end of a line counts when the next character is read: a number ends behind itself only.
    if (line_ != nullptr && newline_) ++*line_;
    newline_ = *at_ == '\n';
    ++at_;
    return *this;
  }
  LineCounter operator++(int) {
    LineCounter before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const LineCounter& a, const LineCounter& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  size_t* line_;
  bool newline_ = false;
};

/// Notes the line of each key and of each element.
class Places {
 public:
  Places(const size_t& line, std::map<std::string, size_t>& lines) : line_(line), lines_(lines) {}

  bool null() { return value(); }
  bool boolean(bool /*value*/) { return value(); }
  bool number_integer(json::number_integer_t /*value*/) { return value(); }
  bool number_unsigned(json::number_unsigned_t /*value*/) { return value(); }
  bool number_float(json::number_float_t /*value*/, const std::string& /*text*/) { return value(); }
  bool string(std::string& /*text*/) { return value(); }
  bool binary(json::binary_t& /*bytes*/) { return value(); }
  bool start_object(size_t /*elements*/) { return open(false); }
  bool start_array(size_t /*elements*/) { return open(true); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    levels_.back().pointer = (json::json_pointer(levels_.back().base) / name).to_string();
    lines_.emplace(levels_.back().pointer, line_);
    return true;
  }
  bool parse_error(size_t /*at*/, const std::string& /*token*/, const json::exception& /*error*/) {
    return false;
  }

 private:
  struct Level {
    std::string base;
    bool is_array;
    size_t index = 0;
    std::string pointer{};  ///< of the member at hand
  };

  bool value() {
    if (levels_.empty() || !levels_.back().is_array) return true;
    Level& level = levels_.back();
    level.pointer = level.base + "/" + std::to_string(level.index++);
    lines_.emplace(level.pointer, line_);
    return true;
  }
  bool open(bool is_array) {
    (void)value();
    levels_.push_back({levels_.empty() ? "" : levels_.back().pointer, is_array});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  const size_t& line_;
  std::map<std::string, size_t>& lines_;
  std::vector<Level> levels_;
};

}  // namespace

LineTable::LineTable(const std::string& text) {
  size_t line = 1;
  Places places(line, lines_);
  const LineCounter begin(text.data(), &line);
  const LineCounter end(text.data() + text.size(), nullptr);
  (void)json::sax_parse(begin, end, &places, json::input_format_t::json, true, true);
}

size_t LineTable::line_of(const std::string& pointer) const {
  for (std::string left = pointer; !left.empty(); left.resize(left.rfind('/'))) {
    if (const auto found = lines_.find(left); found != lines_.end()) return found->second;
    if (left.find('/') == std::string::npos) break;
  }
  return 1;
}

}  // namespace sim::scenario
