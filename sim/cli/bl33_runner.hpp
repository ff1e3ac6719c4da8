// SPDX-License-Identifier: BSD-3-Clause
// Cases on a machine whose firmware enters EL2 as BL33 (docs/firmware.md): bundles of them.
#pragma once

#include <memory>
#include <vector>

#include "sim/cli/case_runner.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run.hpp"
#include "sim/qemu/bundle.hpp"

namespace sim::cli {

/// Adds an entry for each run of the case, as the host does it: what comes of it there says where
/// the pages of its VMs are, and what the trace hash must be.
CaseResult append_runs(const scenario::CompiledCase& compiled, MediatorFactory& mediator,
                       std::vector<qemu::BundleEntry>& entries);

/// Many cases in a boot, where it is told what to expect; else, and where a boot has not told of a
/// run, one boot for each run.
std::unique_ptr<CaseRunner> bl33_runner();

}  // namespace sim::cli
