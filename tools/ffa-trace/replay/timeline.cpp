// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/timeline.hpp"

namespace ffa_trace {

Timeline::Timeline(EventSource& source) : source_(source) {
  source_.rewind();
  ahead_ = source_.next();
}

sim::trace::Event Timeline::take() {
  sim::trace::Event event = std::move(*ahead_);
  ends_.push({event.seq_ret, event.seq});
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
