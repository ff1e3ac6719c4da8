// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/strategies.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sim::explore {
namespace {

/// Numbers for a strategy's own use, from the same generator as the choices of a seed.
class Dice {
 public:
  explicit Dice(uint64_t seed) : source_(seeded_choices(seed)) {}
  uint32_t below(uint32_t n) { return n <= 1 ? 0 : source_->choose(n, ""); }

 private:
  std::unique_ptr<ChoiceSource> source_;
};

uint32_t as_count(uint64_t number) {
  return static_cast<uint32_t>(std::min<uint64_t>(number, ~uint32_t{0}));
}

class Priorities final : public ChoiceSource {
 public:
  Priorities(uint64_t seed, uint32_t depth, uint64_t decisions) : dice_(seed) {
    for (uint32_t n = 1; n < depth; ++n) changes_.push_back(dice_.below(as_count(decisions)));
  }

  uint32_t choose(uint32_t n, const char* /*label*/) override { return dice_.below(n); }

  uint32_t schedule(const SchedulePoint& point) override {
    const bool change = std::find(changes_.begin(), changes_.end(), decided_++) != changes_.end();
    if (change && point.running) priority(point.tasks.front()) = lowest_--;
    uint32_t best = 0;
    for (uint32_t n = 1; n < point.tasks.size(); ++n) {
      if (priority(point.tasks[n]) > priority(point.tasks[best])) best = n;
    }
    return best;
  }

 private:
  /// Drawn when the task is first seen: above all that ever fall.
  int64_t& priority(size_t task) {
    while (priorities_.size() <= task) priorities_.push_back(dice_.below(1U << 30));
    return priorities_[task];
  }

  Dice dice_;
  std::vector<uint64_t> changes_;
  std::vector<int64_t> priorities_;
  uint64_t decided_ = 0;
  int64_t lowest_ = -1;
};

}  // namespace

std::unique_ptr<ChoiceSource> priority_choices(uint64_t seed, uint32_t depth, uint64_t decisions) {
  return std::make_unique<Priorities>(seed, depth, decisions);
}

}  // namespace sim::explore
