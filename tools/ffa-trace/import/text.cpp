// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace ffa_trace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool ends_number(std::string_view rest) {
  return rest.empty() || is_blank(rest[0]) ||
         std::string_view(",])}").find(rest[0]) != std::string_view::npos;
}

/// Length of `[…]` made of digits and what stands between them in a time; 0 if it is none.
size_t bracketed_time(std::string_view text) {
  if (text.empty() || text[0] != '[') return 0;
  bool separator = false;
  for (size_t i = 1; i < text.size() && i < 48; ++i) {
    const char c = text[i];
    if (c == ']') return separator ? i + 1 : 0;
    if (c == '.' || (c == ':' && i > 1)) separator = true;
    if (!is_digit(c) && !is_blank(c) && c != '.' && c != ':' && c != '-' && c != ',' && c != 'T' &&
        c != 'Z' && c != '+') {
      return 0;
    }
  }
  return 0;
}

/// Length of `08:46:02`, `08:46:02.123`, `2026-11-22T08:46:02Z`, `2026-11-22` and a blank.
size_t bare_time(std::string_view text) {
  if (text.size() < 6 || !is_digit(text[0])) return 0;
  size_t separators = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_blank(c)) return separators >= 2 ? i + 1 : 0;
    if (c == ':' || c == '-') ++separators;
    if (!is_digit(c) && c != ':' && c != '-' && c != '.' && c != ',' && c != 'T' && c != 'Z' &&
        c != '+') {
      return 0;
    }
  }
  return 0;
}

/// Length of `Nov 22 08:46:02 `.
size_t month_and_time(std::string_view text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 8 || text[3] != ' ') return 0;
  const size_t month = months.find(text.substr(0, 3));
  if (month == std::string_view::npos || month % 3 != 0) return 0;
  Cursor at(text.substr(4));
  at.skip_blanks();
  if (!at.decimal() || !at.skip(" ")) return 0;
  const size_t time = bare_time(at.rest());
  return time == 0 ? 0 : text.size() - at.rest().size() + time;
}

size_t printk_level(std::string_view text) {
  return text.size() >= 3 && text[0] == '<' && is_digit(text[1]) && text[2] == '>' ? 3 : 0;
}

}  // namespace

bool Cursor::skip(std::string_view literal) {
  if (!text_.starts_with(literal)) return false;
  text_.remove_prefix(literal.size());
  return true;
}

void Cursor::skip_blanks() {
  while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
}

std::string_view Cursor::word() {
  size_t length = 0;
  while (length < text_.size() && !is_blank(text_[length])) ++length;
  const std::string_view word = text_.substr(0, length);
  text_.remove_prefix(length);
  return word;
}

std::optional<uint64_t> Cursor::decimal() {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc()) return {};
  text_.remove_prefix(static_cast<size_t>(end - text_.data()));
  return value;
}

std::optional<uint64_t> Cursor::hex() {
  const std::string_view digits = text_.starts_with("0x") ? text_.substr(2) : text_;
  size_t length = 0;
  while (length < digits.size() && is_hex(digits[length])) ++length;
  if (length == 0 || length > 16 || !ends_number(digits.substr(length))) return {};
  uint64_t value = 0;
  (void)std::from_chars(digits.data(), digits.data() + length, value, 16);
  text_ = digits.substr(length);
  return value;
}

std::optional<uint64_t> Cursor::number() {
  if (text_.starts_with("0x")) return hex();
  Cursor at = *this;
  const bool negative = at.skip("-");
  const auto value = at.decimal();
  if (!value || !ends_number(at.rest())) return {};
  *this = at;
  return negative ? uint64_t{0} - *value : *value;
}

std::string_view without_stamps(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    Cursor at(text);
    at.skip_blanks();
    if (!at.skip("(XEN) ")) {
      const std::string_view rest = at.rest();
      const size_t length = std::max(
          {bracketed_time(rest), bare_time(rest), month_and_time(rest), printk_level(rest)});
      if (length == 0) break;
      at = Cursor(rest.substr(length));
    }
    at.skip_blanks();
    text = at.rest();
  }
  return text;
}

bool take_registers(Cursor& at, Row& row) {
  at.skip_blanks();
  const bool bracket = at.skip("[") || at.skip("(") || at.skip("{");
  for (unsigned n = 0; n < row.regs.x.size(); ++n) {
    at.skip_blanks();
    if (at.skip("...") || at.skip("\xe2\x80\xa6")) break;
    const auto value = at.hex();
    if (!value) break;
    row.set(n, *value);
    at.skip(",");
  }
  at.skip_blanks();
  if (bracket && !at.skip("]") && !at.skip(")") && !at.skip("}")) return false;
  at.skip_blanks();
  return row.known != 0 && at.at_end();
}

size_t count_hex_words(std::string_view text) {
  size_t count = 0;
  Cursor at(text);
  for (at.skip_blanks(); !at.at_end(); at.skip_blanks()) {
    Cursor word(at.word());
    if (word.rest().starts_with("0x") && word.hex() && (word.at_end() || word.rest() == ",")) {
      ++count;
    }
  }
  return count;
}

bool looks_like_registers(std::string_view text) { return count_hex_words(text) >= 4; }

bool names_function(std::string_view text) {
  for (size_t i = 0; i + 8 <= text.size(); ++i) {
    if ((text[i] != '8' && text[i] != 'c' && text[i] != 'C') || text.substr(i + 1, 5) != "40000") {
      continue;
    }
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(&text[i], &text[i] + 8, value, 16);
    const bool whole = error == std::errc() && end == &text[i] + 8 &&
                       (i + 8 == text.size() || !is_hex(text[i + 8]));
    if (whole && ffa::FunctionId{value}.in_ffa_range()) return true;
  }
  return false;
}

bool is_head(std::string_view head) {
  return std::all_of(head.begin(), head.end(), [](char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view(" \t_:()[]<>-./|=,").find(c) != std::string_view::npos;
  });
}

std::optional<uint16_t> cpu_number(std::optional<uint64_t> number) {
  if (!number || *number > 4095) return {};
  return static_cast<uint16_t>(*number);
}

void drop_if_cut(Row& row, bool ended) {
  if (ended || row.known == 0) return;
  const unsigned last = static_cast<unsigned>(std::bit_width(row.known)) - 1;
  row.regs.x[last] = 0;
  row.known &= ~(1U << last);
}

Direction direction_of(std::string_view words) {
  static constexpr std::array<std::string_view, 13> answers = {
      "ret",  "return",   "returned", "returns", "eret",   "exit",  "out",
      "resp", "response", "rsp",      "reply",   "answer", "result"};
  static constexpr std::array<std::string_view, 9> calls = {
      "call", "smc", "hvc", "entry", "enter", "req", "request", "in", "args"};
  Direction direction = Direction::unknown;
  for (size_t i = 0; i < words.size();) {
    std::string word;
    while (i < words.size() && is_letter(words[i])) {
      word += static_cast<char>(words[i++] | 0x20);
    }
    if (word.empty()) ++i;
    if (std::find(answers.begin(), answers.end(), word) != answers.end()) return Direction::answer;
    if (std::find(calls.begin(), calls.end(), word) != calls.end()) direction = Direction::call;
  }
  return direction;
}

}  // namespace ffa_trace
