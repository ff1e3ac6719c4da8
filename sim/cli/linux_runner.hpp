// SPDX-License-Identifier: BSD-3-Clause
// `run --kernel`: the first VM of each case boots Linux beside the steps of the other VMs, on the
// machine of the back end `qemu`. docs/linux.md.
#pragma once

#include <memory>

#include "sim/cli/case_runner.hpp"

namespace sim::cli {

/// Throws InputError, MissingTool.
std::unique_ptr<CaseRunner> linux_runner(const RunOptions& options);

}  // namespace sim::cli
