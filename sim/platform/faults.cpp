// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ffa/regs.hpp"
#include "sim/engine/input_error.hpp"

namespace sim {

namespace {

constexpr std::array<std::string_view, 10> operations = {
    "smc",       "pin",    "map",    "set_access", "map_into",
    "translate", "memory", "budget", "vm_get",     "own_rx"};

// Of either width: which one the mediator takes towards the SPMC is its own choice.
bool same_function(uint32_t wanted, uint32_t fid) {
  constexpr uint32_t width_bit = 1U << 30;
  return (ffa::FunctionId{wanted}.raw | width_bit) == (ffa::FunctionId{fid}.raw | width_bit);
}

}  // namespace

bool Faults::is_of_the_machine(std::string_view op) {
  return op != "smc" && op != "own_rx" &&
         std::find(operations.begin(), operations.end(), op) != operations.end();
}

Faults::Faults(const std::vector<FaultSpec>& specs) {
  for (const FaultSpec& spec : specs) {
    const std::string place = fmt::format("world: faults[{}]", entries_.size());
    if (std::find(operations.begin(), operations.end(), spec.op) == operations.end()) {
      throw InputError(place, fmt::format("there is no operation \"{}\"", spec.op));
    }
    if (spec.regs && spec.regs->size() > ffa::Regs{}.x.size()) {
      throw InputError(place, "an answer has at most 18 registers");
    }
    entries_.push_back({spec, {.armed = spec.armed}});
  }
}

const FaultSpec* Faults::strike(std::string_view op, std::optional<uint32_t> fid) {
  const FaultSpec* struck = nullptr;
  for (Entry& entry : entries_) {
    if (!entry.state.armed || entry.spec.op != op) continue;
    if (entry.spec.match_fid && !(fid && same_function(*entry.spec.match_fid, *fid))) continue;
    ++entry.state.seen;
    const bool due = entry.spec.nth == 0 || entry.state.seen == entry.spec.nth;
    if (!due || struck != nullptr) continue;
    entry.state.fired = true;
    struck = &entry.spec;
  }
  return judge_ && is_of_the_machine(op) ? judge_(op, struck) : struck;
}

}  // namespace sim
