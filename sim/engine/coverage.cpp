// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/coverage.hpp"

#include <algorithm>
#include <iterator>

#include "ffa/fid.hpp"
#include "sim/engine/mediator_under_test.hpp"

namespace sim {
namespace {

/// Sites: other calls, the functions of FF-A, operations of the host.
constexpr uint8_t other_call = 0;
constexpr uint8_t first_function = 1;
constexpr uint8_t first_operation =
    first_function + ffa::last_fid_number - ffa::first_fid_number + 1;
constexpr const char* operations[] = {"probe",      "create", "teardown",
                                      "relinquish", "free",   "another operation"};

std::string site_name(size_t site) {
  if (site == other_call) return "another call";
  if (site >= first_operation) return operations[site - first_operation];
  return ffa::find_fid(static_cast<uint32_t>(site - first_function + ffa::first_fid_number))->name;
}

}  // namespace

void DistinctCount::add(uint64_t number) {
  const bool full = kept_.size() == max_kept;
  if (full && number >= kept_.back()) return;
  const auto place = std::lower_bound(kept_.begin(), kept_.end(), number);
  if (place != kept_.end() && *place == number) return;
  const auto index = place - kept_.begin();
  if (full) kept_.pop_back();
  kept_.insert(kept_.begin() + index, number);
}

void DistinctCount::unite(const DistinctCount& other) {
  for (const uint64_t number : other.kept_) add(number);
}

uint64_t DistinctCount::count() const {
  if (exact()) return kept_.size();
  constexpr double all = 18446744073709551616.0;  // 2^64
  return static_cast<uint64_t>((max_kept - 1) * (all / (static_cast<double>(kept_.back()) + 1)));
}

void StateDigest::add(uint64_t word) {
  value_ = (value_ ^ word) * 0x9e3779b97f4a7c15U;
  value_ ^= value_ >> 32;
}

uint64_t StateDigest::value() const {
  StateDigest mixed = *this;
  mixed.add(0);
  mixed.add(0);
  return mixed.value_;
}

void CoverageNames::unite(const CoverageNames& other) {
  accepted.insert(other.accepted.begin(), other.accepted.end());
  rejected.insert(other.rejected.begin(), other.rejected.end());
  yields.insert(other.yields.begin(), other.yields.end());
  switches.insert(other.switches.begin(), other.switches.end());
  states.unite(other.states);
}

uint8_t Coverage::site_of(const trace::Event& event) {
  if (event.side == trace::Side::guest) {
    const ffa::FunctionId function{event.in.x[0]};
    const bool known = function.in_ffa_range() && ffa::find_fid(function.number()) != nullptr;
    if (!known) return other_call;
    return static_cast<uint8_t>(first_function + function.number() - ffa::first_fid_number);
  }
  const auto operation = std::find(std::begin(operations), std::end(operations) - 1, event.op);
  return static_cast<uint8_t>(first_operation + (operation - std::begin(operations)));
}

void Coverage::Rules::add(uint32_t number, const MediatorUnderTest& mediator) {
  if (number >= max_rules || met[number]) return;
  met.set(number);
  names.insert(mediator.rule_name(number));
}

void Coverage::add_rules(const std::vector<uint32_t>& accepted, uint32_t rejected,
                         const MediatorUnderTest& mediator) {
  for (const uint32_t rule : accepted) accepted_.add(rule, mediator);
  if (rejected != 0) rejected_.add(rejected, mediator);
}

void Coverage::add_yield(uint8_t site, const SwitchPoint& here, bool switched) {
  const size_t lock_class = std::min<size_t>(here.lock_class, lock_classes - 1);
  const size_t place = (site * kinds + static_cast<size_t>(here.what)) * lock_classes + lock_class;
  yields_.set(place);
  if (switched) switches_.set(place);
}

CoverageNames Coverage::in_words() const {
  CoverageNames names{accepted_.names, rejected_.names, {}, {}, states_};
  for (size_t place = 0; place < yields_.size(); ++place) {
    if (!yields_[place]) continue;
    const SwitchPoint here{static_cast<OperationKind>(place / lock_classes % kinds),
                           static_cast<uint32_t>(place % lock_classes)};
    const std::string name = site_name(place / lock_classes / kinds) + ' ' + sim::in_words(here);
    names.yields.insert(name);
    if (switches_[place]) names.switches.insert(name);
  }
  return names;
}

}  // namespace sim
