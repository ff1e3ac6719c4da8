// SPDX-License-Identifier: BSD-3-Clause
// Reading the pieces that log lines are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/ffa-trace/import/row.hpp"

namespace ffa_trace {

/// A place in a line. What does not fit leaves it where it is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] std::string_view rest() const { return text_; }
  bool skip(std::string_view literal);
  void skip_blanks();
  /// Characters up to a blank.
  std::string_view word();
  /// Decimal digits.
  std::optional<uint64_t> decimal();
  /// Hex digits with or without 0x that end at a blank, a comma, a bracket or the line's end.
  std::optional<uint64_t> hex();
  /// A number as kernel probes print it: 0x…, or decimal, also negative.
  std::optional<uint64_t> number();

 private:
  std::string_view text_;
};

/// The text behind what consoles put in front of a line: `[   12.3456] `, `[2026-11-22 08:46:02] `,
/// `08:46:02.123 `, `Nov 22 08:46:02 `, `(XEN) `, `<6>`.
std::string_view without_stamps(std::string_view text);

/// Adds numbers separated by blanks or commas to `row`, x0 first, in brackets or not; false unless
/// that is all there is. `…` or `...` at the end stands for registers that were left out.
bool take_registers(Cursor& at, Row& row);

/// Words that are one hex number with 0x.
size_t count_hex_words(std::string_view text);

/// True if the line holds most of a row of registers, whatever surrounds it.
bool looks_like_registers(std::string_view text);

/// True if somewhere in the text stands the identifier of an FF-A function as a hex number.
bool names_function(std::string_view text);

/// True if words in front of registers hold only what such words are made of: a damaged head has
/// other characters, too.
bool is_head(std::string_view head);

/// A number of a CPU, if it is one.
std::optional<uint16_t> cpu_number(std::optional<uint64_t> number);

/// Takes the last register out of `row` where its line may have been cut inside it.
void drop_if_cut(Row& row, bool ended);

/// What words in front of registers ("smc ret:", "FFA resp") say about their direction.
Direction direction_of(std::string_view words);

}  // namespace ffa_trace
