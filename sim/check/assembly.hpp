// SPDX-License-Identifier: BSD-3-Clause
// Descriptors that travel in fragments, put together from the calls as they were seen on one side:
// a VM's, or the mediator's towards the SPMC. [DEN0077A 1.0 §12.2]
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/trace/event.hpp"

namespace sim::check {

class Assembly {
 public:
  /// What was sent of a descriptor so far; its bytes from `fresh` on came last. `begun`: the call
  /// with the first fragment. Valid until the next call.
  struct Part {
    std::span<const uint8_t> bytes;
    size_t fresh = 0;
    ffa::Regs begun{};
  };
  /// One send or FFA_MEM_FRAG_TX, whatever the answer is.
  Part note(const trace::Event& event);
  /// The descriptor that got this handle, or nullptr.
  [[nodiscard]] const std::vector<uint8_t>* find(uint64_t handle) const;
  void drop(uint64_t handle) { sent_.erase(handle); }

 private:
  struct Entry {
    std::vector<uint8_t> bytes;
    ffa::Regs begun{};
    size_t taken = 0;  ///< the part of them that was not refused
  };
  std::map<uint64_t, Entry> sent_;  // by handle
  std::vector<uint8_t> refused_;    // a first fragment without a handle
};

}  // namespace sim::check
