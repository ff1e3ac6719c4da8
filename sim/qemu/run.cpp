// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/run.hpp"

#include <fmt/format.h>

#include <fstream>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/record.hpp"

namespace sim::qemu {
namespace {

constexpr unsigned max_boots = 4;

void write_bytes(const std::string& file, const std::vector<std::byte>& bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw InputError(file, "can't be written");
}

std::vector<std::byte> read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) throw InputError(file, "the machine has not written it");
  std::vector<std::byte> bytes(static_cast<size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw InputError(file, "can't be read");
  return bytes;
}

/// The record of a machine that did not end well.
RunRecord stopped(const scenario::CompiledCase& compiled, const MachineEnd& end) {
  RunRecord record;
  record.steps.resize(compiled.steps.size());
  record.fault_fired.resize(compiled.world.faults.size());
  record.no_progress = end.hung;
  const std::string how = end.hung ? "did not end within the time limit"
                                   : fmt::format("ended with exit status {}", end.status);
  record.stopped =
      fmt::format("the machine {}{}{}", how, end.message.empty() ? "" : ": ", end.message);
  return record;
}

/// What the creations and destructions of the run came to.
Results results_of(const scenario::CompiledCase& compiled, const Recorded& recorded) {
  Results results;
  for (const StepRecord& step : recorded.run.steps) {
    if (!compiled.steps.at(step.step).actor.host || !step.result) continue;
    results[step.step].word = *step.result;
  }
  for (const auto& [step, pages] : recorded.quarantined) results[step].quarantined = pages;
  return results;
}

}  // namespace

RunRecord run(const scenario::CompiledCase& compiled, const Tools& tools) {
  const RunFolder folder(compiled.name);
  const std::string file = folder.file("case.record");
  Plan plan = plan_layouts(compiled, {});
  for (unsigned boots = 0; boots < max_boots; ++boots) {
    write_bytes(folder.file("case.package"), make_package(compiled, plan));
    const MachineEnd end = boot(tools, folder);
    if (end.status != 0) return stopped(compiled, end);
    Recorded recorded = read_record(read_bytes(file), file, compiled);
    // A VM that the mediator refused leaves its pages to those that come later: with what is known
    // now the plan may be another.
    Plan better = plan_layouts(compiled, results_of(compiled, recorded));
    if (better == plan) return std::move(recorded.run);
    plan = std::move(better);
  }
  return stopped(compiled, {.message = "the places of the VMs' pages do not settle"});
}

}  // namespace sim::qemu
