// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/run.hpp"

#include <fmt/format.h>

#include <array>

#include "ffa/names.hpp"
#include "sim/engine/case_world.hpp"
#include "sim/engine/swept_fault.hpp"
#include "sim/trace/hasher.hpp"

namespace sim {
namespace {

using scenario::CompiledCase;

/// A fault that still fires at its so-manieth place belongs to a case that never ends.
constexpr uint64_t max_runs = 10000;

constexpr std::array<ffa::Status, 9> each_status = {
    ffa::Status::not_supported, ffa::Status::invalid_parameters,
    ffa::Status::no_memory,     ffa::Status::busy,
    ffa::Status::interrupted,   ffa::Status::denied,
    ffa::Status::retry,         ffa::Status::aborted,
    ffa::Status::no_data};

/// One hash for the runs of a sweep: over events that carry the hashes of the runs.
std::string combined_hash(const std::vector<std::string>& hashes) {
  if (hashes.size() == 1) return hashes.front();
  trace::Hasher hasher;
  uint64_t seq = 1;
  for (const std::string& hash : hashes) {
    trace::Event event;
    event.seq = seq++;
    event.side = trace::Side::lifecycle;
    event.op = hash;
    hasher.add(event);
  }
  return hasher.finish();
}

using Swept = std::vector<SweptFault>;

/// Collects the runs of one case.
class Runs {
 public:
  Runs(const RunOnce& run_once, const ChoiceMaker& make_choices)
      : run_once_(run_once), make_choices_(make_choices) {}
  ~Runs() { keep_last_run(""); }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  /// A sweep goes on whatever the verdict on a run is: which runs there are, and so the hash, does
  /// not depend on what is judged. False: there were too many.
  bool add(const CompiledCase& compiled, const Swept& swept) {
    const std::string where = in_words(swept);
    keep_last_run(where);
    Choices choices{make_choices_()};
    RunRecord record = run_once_(compiled, choices);
    fired_ = record.fault_fired;
    ever_fired_.resize(fired_.size());
    for (size_t n = 0; n < fired_.size(); ++n) ever_fired_[n] = ever_fired_[n] || fired_[n];
    hashes_.push_back(record.hash);
    if (result_.failures.empty()) {
      result_.failures = judge(compiled, record);
      // A run that fails may have come to its end too early for that; a fault of a sweep, too.
      if (result_.failures.empty() && swept.empty()) choices.check_all_asked();
      result_.where = where.empty() ? record.chosen_faults : where;
      result_.record = std::move(record);
      result_.choices = choices.to_text();
    }
    if (hashes_.size() < max_runs) return true;
    result_.failures.push_back(
        {.pointer = "/world/faults",
         .expected = "a sweep that ends",
         .actual = fmt::format("the fault still fires after {} runs", max_runs),
         .text = "the fault sweep does not end"});
    return false;
  }

  /// Whether the fault struck in the last run.
  [[nodiscard]] bool fired(size_t fault) const { return fired_.at(fault); }

  /// A sweep over nothing is a mistake of the case: it would pass whatever the mediator does.
  CaseResult take(const std::vector<size_t>& sweeps) {
    for (const size_t fault : sweeps) {
      if (ever_fired_.at(fault) || !result_.failures.empty()) continue;
      result_.failures.push_back({.pointer = fmt::format("/world/faults/{}", fault),
                                  .expected = "a sweep that strikes",
                                  .actual = "there is no such operation",
                                  .text = "the fault sweep never strikes"});
    }
    result_.runs = hashes_.size();
    result_.hash = combined_hash(hashes_);
    return std::move(result_);
  }

 private:
  const RunOnce& run_once_;
  const ChoiceMaker& make_choices_;
  CaseResult result_;
  std::vector<std::string> hashes_;
  std::vector<bool> fired_;
  std::vector<bool> ever_fired_;
};

/// Strikes at 1, 2, …, one sweeping fault after the other, until it no longer fires.
bool sweep(CompiledCase& compiled, size_t which, const Swept& where, Runs& runs) {
  if (which == compiled.sweeps.size()) return runs.add(compiled, where);
  const size_t fault = compiled.sweeps[which];
  for (uint64_t nth = 1;; ++nth) {
    compiled.world.faults[fault].nth = nth;
    Swept here = where;
    here.push_back({.fault = fault, .nth = nth});
    if (!sweep(compiled, which + 1, here, runs)) return false;
    if (!runs.fired(fault)) return true;
  }
}

/// Each status in turn, one such fault after the other; for each the whole sweep.
bool statuses(CompiledCase& compiled, size_t which, const Swept& where, Runs& runs) {
  if (which == compiled.each_status.size()) return sweep(compiled, 0, where, runs);
  const size_t fault = compiled.each_status[which];
  for (const ffa::Status status : each_status) {
    compiled.world.faults[fault].status = static_cast<int32_t>(status);
    Swept here = where;
    here.push_back({.fault = fault, .status = static_cast<int32_t>(status)});
    if (!statuses(compiled, which + 1, here, runs)) return false;
  }
  return true;
}

}  // namespace

RunRecord run(const CompiledCase& compiled, MediatorFactory& factory, Choices& choices) {
  CaseWorld world{compiled, factory};
  world.run(choices);
  return std::move(world).take_record();
}

RunRecord run_in_used_world(const CompiledCase& compiled, MediatorFactory& factory,
                            Choices& choices) {
  CaseWorld world{compiled, factory, CaseWorld::Keeps::first_run};
  Choices others{seeded_choices(~uint64_t{0})};
  world.run(others);
  world.run(choices);
  return std::move(world).take_record();
}

CaseResult run_case(const CompiledCase& compiled, MediatorFactory& factory,
                    const ChoiceMaker& make_choices) {
  const RunOnce on_host = [&factory](const CompiledCase& one, Choices& choices) {
    return run(one, factory, choices);
  };
  return run_case(compiled, on_host, make_choices);
}

CaseResult run_case(const CompiledCase& compiled, const RunOnce& run_once,
                    const ChoiceMaker& make_choices) {
  Runs runs{run_once, make_choices};
  if (compiled.sweeps.empty() && compiled.each_status.empty()) {
    runs.add(compiled, {});
    return runs.take({});
  }
  CompiledCase changed = compiled;
  statuses(changed, 0, {}, runs);
  return runs.take(compiled.sweeps);
}

}  // namespace sim
