// SPDX-License-Identifier: BSD-3-Clause
// What of a history may be done next, when it is done again one by one: each thread's entries in
// their order, and none before what was over when it began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/explore/history.hpp"

namespace sim::explore {

/// How a call is done.
enum class Done : uint8_t {
  as_answered,
  not_made,          ///< only calls beside it explain the answer
  refused_otherwise  ///< so they do, but it is made, and refused
};

/// Who does his next entry.
struct Turn {
  size_t thread = 0;
  Done done = Done::as_answered;
  bool waits = false;  ///< the call waits for another VM; a later turn of the thread ends it
};

/// An order of a history's entries; `splits`: with what guests do between calls as entries of their
/// own, else each together with the call that follows.
struct Order {
  bool splits = false;
  std::vector<Turn> turns;
};

class Agenda {
 public:
  Agenda(const History& history, bool splits);

  /// The turns that may be taken now, the likeliest first: what returned first came first.
  [[nodiscard]] std::vector<Turn> options() const;
  /// The next entry of a thread; nullptr: it has none.
  [[nodiscard]] const HistoryEntry* next(size_t thread) const;
  /// Its place among all entries of the thread, from 1.
  [[nodiscard]] uint64_t number(size_t thread) const { return places_.at(thread).done; }
  [[nodiscard]] bool splits() const { return splits_; }

  /// The thread's call has come to where it waits for another VM; its next entry is done.
  void wait(size_t thread) { places_.at(thread).waits = true; }
  void finish(size_t thread);
  /// True: all is done, but for calls that wait and never returned.
  [[nodiscard]] bool over() const;

 private:
  struct Place {
    size_t done = 0;  ///< of all its entries
    bool waits = false;
  };
  void skip_between(size_t thread);
  [[nodiscard]] bool may_begin(size_t thread) const;
  [[nodiscard]] bool excusable(const HistoryEntry& entry) const;

  const History& history_;
  bool splits_;
  std::vector<Place> places_;  // by thread
};

/// True if it is an order of the history.
bool agrees(const Order& order, const History& history);

}  // namespace sim::explore
