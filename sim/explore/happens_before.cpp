// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/happens_before.hpp"

#include <utility>

namespace sim::explore {
namespace {

constexpr size_t first_objects = 256;
constexpr size_t first_states = 1024;
/// More are not remembered: the search is as sound, and prunes less.
constexpr size_t max_states = size_t{1} << 27;

/// A bijection that spreads every bit over all. [MurmurHash3's finaliser, with other constants]
constexpr uint64_t mix(uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93ULL;
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93ULL;
  return value ^ (value >> 32);
}

}  // namespace

uint64_t combine(uint64_t hash, uint64_t value) {
  return mix(hash * 0x9e3779b97f4a7c15ULL + mix(value + 0x632be59bd9b4e019ULL));
}

HappensBefore::HappensBefore() : objects_(first_objects) { clear(); }

void HappensBefore::clear() {
  ++run_;
  used_ = 0;
  last_.clear();
  all_ = writes_ = everything_reads_ = everything_writes_ = calls_ended_ = 0;
}

void HappensBefore::count(uint64_t hash, bool write) {
  all_ += hash;
  if (write) writes_ += hash;
}

void HappensBefore::add(size_t task, const Operation& operation) {
  if (last_.size() <= task) last_.resize(task + 1);
  const bool write = operation.write;
  uint64_t hash = combine(last_[task], task);
  hash = combine(hash, static_cast<uint64_t>(operation.kind) << 1 | (write ? 1 : 0));
  hash = combine(hash, operation.object);
  switch (operation.kind) {
    case OperationKind::none:
      all_ += hash;
      break;
    case OperationKind::everything:
    case OperationKind::call_begin:
    case OperationKind::call_end:
      if (operation.kind == OperationKind::call_begin) hash = combine(hash, calls_ended_);
      hash = combine(hash, write ? all_ : writes_);
      (write ? everything_writes_ : everything_reads_) += hash;
      if (operation.kind == OperationKind::call_end) calls_ended_ += hash;
      count(hash, write);
      break;
    default: {
      Object& touched = object(operation);
      hash = combine(hash, touched.writes + everything_writes_);
      if (write) hash = combine(hash, touched.reads + everything_reads_);
      (write ? touched.writes : touched.reads) += hash;
      count(hash, write);
    }
  }
  last_[task] = hash;
}

void HappensBefore::add_decision(uint32_t taken) {
  const uint64_t hash = combine(all_, taken);
  everything_writes_ += hash;
  count(hash, true);
}

HappensBefore::Object& HappensBefore::object(const Operation& operation) {
  if (used_ * 2 >= objects_.size()) grow();
  const uint64_t name = combine(static_cast<uint64_t>(space_of(operation.kind)), operation.object);
  for (size_t at = name;; ++at) {
    Object& found = objects_[at & (objects_.size() - 1)];
    if (found.run == run_ && found.name == name) return found;
    if (found.run == run_) continue;
    ++used_;
    found = {run_, name, 0, 0};
    return found;
  }
}

void HappensBefore::grow() {
  const std::vector<Object> old = std::exchange(objects_, {});
  objects_.resize(old.size() * 2);
  for (const Object& object : old) {
    if (object.run != run_) continue;
    size_t at = object.name;
    while (objects_[at & (objects_.size() - 1)].run == run_) ++at;
    objects_[at & (objects_.size() - 1)] = object;
  }
}

Visited::Visited() { clear(); }

void Visited::clear() {
  states_.assign(first_states, 0);
  budgets_.assign(first_states, 0);
  used_ = 0;
}

size_t Visited::place(uint64_t state) const {
  size_t at = state & (states_.size() - 1);
  while (states_[at] != 0 && states_[at] != state) at = (at + 1) & (states_.size() - 1);
  return at;
}

bool Visited::enter(uint64_t state, uint8_t budget) {
  const size_t at = place(state);
  if (states_[at] == state) {
    if (budgets_[at] >= budget) return false;
    budgets_[at] = budget;
    return true;
  }
  if (used_ == max_states) return true;
  states_[at] = state;
  budgets_[at] = budget;
  if (++used_ * 10 >= states_.size() * 7) grow();
  return true;
}

void Visited::grow() {
  const std::vector<uint64_t> states = std::exchange(states_, {});
  const std::vector<uint8_t> budgets = std::exchange(budgets_, {});
  states_.assign(states.size() * 2, 0);
  budgets_.assign(states.size() * 2, 0);
  for (size_t n = 0; n < states.size(); ++n) {
    if (states[n] == 0) continue;
    const size_t at = place(states[n]);
    states_[at] = states[n];
    budgets_[at] = budgets[n];
  }
}

}  // namespace sim::explore
