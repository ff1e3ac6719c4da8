// SPDX-License-Identifier: BSD-3-Clause
// Descriptors that travel in fragments, put together from the calls as they were seen on one side:
// a VM's, or the mediator's towards the SPMC. [DEN0077A 1.0 §12.2]
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/check/overlaps.hpp"
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
    bool unsure = false;  ///< parts came at once: these may not be all, or not in their order
  };
  /// An FFA_MEM_FRAG_TX begins, which note() gets when it is over. For those that may overlap.
  void begin(const trace::Event& event);
  /// One send or FFA_MEM_FRAG_TX, whatever the answer is.
  Part note(const trace::Event& event);
  /// The descriptor that got this handle, or nullptr.
  [[nodiscard]] const std::vector<uint8_t>* find(uint64_t handle) const;
  void drop(uint64_t handle);

 private:
  struct Entry {
    std::vector<uint8_t> bytes;
    ffa::Regs begun{};
    size_t taken = 0;  ///< the part of them that was not refused
    bool unsure = false;
  };
  /// A call that begin() told of is over: another one brought a part meanwhile, or may yet.
  bool end(const trace::Event& event, uint64_t handle);

  std::map<uint64_t, Entry> sent_;      // by handle
  std::vector<uint8_t> refused_;        // a first fragment without a handle
  std::map<uint64_t, Overlaps> calls_;  // by handle, FFA_MEM_FRAG_TX told of by begin()
  std::map<uint64_t, uint64_t> ahead_;  // taken before the call with the first fragment was over
};

}  // namespace sim::check
