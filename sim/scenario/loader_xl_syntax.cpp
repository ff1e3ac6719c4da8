// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_xl_syntax.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
constexpr std::string_view digits = "0123456789";

bool is_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
bool is_bare_word(char c) { return is_in(letters, c) || is_in(digits, c); }

/// A character in words for a message.
std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f ? fmt::format("'{}'", c) : fmt::format("byte {:#04x}", byte);
}

class Parser {
 public:
  Parser(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  std::vector<XlSetting> settings() {
    std::vector<XlSetting> list;
    while (true) {
      skip_lines();
      if (at_end()) return list;
      if (take(';')) continue;
      list.push_back(setting());
      skip_blanks();
      if (!at_end() && !is_in("\n;", peek())) {
        fail(fmt::format("{} behind the value of '{}'", shown(peek()), list.back().key));
      }
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }
  [[noreturn]] void fail(const std::string& reason) const {
    throw InputError(fmt::format("{}:{}", file_, line_), reason);
  }
  char next() {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }
  bool take(char c) {
    if (at_end() || peek() != c) return false;
    next();
    return true;
  }

  /// Up to the end of the line at most.
  void skip_blanks() {
    while (!at_end() && is_in(" \t\r", peek())) next();
    if (at_end() || peek() != '#') return;
    while (!at_end() && peek() != '\n') next();
  }
  void skip_lines() {
    skip_blanks();
    while (take('\n')) skip_blanks();
  }

  std::string word() {
    const size_t begin = at_;
    while (!at_end() && is_bare_word(peek())) next();
    return text_.substr(begin, at_ - begin);
  }

  XlSetting setting() {
    XlSetting setting;
    setting.line = line_;
    if (!is_in(letters, peek())) fail(fmt::format("{} where a key should be", shown(peek())));
    setting.key = word();
    skip_blanks();
    if (text_.compare(at_, 2, "+=") == 0)
      fail("'+=' is not supported: give the whole value at once");
    if (!take('=')) fail(fmt::format("no '=' behind '{}'", setting.key));
    skip_blanks();
    setting.value = value(0);
    return setting;
  }

  json value(size_t depth) {
    if (at_end() || peek() == '\n') fail("no value");
    if (peek() == '[') return list(depth);
    if (is_in("\"'", peek())) return string();
    if (is_in(digits, peek()) || peek() == '-') return number();
    fail(fmt::format("{} where a value should be: a number, a string in quotes or a list",
                     shown(peek())));
  }

  json list(size_t depth) {
    if (depth == max_xl_depth) fail("lists nested too deeply");
    next();
    json elements = json::array();
    while (true) {
      skip_lines();
      if (at_end()) fail("the list has no end");
      if (take(']')) return elements;
      elements.push_back(value(depth + 1));
      skip_lines();
      if (at_end()) fail("the list has no end");
      if (!take(',') && peek() != ']') fail(fmt::format("{} within a list", shown(peek())));
    }
  }

  json string() {
    const char quote = next();
    std::string out;
    while (true) {
      if (at_end() || peek() == '\n') fail("the string has no end");
      const char c = next();
      if (c == quote) return out;
      out += c == '\\' ? escape() : c;
    }
  }

  char escape() {
    if (at_end()) fail("the string has no end");
    switch (const char c = next()) {
      case '\\':
      case '\'':
      case '"':
        return c;
      case 'n':
        return '\n';
      case 't':
        return '\t';
      default:
        fail(
            fmt::format("{} behind a backslash; known are \\\\, \\', \\\", \\n and \\t", shown(c)));
    }
  }

  json number() {
    const size_t begin = at_;
    while (!at_end() && (is_bare_word(peek()) || is_in("-.", peek()))) next();
    const std::string text = text_.substr(begin, at_ - begin);
    const auto number = xl_number(text);
    if (!number) fail(fmt::format("'{}' is not a whole number of 64 bits", text));
    return *number;
  }

  const std::string& text_;
  const std::string& file_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

std::optional<json> xl_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('0')) {
    base = 8;
  }
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (!negative) return json(magnitude);
  if (magnitude > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return {};
  return json(-static_cast<int64_t>(magnitude));
}

std::vector<XlSetting> parse_xl(const std::string& text, const std::string& file) {
  return Parser(text, file).settings();
}

}  // namespace sim::scenario
