// SPDX-License-Identifier: BSD-3-Clause
// The tree of all decisions that a case leaves open, walked depth first within bounds: each run
// takes one path from the root to a leaf. Used by Explorer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/explore/happens_before.hpp"
#include "sim/sched/choices.hpp"

namespace sim::explore {

/// How often a schedule may do what costs something.
struct Bounds {
  uint32_t preemptions = 2;  ///< another task is taken although the running one could go on
  uint32_t faults = 1;       ///< a fault strikes
};

/// The same decisions led to another question: the case is not deterministic.
class Divergence : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Tree {
 public:
  explicit Tree(Bounds bounds) : bounds_(bounds) {}

  /// What an alternative other than 0 costs.
  enum class Cost : uint8_t { nothing, preemption, fault };

  /// The next decision of this run, of `n` >= 2. Throws Divergence.
  uint32_t decide(uint32_t n, Cost cost);
  /// From here on this path may take one preemption more.
  void allow_preemption() { ++left_.preemptions; }
  /// Goes on to the next path; false: all were walked. Throws Divergence if the run that was has
  /// ended before it came to where the paths part.
  bool next();
  /// Decisions on the longest path so far.
  [[nodiscard]] size_t longest() const { return longest_; }
  /// What may still be spent at the next decision.
  [[nodiscard]] Bounds left() const { return left_; }
  /// The decision that comes next was not reached by an earlier run.
  [[nodiscard]] bool on_new_ground() const { return depth_ == path_.size(); }

 private:
  struct Node {
    uint32_t n;
    uint32_t taken;
    Cost cost;
    Bounds left;  ///< before this decision
  };

  static bool affordable(const Node& node);
  void pay(const Node& node);

  Bounds bounds_;
  Bounds left_ = bounds_;
  std::vector<Node> path_;
  size_t depth_ = 0;
  size_t longest_ = 0;
};

/// Where a run came to a state that was searched from.
struct Pruned : RunAbandoned {};

/// What leaves out paths to such states.
struct Reduction {
  HappensBefore before;
  Visited visited;
};

/// The decisions of the path that the tree is at. Both outlive it. With a reduction it throws
/// Pruned.
std::unique_ptr<ChoiceSource> path_choices(Tree& tree, Reduction* reduction);

}  // namespace sim::explore
