// SPDX-License-Identifier: BSD-3-Clause
// A compiled case as the package that the QEMU machine's images read (guest/package.hpp): the world
// with the place of every page, the guest programs, the control program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "guest/package.hpp"
#include "sim/engine/run_record.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// Why the machine can't run this case, in a few words; empty: it can.
std::string why_not(const scenario::CompiledCase& compiled);

/// True if a step of the case moves a vCPU of the VM.
bool has_steps(const scenario::CompiledCase& compiled, uint16_t vm);

/// The pages of one creation of a VM.
struct Layout {
  uint16_t vm = 0;
  std::vector<guest::PackedRun> runs;
  friend bool operator==(const Layout&, const Layout&) = default;
};
/// In the order of the creations.
using Plan = std::vector<Layout>;
/// What a step of the host came to.
struct Result {
  std::string word;
  std::vector<uint64_t> quarantined{};  ///< IPAs of the pages that a destroyed VM left behind
};
/// By the numbers of the steps.
using Results = std::map<uint32_t, Result>;
/// What the creations and destructions of a run came to, wherever it ran.
Results results_of(const scenario::CompiledCase& compiled, const RunRecord& run);

/// Where the pages of each creation of a VM lie, by the same allocator as on the host: the control
/// program's creations and destructions are played through on a machine without a mediator. A step
/// that `results` does not name is taken to succeed at once. Throws InputError for a world that
/// can't exist.
Plan plan_layouts(const scenario::CompiledCase& compiled, const Results& results);

/// A guest of its own that a VM boots, as guest::PackedBoot has it.
struct Boot {
  struct File {
    uint64_t ipa = 0;
    std::vector<std::byte> bytes;
  };
  uint16_t vm = 0;
  uint64_t entry = 0;
  uint64_t x0 = 0;
  std::vector<File> files{};
};

/// The package of a case that why_not() has nothing against.
std::vector<std::byte> make_package(const scenario::CompiledCase& compiled, const Plan& plan,
                                    const Boot& boot = {});

}  // namespace sim::qemu
