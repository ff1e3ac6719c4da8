// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include "sim/cli/commands.hpp"
#include "sim/cli/suite.hpp"
#include "sim/scenario/compile_image.hpp"
#include "sim/scenario/pack.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {

int pack_command(const Options& options) {
  auto suite = load_suite(options.selection);
  if (!suite) return 2;
  std::vector<scenario::CompiledCase> cases;
  for (ReadyCase& ready : suite->cases) {
    // The hash runner has no emulator.
    const bool images = scenario::has_images(ready.compiled.world);
    if (ready.loaded.skip.empty() && !images) cases.push_back(std::move(ready.compiled));
  }
  const std::vector<std::byte> bytes = scenario::pack_cases(cases);
  trace::AtomicFile file(options.pack_file);
  file.commit({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  fmt::print("{} cases in {}\n", cases.size(), options.pack_file);
  return 0;
}

}  // namespace sim::cli
