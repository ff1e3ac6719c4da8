// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/settle.hpp"

#include <utility>

namespace sim::qemu {

namespace {
constexpr unsigned max_runs = 4;
}  // namespace

RunRecord run_until_settled(const scenario::CompiledCase& compiled, const RunByPlan& once) {
  Plan plan = plan_layouts(compiled, {});
  for (unsigned runs = 0; runs < max_runs; ++runs) {
    RunRecord record = once(plan);
    if (record.stopped) return record;
    Plan better = plan_layouts(compiled, results_of(compiled, record));
    if (better == plan) return record;
    plan = std::move(better);
  }
  return stopped(compiled, "the places of the VMs' pages do not settle");
}

RunRecord stopped(const scenario::CompiledCase& compiled, const std::string& how, bool hung) {
  RunRecord record;
  record.steps.resize(compiled.steps.size());
  record.fault_fired.resize(compiled.world.faults.size());
  record.no_progress = hung;
  record.stopped = how;
  return record;
}

}  // namespace sim::qemu
