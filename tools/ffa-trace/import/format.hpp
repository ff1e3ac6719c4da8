// SPDX-License-Identifier: BSD-3-Clause
// The interface of a log format, and the list of those that import knows. A format reads lines; it
// neither pairs rows nor knows where the lines come from. docs/import.md shows a line of each.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tools/ffa-trace/import/row.hpp"

namespace ffa_trace {

/// One line of a log: printable, without colours and line end.
struct LogLine {
  std::string_view text;
  bool ended = true;  ///< false for the last line of a file without newline: it may be cut
  bool clean = true;  ///< false where bytes were left out that no log's author wrote
};

class Format {
 public:
  virtual ~Format() = default;
  /// Lines come in order: a row may span several, and a header may tell what rows mean.
  virtual Reading take(const LogLine& line) = 0;
  /// Called once, behind the last line: a row that the log's end cut.
  virtual Reading finish() { return {}; }
};

/// How rows of a format belong together.
enum class Pairs : uint8_t {
  by_task,      ///< each call's answer is the next one of the same task, or CPU
  at_monitor,   ///< rows of both worlds at EL3, with rows that leave it: up to four a call
  as_named,     ///< the same where a row names its world; else as they come
  undirected,   ///< rows that arrive at EL3, from either world: two a call
  as_they_come  ///< unknown: by what they say alone
};

struct FormatInfo {
  const char* name;
  Pairs pairs;
  std::unique_ptr<Format> (*make)();
};

/// All formats that can be guessed, the most specific first.
std::span<const FormatInfo> all_formats();

/// The format called `name`, or nullptr.
const FormatInfo* find_format(std::string_view name);

/// "spmd-verbose, spmd-rows, …"
std::string format_names();

// One a file.
std::unique_ptr<Format> make_spmd_verbose();
std::unique_ptr<Format> make_spmd_rows();
std::unique_ptr<Format> make_named_rows();
std::unique_ptr<Format> make_optee_rows();
std::unique_ptr<Format> make_ftrace();
std::unique_ptr<Format> make_trace_cmd();
std::unique_ptr<Format> make_qemu();
std::unique_ptr<Format> make_hex_rows();
/// Rows by the user's regular expression. Throws InputError("--pattern", …) for a bad one.
std::unique_ptr<Format> make_pattern_rows(const std::string& pattern);

}  // namespace ffa_trace
