// SPDX-License-Identifier: BSD-3-Clause
// `ffa-sim bundle`: cases for a hypervisor that other firmware enters as BL33.
#include <fmt/format.h>

#include <map>

#include "sim/cli/bl33_runner.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/suite.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/package.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {
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
    const CaseResult result = append_runs(ready.compiled, *mediator, entries);
    ++cases;
    if (!result.failures.empty()) {
      fmt::print(stderr, "{} fails on the host, too: {}\n", ready.compiled.name,
                 result.failures.front().text);
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
