// SPDX-License-Identifier: BSD-3-Clause
// I32: what calls are answered at once, they are answered one after the other, too. Looks for an
// order of the same calls that, run one by one by the same mediator from the same state, gives the
// same answers and the same state at the end; a call that was over before another one began comes
// before it. Depth first, an order left as soon as an answer differs [Wing, Gong: Testing and
// Verifying Concurrent Objects, 1993]; orders that were found are kept for other histories.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/case_world.hpp"
#include "sim/explore/agenda.hpp"
#include "sim/explore/history.hpp"

namespace sim::explore {

class Linearizability {
 public:
  /// Both must outlive this.
  Linearizability(const scenario::CompiledCase& compiled, MediatorFactory& factory);
  ~Linearizability();

  /// Told of the calls of the run that is to be judged: CaseWorld's.
  CallWatch& watch() { return history_; }
  /// Before each run.
  void begin() { history_.clear(); }
  /// After it: I32, if no order explains the history. Nothing, too, where that is undecided.
  std::optional<Violation> judge();
  /// Whether judge() has found no order that explains it, and left more of them than are tried.
  [[nodiscard]] bool undecided() const { return undecided_; }

  /// How many orders were run so far.
  [[nodiscard]] uint64_t orders_run() const { return orders_run_; }

 private:
  class OneByOne;
  bool is_known() const;
  enum class Verdict : uint8_t { explained, unexplained, undecided };
  Verdict search(bool splits);

  scenario::CompiledCase compiled_;  ///< its runs are none of the campaign's: not of its coverage
  History history_;
  std::unique_ptr<OneByOne> one_by_one_;
  CaseWorld world_;
  std::map<uint64_t, std::vector<Order>> known_;  // by outcome
  uint64_t orders_run_ = 0;
  bool undecided_ = false;
};

}  // namespace sim::explore
