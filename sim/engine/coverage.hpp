// SPDX-License-Identifier: BSD-3-Clause
// What the runs of a case have met: rules of the mediator, places where tasks may switch, states of
// the mediator. Told by Simulation and the checkers where WorldSpec asks for it. Sets only, so that
// those of several runs, processes and machines unite to what one would have.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/sched/switch_point.hpp"
#include "sim/trace/event.hpp"

namespace sim {

class MediatorUnderTest;

/// How many different numbers there were, in constant memory: the smallest are kept, and beyond
/// them the largest of these tells how dense they lie [Bar-Yossef et al., Counting Distinct
/// Elements in a Data Stream, 2002].
class DistinctCount {
 public:
  static constexpr size_t max_kept = 512;

  /// Any number; which ones come is as good as random.
  void add(uint64_t number);
  void unite(const DistinctCount& other);
  /// Exact below max_kept; else within some 5 percent, most of the time.
  [[nodiscard]] uint64_t count() const;
  [[nodiscard]] bool exact() const { return kept_.size() < max_kept; }
  /// In ascending order.
  [[nodiscard]] const std::vector<uint64_t>& kept() const { return kept_; }

  friend bool operator==(const DistinctCount&, const DistinctCount&) = default;

 private:
  std::vector<uint64_t> kept_;
};

/// A set of facts of one mediator, in the order in which it tells them, as one number.
class StateDigest {
 public:
  void add(uint64_t word);
  [[nodiscard]] uint64_t value() const;

 private:
  uint64_t value_ = 1;
};

/// Under their names, as reports tell them.
struct CoverageNames {
  std::set<std::string> accepted;  ///< rules that some call met and passed
  std::set<std::string> rejected;  ///< rules that refused some call
  std::set<std::string> yields;    ///< "FFA_MEM_SHARE before lock vm_table"
  std::set<std::string> switches;  ///< those of `yields` where another task went on
  DistinctCount states;            ///< of the mediator, as it tells them between steps

  void unite(const CoverageNames& other);
  friend bool operator==(const CoverageNames&, const CoverageNames&) = default;
};

/// Of runs with one mediator.
class Coverage {
 public:
  /// What goes on while a place is reached, as a number: the function of a call, an operation of
  /// the host.
  static uint8_t site_of(const trace::Event& event);

  void add_rules(const std::vector<uint32_t>& accepted, uint32_t rejected,
                 const MediatorUnderTest& mediator);
  /// A place where a task other than the one at hand could go on; `switched`: it did.
  void add_yield(uint8_t site, const SwitchPoint& here, bool switched);
  void add_state(uint64_t digest) { states_.add(digest); }

  [[nodiscard]] size_t rules() const { return accepted_.met.count() + rejected_.met.count(); }
  [[nodiscard]] size_t yields() const { return yields_.count(); }
  [[nodiscard]] size_t switches() const { return switches_.count(); }
  [[nodiscard]] const DistinctCount& states() const { return states_; }
  [[nodiscard]] CoverageNames in_words() const;

 private:
  static constexpr size_t sites = 256;
  static constexpr size_t kinds = 16;
  static constexpr size_t lock_classes = 8;
  static constexpr size_t max_rules = 4096;  // as many as a mediator can tell of
  using Places = std::bitset<sites * kinds * lock_classes>;

  struct Rules {
    std::bitset<max_rules> met;
    std::set<std::string> names;
    void add(uint32_t number, const MediatorUnderTest& mediator);
  };

  Rules accepted_;
  Rules rejected_;
  Places yields_;
  Places switches_;
  DistinctCount states_;
};

}  // namespace sim
