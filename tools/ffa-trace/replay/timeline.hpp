// SPDX-License-Identifier: BSD-3-Clause
// The events of a trace as beginnings and ends in the order of its counter: what a replay walks
// along. Holds one event of look-ahead and the ends that have not come yet.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/event_source.hpp"

namespace ffa_trace {

class Timeline {
 public:
  /// Starts at the source's first event.
  explicit Timeline(EventSource& source);

  /// The next event to begin, wherever the ends are.
  [[nodiscard]] const std::optional<sim::trace::Event>& peek() const { return ahead_; }
  /// Takes it. Its end comes through next().
  sim::trace::Event take();

  struct End {
    uint64_t seq_ret;
    uint64_t seq;  ///< of the event that ends
    friend auto operator<=>(const End&, const End&) = default;
  };
  /// The end that comes before the next beginning, if one does.
  std::optional<End> next_end();
  /// Ends that are to come: calls that are open.
  [[nodiscard]] size_t open() const { return ends_.size(); }

 private:
  EventSource& source_;
  std::optional<sim::trace::Event> ahead_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

}  // namespace ffa_trace
