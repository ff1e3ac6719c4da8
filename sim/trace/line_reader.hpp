// SPDX-License-Identifier: BSD-3-Clause
// Reads a text file line by line in constant memory. Used by the trace reader.
#pragma once

#include <cstdio>
#include <string>

#include "sim/trace/byte_source.hpp"

namespace sim::trace {

class LineReader {
 public:
  /// Longest line taken, in bytes: a file without newlines is no trace.
  static constexpr size_t max_line_bytes = size_t{16} << 20;

  /// Throws InputError where the file can't be opened or read.
  explicit LineReader(const std::string& file);
  /// Reads a stream that stays the caller's, such as standard input, as soon as lines come. `name`
  /// is its name in errors, `first` what was already taken from it.
  LineReader(std::string name, std::FILE* stream, const std::string& first);

  /// The next line without its newline; false at the end. Throws InputError for bytes that are no
  /// text.
  bool next(std::string& line);
  /// Number of the line that next() gave last, from 1; 0 before the first.
  [[nodiscard]] size_t number() const { return number_; }
  [[nodiscard]] std::string place() const;

 private:
  ByteSource bytes_;
  size_t number_ = 0;
};

}  // namespace sim::trace
