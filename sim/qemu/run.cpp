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

scenario::Failure failure_of(const MachineEnd& end) {
  scenario::Failure failure;
  failure.expected = "exit status 0";
  failure.actual = end.hung ? "no end" : fmt::format("exit status {}", end.status);
  failure.text = fmt::format("the machine {}{}{}",
                             end.hung ? "did not end within the time limit" : "ended badly",
                             end.message.empty() ? "" : ": ", end.message);
  failure.no_progress = end.hung;
  return failure;
}

/// What the creations and destructions of the run came to.
Results results_of(const scenario::CompiledCase& compiled, const RunRecord& record) {
  Results results;
  for (const StepRecord& step : record.steps) {
    if (compiled.steps.at(step.step).actor.host && step.result) results[step.step] = *step.result;
  }
  return results;
}

}  // namespace

CaseResult run_case(const scenario::CompiledCase& compiled, const Tools& tools) {
  const RunFolder folder(compiled.name);
  const std::string file = folder.file("case.record");
  CaseResult result;
  result.runs = 1;
  Plan plan = plan_layouts(compiled, {});
  for (unsigned boots = 0; boots < max_boots; ++boots) {
    write_bytes(folder.file("case.package"), make_package(compiled, plan));
    const MachineEnd end = boot(tools, folder);
    if (end.status != 0) {
      result.failures.push_back(failure_of(end));
      return result;
    }
    result.record = read_record(read_bytes(file), file, compiled);
    // A VM that the mediator refused leaves its pages to those that come later: with what is known
    // now the plan may be another.
    Plan better = plan_layouts(compiled, results_of(compiled, result.record));
    if (better == plan) {
      result.hash = result.record.hash;
      result.failures = scenario::judge(compiled, result.record);
      return result;
    }
    plan = std::move(better);
  }
  result.failures.push_back({.text = "the places of the VMs' pages do not settle"});
  return result;
}

}  // namespace sim::qemu
