// SPDX-License-Identifier: BSD-3-Clause
// Calls of one kind that may run at once: where two did, which came first is not known.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/trace/event.hpp"

namespace sim::check {

class Overlaps {
 public:
  void begin() { ++open_; }
  /// A call is over, and has done nothing.
  void end_without_effect() {
    if (open_ != 0) --open_;  // 0: what the call belonged to has been freed meanwhile
  }
  /// A call is over: true if another one ran meanwhile, or runs still.
  bool end(const trace::Event& call) {
    end_without_effect();
    const bool others = any_since(call.seq);
    last_end_ = std::max(last_end_, call.seq_ret);
    return others;
  }
  /// One of them runs, or has ended since then.
  [[nodiscard]] bool any_since(uint64_t seq) const { return any() || last_end_ > seq; }
  [[nodiscard]] bool any() const { return open_ != 0; }

 private:
  uint32_t open_ = 0;
  uint64_t last_end_ = 0;
};

}  // namespace sim::check
