// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/strategies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sim::explore {
namespace {

/// Numbers for a strategy's own use, from the same generator as the choices of a seed.
class Dice {
 public:
  explicit Dice(uint64_t seed) : source_(seeded_choices(seed)) {}
  uint32_t below(uint32_t n) { return n <= 1 ? 0 : source_->choose(n, ""); }
  uint32_t decide(uint32_t n, const char* label) { return source_->choose(n, label); }

 private:
  std::unique_ptr<ChoiceSource> source_;
};

uint32_t as_count(uint64_t number) {
  return static_cast<uint32_t>(std::min<uint64_t>(number, ~uint32_t{0}));
}

class Priorities final : public ChoiceSource {
 public:
  Priorities(uint64_t seed, uint32_t depth, uint64_t places) : dice_(seed) {
    for (uint32_t n = 1; n < depth; ++n) changes_.push_back(dice_.below(as_count(places)));
  }

  uint32_t choose(uint32_t n, const char* label) override { return dice_.decide(n, label); }

  uint32_t schedule(const SchedulePoint& point) override {
    if (point.running) {
      const bool change = std::find(changes_.begin(), changes_.end(), passed_++) != changes_.end();
      if (change) priority(point.tasks.front()) = lowest_--;
    }
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
  uint64_t passed_ = 0;  ///< places where the running task could have been preempted
  int64_t lowest_ = -1;
};

class Sparse final : public ChoiceSource {
 public:
  Sparse(uint64_t seed, uint32_t density) : dice_(seed), density_(density) {}
  uint32_t choose(uint32_t n, const char* /*label*/) override { return seldom(n); }
  uint32_t schedule(const SchedulePoint& point) override {
    const auto n = static_cast<uint32_t>(point.tasks.size());
    return point.running ? seldom(n) : dice_.below(n);
  }

 private:
  uint32_t seldom(uint32_t n) { return dice_.below(density_) == 0 ? 1 + dice_.below(n - 1) : 0; }

  Dice dice_;
  uint32_t density_;
};

/// What is learnt by it may be wrong as soon as another task goes on.
bool is_check(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::lock_release:
    case OperationKind::atomic:
      return true;
    case OperationKind::memory:
    case OperationKind::p2m:
    case OperationKind::buffers:
    case OperationKind::life:
      return !operation.write;
    default:
      return false;
  }
}

class Hostile final : public ChoiceSource {
 public:
  explicit Hostile(uint64_t seed) : dice_(seed), miss_(2 + dice_.below(6)) {}
  uint32_t choose(uint32_t n, const char* label) override { return dice_.decide(n, label); }
  uint32_t schedule(const SchedulePoint& point) override {
    const auto n = static_cast<uint32_t>(point.tasks.size());
    if (!point.running) return dice_.below(n);
    const bool strike =
        std::exchange(checked_, false) ? dice_.below(miss_) != 0 : dice_.below(8 * miss_) == 0;
    return strike ? 1 + dice_.below(n - 1) : 0;
  }
  [[nodiscard]] bool watches() const override { return true; }
  void performed(size_t /*task*/, const Operation& operation) override {
    checked_ = is_check(operation) || (checked_ && operation.kind == OperationKind::none);
  }

 private:
  Dice dice_;
  uint32_t miss_;  ///< of so many checks one is let pass
  bool checked_ = false;
};

class Bytes final : public ChoiceSource {
 public:
  explicit Bytes(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  uint32_t choose(uint32_t n, const char* /*label*/) override {
    return at_ < bytes_.size() ? bytes_[at_++] % n : 0;
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
};

/// Leaves each kind of decisions to another source, or leaves it out.
class Swarm final : public ChoiceSource {
 public:
  Swarm(std::unique_ptr<ChoiceSource> source, Dice dice, std::string& told)
      : source_(std::move(source)), dice_(std::move(dice)), told_(told) {}
  uint32_t choose(uint32_t n, const char* label) override {
    return is_on(label) ? source_->choose(n, label) : 0;
  }
  uint32_t schedule(const SchedulePoint& point) override { return source_->schedule(point); }
  [[nodiscard]] bool watches() const override { return source_->watches(); }
  void performed(size_t task, const Operation& operation) override {
    source_->performed(task, operation);
  }

 private:
  bool is_on(std::string_view label) {
    for (const auto& [known, on] : kinds_) {
      if (known == label) return on;
    }
    kinds_.emplace_back(label, dice_.below(2) == 0);
    told_ += fmt::format(", {} {}", label, kinds_.back().second ? "on" : "off");
    return kinds_.back().second;
  }

  std::unique_ptr<ChoiceSource> source_;
  Dice dice_;
  std::vector<std::pair<std::string, bool>> kinds_;
  std::string& told_;
};

std::unique_ptr<ChoiceSource> drawn(uint64_t seed, uint64_t places, Dice& dice, std::string& told) {
  switch (dice.below(4)) {
    case 0: {
      const uint32_t depth = 1 + dice.below(5);
      told = fmt::format("pct of depth {}", depth);
      return priority_choices(seed, depth, places);
    }
    case 1:
      told = "hostile";
      return hostile_choices(seed);
    case 2: {
      const uint32_t density = 4U << dice.below(5);
      told = fmt::format("random, one preemption in {}", density);
      return sparse_choices(seed, density);
    }
    default:
      told = "random";
      return seeded_choices(seed);
  }
}

class Prefix final : public ChoiceSource {
 public:
  Prefix(const std::string& text, uint64_t length, uint64_t seed)
      : first_(recorded_choices(text, "choices")), then_(seeded_choices(seed)), left_(length) {}

  uint32_t choose(uint32_t n, const char* label) override {
    if (left_ == 0) return then_->choose(n, label);
    --left_;
    return first_->choose(n, label);
  }

 private:
  std::unique_ptr<ChoiceSource> first_;
  std::unique_ptr<ChoiceSource> then_;
  uint64_t left_;
};

/// Takes no preemption, and counts where there could have been one.
class Counting final : public ChoiceSource {
 public:
  explicit Counting(uint64_t& places) : places_(places) {}
  uint32_t choose(uint32_t /*n*/, const char* /*label*/) override { return 0; }
  uint32_t schedule(const SchedulePoint& point) override {
    places_ += point.running ? 1 : 0;
    return 0;
  }

 private:
  uint64_t& places_;
};

}  // namespace

std::unique_ptr<ChoiceSource> priority_choices(uint64_t seed, uint32_t depth, uint64_t places) {
  return std::make_unique<Priorities>(seed, depth, places);
}

std::unique_ptr<ChoiceSource> counting_choices(uint64_t& places) {
  return std::make_unique<Counting>(places);
}

std::unique_ptr<ChoiceSource> sparse_choices(uint64_t seed, uint32_t density) {
  return std::make_unique<Sparse>(seed, density);
}

std::unique_ptr<ChoiceSource> hostile_choices(uint64_t seed) {
  return std::make_unique<Hostile>(seed);
}

std::unique_ptr<ChoiceSource> swarm_choices(uint64_t seed, uint64_t places, std::string& told) {
  // Other numbers than those that the strategy itself draws from the seed.
  Dice dice{~seed};
  auto source = drawn(seed, places, dice, told);
  return std::make_unique<Swarm>(std::move(source), std::move(dice), told);
}

std::unique_ptr<ChoiceSource> prefix_choices(const std::string& text, uint64_t length,
                                             uint64_t seed) {
  return std::make_unique<Prefix>(text, length, seed);
}

std::unique_ptr<ChoiceSource> byte_choices(std::vector<uint8_t> bytes) {
  return std::make_unique<Bytes>(std::move(bytes));
}

}  // namespace sim::explore
