// SPDX-License-Identifier: BSD-3-Clause
// Reads traces: ours, which begin with a header line, and captures, which have none. An iterator
// over events in constant memory; what is no trace is an InputError "file:line: reason". The form
// is docs/trace-format.md.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/trace/event.hpp"
#include "sim/trace/line_reader.hpp"

namespace sim::trace {

class Reader {
 public:
  /// Opens the file and reads its header, if it has one. Throws InputError; an empty file is one.
  explicit Reader(const std::string& file);
  /// The same of a stream that is open already.
  explicit Reader(LineReader lines);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] const std::optional<Header>& header() const;
  /// The next event, in increasing `seq`; nothing at the end. Throws InputError for a bad line, and
  /// at the end of a trace that was cut: a call that is still open and whose counter values are
  /// missing.
  std::optional<Event> next();
  /// "file:line" of the event that next() gave last.
  [[nodiscard]] std::string place() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The whole trace at once.
Trace read_trace(const std::string& file);

/// One event of one line. `place` is "file:line". Throws InputError.
Event parse_event(const std::string& line, const std::string& place);

}  // namespace sim::trace
