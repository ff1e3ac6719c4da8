// SPDX-License-Identifier: BSD-3-Clause
// A function from page numbers to values that is constant over long stretches: pin counts, owners
// of physical pages. Used by sim/machine only. Neighbours of equal value are one piece, so the form
// is canonical.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>

namespace sim {

template <class Value>
class Pieces {
 public:
  explicit Pieces(Value outside = {}) : outside_(outside) {}

  [[nodiscard]] Value at(uint64_t page) const {
    const auto next = starts_.upper_bound(page);
    return next == starts_.begin() ? outside_ : std::prev(next)->second;
  }

  /// Sets [begin, end) to what `change` makes of each present value.
  template <class Change>
  void update(uint64_t begin, uint64_t end, Change change) {
    if (begin >= end) return;
    split(begin);
    split(end);
    for (auto it = starts_.find(begin); it != starts_.end() && it->first < end; ++it) {
      it->second = change(it->second);
    }
    join(begin, end);
  }
  void assign(uint64_t begin, uint64_t end, Value value) {
    update(begin, end, [value](Value) { return value; });
  }

  /// Calls `visit(begin, end, value)` for each piece of [begin, end), in order.
  template <class Visit>
  void for_each(uint64_t begin, uint64_t end, Visit visit) const {
    auto it = starts_.upper_bound(begin);
    Value value = it == starts_.begin() ? outside_ : std::prev(it)->second;
    uint64_t from = begin;
    for (; it != starts_.end() && it->first < end; ++it) {
      if (from < it->first) visit(from, it->first, value);
      from = it->first;
      value = it->second;
    }
    if (from < end) visit(from, end, value);
  }

  /// True if `test` holds for every page of [begin, end).
  template <class Test>
  [[nodiscard]] bool all_of(uint64_t begin, uint64_t end, Test test) const {
    bool all = true;
    for_each(begin, end, [&](uint64_t, uint64_t, const Value& value) { all = all && test(value); });
    return all;
  }

 private:
  void split(uint64_t page) {
    if (!starts_.contains(page)) starts_.emplace(page, at(page));
  }
  // Drops starts in [begin, end] whose value is that of the piece before.
  void join(uint64_t begin, uint64_t end) {
    auto it = starts_.find(begin);
    Value before = it == starts_.begin() ? outside_ : std::prev(it)->second;
    while (it != starts_.end() && it->first <= end) {
      if (it->second == before) {
        it = starts_.erase(it);
      } else {
        before = it->second;
        ++it;
      }
    }
  }

  Value outside_;
  std::map<uint64_t, Value> starts_;
};

}  // namespace sim
