// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/timeline.hpp"

#include <limits>

namespace ffa_trace {

Timeline::Timeline(EventSource& source) : source_(source) {
  source_.rewind();
  ahead_ = source_.next();
}

sim::trace::Event Timeline::take() {
  sim::trace::Event event = std::move(*ahead_);
  // A call that waits for ever is under way as long as anything is.
  const bool returns =
      event.side != sim::trace::Side::guest || (event.returned() && event.seq_ret != 0);
  ends_.push({returns ? event.seq_ret : std::numeric_limits<uint64_t>::max(), event.seq});
  ahead_ = source_.next();
  return event;
}

std::optional<Timeline::End> Timeline::next_end() {
  if (ends_.empty()) return std::nullopt;
  const End end = ends_.top();
  if (ahead_ && ahead_->seq < end.seq_ret) return std::nullopt;
  ends_.pop();
  return end;
}

}  // namespace ffa_trace
