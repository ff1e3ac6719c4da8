// SPDX-License-Identifier: BSD-3-Clause
// Descriptors that travel in fragments, put together from the calls as they were seen on one side:
// a VM's, or the mediator's towards the SPMC. [DEN0077A 1.0 §12.2]
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/trace/event.hpp"

namespace sim::check {

class Assembly {
 public:
  /// One send or FFA_MEM_FRAG_TX with its answer. What was sent of its descriptor so far, this
  /// fragment included, whatever the answer is.
  std::vector<uint8_t> note(const trace::Event& event);
  /// The descriptor that got this handle, or nullptr.
  [[nodiscard]] const std::vector<uint8_t>* find(uint64_t handle) const;

 private:
  std::map<uint64_t, std::vector<uint8_t>> sent_;  // by handle; the part that was taken
};

}  // namespace sim::check
