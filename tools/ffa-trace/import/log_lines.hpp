// SPDX-License-Identifier: BSD-3-Clause
// Reads a log line by line, whatever is in it: CR LF and stray CR, colours, control characters,
// binary junk, lines without end. In constant memory, and as soon as the lines come.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>

#include "sim/trace/byte_source.hpp"
#include "tools/ffa-trace/import/format.hpp"

namespace ffa_trace {

/// A piece of a line between CRs, or all of it.
struct LogPiece {
  std::string text;
  uint64_t number = 0;  ///< of the line, from 1
  bool ended = true;    ///< as in LogLine
  bool clean = true;

  [[nodiscard]] LogLine view() const { return {.text = text, .ended = ended, .clean = clean}; }
};

class LogLines {
 public:
  /// Bytes of a line that are looked at; the rest of a longer one is dropped, and it is not clean.
  static constexpr size_t max_line_bytes = size_t{64} << 10;

  /// Throws InputError where the file can't be opened.
  explicit LogLines(const std::string& file);
  /// Reads a stream that stays the caller's; `first` are bytes that were already taken from it.
  LogLines(std::string name, std::FILE* stream, const std::string& first = {});

  /// False at the end. Throws InputError where the file can't be read.
  bool next(LogPiece& piece);
  [[nodiscard]] const std::string& name() const { return bytes_.name(); }
  [[nodiscard]] uint64_t lines() const { return number_; }

 private:
  void split(const std::string& line, bool ended, bool whole);

  sim::trace::ByteSource bytes_;
  uint64_t number_ = 0;
  std::deque<LogPiece> pieces_;
};

}  // namespace ffa_trace
