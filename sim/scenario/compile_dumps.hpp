// SPDX-License-Identifier: BSD-3-Clause
// What the expectations of one step need to see: collected while they are compiled, emitted around
// the step.
#pragma once

#include <cstdint>
#include <vector>

namespace sim::scenario {

struct MemoryNeed {
  uint32_t id = 0;
  uint16_t vm = 0;
  uint64_t ipa = 0;
  uint64_t length = 0;
};

struct TranslationNeed {
  uint32_t id = 0;
  uint16_t vm = 0;
  uint64_t ipa = 0;
  uint64_t pages = 0;
};

/// Numbers dumps over a whole case and keeps those of the step at hand.
class Dumps {
 public:
  uint32_t memory(uint16_t vm, uint64_t ipa, uint64_t length) {
    memory_.push_back({next_, vm, ipa, length});
    return next_++;
  }
  uint32_t translation(uint16_t vm, uint64_t ipa, uint64_t pages) {
    translations_.push_back({next_, vm, ipa, pages});
    return next_++;
  }
  uint32_t state() {
    states_.push_back(next_);
    return next_++;
  }

  [[nodiscard]] const std::vector<MemoryNeed>& memory_needs() const { return memory_; }
  [[nodiscard]] const std::vector<TranslationNeed>& translation_needs() const {
    return translations_;
  }
  [[nodiscard]] const std::vector<uint32_t>& state_needs() const { return states_; }
  void clear() {
    memory_.clear();
    translations_.clear();
    states_.clear();
  }

 private:
  uint32_t next_ = 1;
  std::vector<MemoryNeed> memory_;
  std::vector<TranslationNeed> translations_;
  std::vector<uint32_t> states_;
};

}  // namespace sim::scenario
