// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/tree.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  explicit Path(Tree& tree) : tree_(tree) {}
  uint32_t choose(uint32_t n, const char* /*label*/) override {
    return tree_.decide(n, Tree::Cost::fault);
  }
  uint32_t schedule(const SchedulePoint& point) override {
    return tree_.decide(static_cast<uint32_t>(point.tasks.size()),
                        point.running ? Tree::Cost::preemption : Tree::Cost::nothing);
  }

 private:
  Tree& tree_;
};

}  // namespace

std::unique_ptr<ChoiceSource> path_choices(Tree& tree) { return std::make_unique<Path>(tree); }

}  // namespace sim::explore
