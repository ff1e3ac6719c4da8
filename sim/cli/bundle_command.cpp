// SPDX-License-Identifier: BSD-3-Clause
// `ffa-sim bundle`: cases for a hypervisor that other firmware enters as BL33.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "sim/cli/commands.hpp"
#include "sim/cli/suite.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/package.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {
namespace {

/// Which pages stay in quarantine the host's record does not say; later VMs lie elsewhere for it.
bool leaves_pages(const qemu::Results& results) {
  return std::ranges::any_of(results,
                             [](const auto& one) { return one.second.word == "quarantined"; });
}

/// Adds each run of the case, as the host does it: what comes of it there says where the pages of
/// its VMs are, and what the trace hash must be. False, and none is added: that can't be said.
bool add_case(const ReadyCase& ready, MediatorFactory& mediator,
              std::vector<qemu::BundleEntry>& entries) {
  std::vector<qemu::BundleEntry> runs;
  bool plain = true;
  const RunOnce once = [&](const scenario::CompiledCase& compiled, Choices& choices) {
    RunRecord record = run(compiled, mediator, choices);
    const qemu::Results results = qemu::results_of(compiled, record);
    plain = plain && !leaves_pages(results);
    const qemu::Plan plan = qemu::plan_layouts(compiled, results);
    runs.push_back({compiled.name, record.hash, qemu::make_package(compiled, plan)});
    return record;
  };
  const CaseResult result = run_case(ready.compiled, once, [] { return seeded_choices(0); });
  if (!plain) return false;
  std::ranges::move(runs, std::back_inserter(entries));
  if (!result.failures.empty()) {
    fmt::print(stderr, "{} fails on the host, too: {}\n", ready.compiled.name,
               result.failures.front().text);
  }
  return true;
}

}  // namespace

int bundle_command(const Options& options) {
  const auto suite = load_suite(options.selection);
  if (!suite) return 2;
  const auto mediator = built_in_mediator();
  std::vector<qemu::BundleEntry> entries;
  std::map<std::string, size_t> left_out;  // by reason
  size_t cases = 0;
  for (const ReadyCase& ready : suite->cases) {
    std::string why = ready.loaded.skip;
    if (why.empty()) why = qemu::why_not(ready.compiled);
    if (!why.empty()) {
      ++left_out[why];
      continue;
    }
    if (add_case(ready, *mediator, entries)) {
      ++cases;
    } else {
      ++left_out["a VM of it leaves pages in quarantine"];
    }
  }
  std::vector<std::byte> bytes =
      qemu::make_bundle(entries, {options.bundle.records, options.bundle.one_secure_world});
  if (!options.bundle.cases_only) {
    bytes = qemu::make_payload(qemu::read_bytes(qemu::find_bl33().file), bytes);
  }
  trace::AtomicFile file(options.bundle.file);
  file.commit({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  for (const auto& [why, count] : left_out) fmt::print("{} left out: {}\n", count, why);
  fmt::print("{} cases, {} runs, in {}\n", cases, entries.size(), options.bundle.file);
  return 0;
}

}  // namespace sim::cli
