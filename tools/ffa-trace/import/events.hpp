// SPDX-License-Identifier: BSD-3-Clause
// The events of a file that may be a trace or a log.
#pragma once

#include <functional>
#include <string>

#include "sim/trace/event.hpp"

namespace ffa_trace {

/// Who gets what is read.
struct EventSink {
  /// Called once, before the first event; with nullptr for a trace without header.
  std::function<void(const sim::trace::Header*)> begin;
  std::function<void(const sim::trace::Event&)> take;
};

/// Reads a trace, or a log, which is imported on the fly with a summary on standard error; "-" is
/// standard input. What begins with `{` is a trace. Throws sim::InputError.
void read_events(const std::string& file, const EventSink& sink);

}  // namespace ffa_trace
