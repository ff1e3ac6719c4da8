// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sim::explore {

bool Tree::affordable(const Node& node) {
  switch (node.cost) {
    case Cost::nothing:
      return true;
    case Cost::preemption:
      return node.left.preemptions != 0;
    case Cost::fault:
      return node.left.faults != 0;
  }
  return false;
}

void Tree::pay(const Node& node) {
  left_ = node.left;
  if (node.taken == 0) return;
  if (node.cost == Cost::preemption) --left_.preemptions;
  if (node.cost == Cost::fault) --left_.faults;
}

uint32_t Tree::decide(uint32_t n, Cost cost) {
  if (on_new_ground()) path_.push_back({n, 0, cost, left_});
  const Node& node = path_[depth_];
  if (node.n != n || node.cost != cost) {
    throw Divergence(fmt::format("decision {} had {} alternatives and now has {}{}", depth_, node.n,
                                 n, node.cost == cost ? "" : ", of another kind"));
  }
  ++depth_;
  longest_ = std::max(longest_, depth_);
  pay(node);
  return node.taken;
}

bool Tree::next() {
  if (!on_new_ground()) {
    throw Divergence(fmt::format("a run ended after {} decisions, an equal one before it had {}",
                                 depth_, path_.size()));
  }
  depth_ = 0;
  left_ = bounds_;
  while (!path_.empty()) {
    Node& last = path_.back();
    if (last.taken + 1 < last.n && affordable(last)) {
      ++last.taken;
      return true;
    }
    path_.pop_back();
  }
  return false;
}

namespace {

class Path final : public ChoiceSource {
 public:
  Path(Tree& tree, Reduction* reduction) : tree_(tree), reduction_(reduction) {
    if (reduction_ != nullptr) reduction_->before.clear();
  }

  uint32_t choose(uint32_t n, const char* label) override {
    const bool fault = is_fault(label);
    const uint32_t taken = tree_.decide(n, fault ? Tree::Cost::fault : Tree::Cost::nothing);
    // That it comes at any point is what this fault is about.
    if (taken != 0 && label == destroy_label) tree_.allow_preemption();
    if (reduction_ != nullptr) reduction_->before.add_decision(taken);
    return taken;
  }

  uint32_t schedule(const SchedulePoint& point) override {
    if (reduction_ != nullptr && tree_.on_new_ground()) enter(point);
    return tree_.decide(static_cast<uint32_t>(point.tasks.size()),
                        point.running ? Tree::Cost::preemption : Tree::Cost::nothing);
  }

  [[nodiscard]] bool watches() const override { return reduction_ != nullptr; }
  void performed(size_t task, const Operation& operation) override {
    reduction_->before.add(task, operation);
  }

 private:
  static constexpr std::string_view destroy_label = "fault_destroy";

  /// Who runs decides what a switch costs, and so what can be reached from here.
  void enter(const SchedulePoint& point) {
    const Bounds left = tree_.left();
    const uint64_t running = point.running ? point.tasks.front() + 1 : 0;
    const uint64_t state = combine(combine(reduction_->before.signature(), running), left.faults);
    const auto budget = static_cast<uint8_t>(std::min(left.preemptions, 255U));
    if (!reduction_->visited.enter(std::max<uint64_t>(state, 1), budget)) throw Pruned{};
  }

  Tree& tree_;
  Reduction* reduction_;
};

}  // namespace

std::unique_ptr<ChoiceSource> path_choices(Tree& tree, Reduction* reduction) {
  return std::make_unique<Path>(tree, reduction);
}

}  // namespace sim::explore
