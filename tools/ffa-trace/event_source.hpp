// SPDX-License-Identifier: BSD-3-Clause
// Where a replay gets its events from: a file, read twice and never held, or a trace in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"

namespace ffa_trace {

class EventSource {
 public:
  virtual ~EventSource() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Of our own traces; nothing for captures.
  [[nodiscard]] virtual const std::optional<sim::trace::Header>& header() const = 0;
  /// Starts again at the first event.
  virtual void rewind() = 0;
  virtual std::optional<sim::trace::Event> next() = 0;
  /// Where the event stands that next() gave last, for errors.
  [[nodiscard]] virtual std::string place() const = 0;
};

/// Throws InputError for what is no trace.
std::unique_ptr<EventSource> file_source(const std::string& file);
/// `events` outlives the source.
std::unique_ptr<EventSource> vector_source(const std::string& name,
                                           const std::vector<sim::trace::Event>& events,
                                           std::optional<sim::trace::Header> header = {});

}  // namespace ffa_trace
