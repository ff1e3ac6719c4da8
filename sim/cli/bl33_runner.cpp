// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/bl33_runner.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "sim/qemu/bl33.hpp"
#include "sim/qemu/package.hpp"

namespace sim::cli {
namespace {

/// A boot costs what a few runs do, and what it takes must fit the time of one case.
constexpr size_t runs_in_a_boot = 100;

class Bl33Runner final : public CaseRunner {
 public:
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    return qemu::why_not(compiled);
  }
  void expect(std::vector<const scenario::CompiledCase*> cases) override {
    expected_ = std::move(cases);
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& /*choices*/) override {
    forget_others(compiled.name);
    if (runs_.empty()) boot_from(compiled.name);
    if (runs_.empty()) return qemu::run_as_bl33(compiled, tools_, image_);
    const Run run = std::move(runs_.front());
    runs_.pop_front();
    if (!run.logged.record.empty()) {
      RunRecord record = qemu::record_of(run.logged, "uart.log", compiled);
      // What went otherwise than on the host may need other places, or be another run of a sweep.
      const qemu::Plan plan = qemu::plan_layouts(compiled, qemu::results_of(compiled, record));
      if (qemu::make_package(compiled, plan) == run.entry.package) return record;
    }
    return qemu::run_as_bl33(compiled, tools_, image_);
  }

 private:
  struct Run {
    qemu::BundleEntry entry;
    qemu::LoggedCase logged;
  };

  /// Runs that stand before those of the case: nobody has asked for them.
  void forget_others(const std::string& name) {
    while (!runs_.empty() && runs_.front().entry.name != name) runs_.pop_front();
  }

  /// One boot for the case and those behind it; each case is the first of a boot at most once.
  void boot_from(const std::string& name) {
    const auto has_name = [&](const auto* one) { return one->name == name; };
    const auto first = std::ranges::find_if(expected_, has_name);
    if (first == expected_.end()) return;
    std::vector<qemu::BundleEntry> entries;
    for (auto next = first; next != expected_.end() && entries.size() < runs_in_a_boot; ++next) {
      if (why_not(**next).empty()) append_runs(**next, *host_, entries);
    }
    expected_.erase(expected_.begin(), first + 1);
    std::vector<qemu::LoggedCase> logged = qemu::run_bundle(entries, tools_, image_);
    for (size_t n = 0; n < entries.size() && n < logged.size(); ++n) {
      if (logged[n].name != entries[n].name) break;
      runs_.push_back({std::move(entries[n]), std::move(logged[n])});
    }
  }

  qemu::Tools tools_ = qemu::find_tools();
  qemu::Bl33Image image_ = qemu::find_bl33();
  std::unique_ptr<MediatorFactory> host_ = built_in_mediator();
  std::vector<const scenario::CompiledCase*> expected_;
  std::deque<Run> runs_;  ///< those of the last boot that nobody has asked for yet, in order
};

}  // namespace

CaseResult append_runs(const scenario::CompiledCase& compiled, MediatorFactory& mediator,
                       std::vector<qemu::BundleEntry>& entries) {
  const RunOnce once = [&](const scenario::CompiledCase& one, Choices& choices) {
    RunRecord record = run(one, mediator, choices);
    const qemu::Plan plan = qemu::plan_layouts(one, qemu::results_of(one, record));
    entries.push_back({one.name, record.hash, qemu::make_package(one, plan)});
    return record;
  };
  return run_case(compiled, once, [] { return seeded_choices(0); });
}

std::unique_ptr<CaseRunner> bl33_runner() { return std::make_unique<Bl33Runner>(); }

}  // namespace sim::cli
