// SPDX-License-Identifier: BSD-3-Clause
// Turns a log into the events of a trace: guesses the format, reads rows, pairs them, counts. Used
// by `ffa-trace import`, and by the verbs that take a log where a trace could stand.
#pragma once

#include <string>

#include "tools/ffa-trace/import/call_log.hpp"
#include "tools/ffa-trace/import/counts.hpp"
#include "tools/ffa-trace/import/log_lines.hpp"

namespace ffa_trace {

struct ImportSettings {
  std::string format;     ///< a name of format_names(), or empty: guessed
  std::string pattern;    ///< a regular expression for rows, or empty
  bool or_trace = false;  ///< a trace would have done, too: errors say so
};

/// Reads the log to its end and hands each event to `sink`, in increasing `seq`. Throws
/// sim::InputError where no format fits or no FF-A call is found; nothing was handed on then.
ImportCounts import_log(LogLines& log, const ImportSettings& settings, const CallLog::Sink& sink);

}  // namespace ffa_trace
