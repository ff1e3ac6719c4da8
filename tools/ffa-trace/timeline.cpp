// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/timeline.hpp"

#include "sim/engine/input_error.hpp"

namespace ffa_trace {
namespace {

constexpr size_t max_open = 4096;  ///< more calls than this at once are no trace of a real system

}  // namespace

Timeline::Timeline(EventSource& source) : source_(source) {
  source_.rewind();
  ahead_ = source_.next();
}

sim::trace::Event Timeline::take() {
  sim::trace::Event event = std::move(*ahead_);
  if (ends_.size() >= max_open) {
    throw sim::InputError(source_.place(), "more than 4096 calls are open at once");
  }
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
