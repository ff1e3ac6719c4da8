// SPDX-License-Identifier: BSD-3-Clause
// Finds out a log's format by letting every format read its beginning.
#pragma once

#include <cstdint>
#include <deque>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/log_lines.hpp"

namespace ffa_trace {

struct Guess {
  const FormatInfo* format = nullptr;  ///< none: no format found a row in the whole log
  std::deque<LogPiece> held;           ///< what was read to find out
  uint64_t suspect = 0;                ///< without format: a line that names an FF-A function, or 0
};

/// Reads until a few rows are found. A beginning without any row is not held for ever.
Guess guess_format(LogLines& log);

}  // namespace ffa_trace
