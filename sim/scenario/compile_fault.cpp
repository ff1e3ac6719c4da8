// SPDX-License-Identifier: BSD-3-Clause
// One entry of a world's `faults`. docs/scenario-format.md
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/compile_world.hpp"

namespace sim::scenario {

void add_fault(CompiledWorld& world, const Node& node) {
  FaultSpec fault;
  fault.op = node.at("op").text();
  if (const auto match = node.find("match")) {
    if (fault.op != "smc") match->fail("only a fault of op smc matches a function");
    fault.match_fid = function_of(*match);
  }
  const auto nth = node.find("nth");
  if (nth && nth->is_string() && nth->text() == "sweep") {
    fault.sweep = true;
    world.sweeps.push_back(world.spec.faults.size());
  } else if (nth && nth->is_string() && nth->text() == "chosen") {
    fault.chosen = true;
  } else if (nth) {
    fault.nth = nth->number();
  }
  const auto answer = node.find("answer");
  if (answer && answer->is_array()) {
    if (fault.op != "smc") answer->fail("only a fault of op smc has registers");
    fault.regs.emplace();
    for (const Node& value : answer->elements()) fault.regs->push_back(value.number());
  } else if (answer && answer->text() == "each_status") {
    world.each_status.push_back(world.spec.faults.size());
  } else if (answer && answer->text() == "chosen") {
    if (!fault.chosen) answer->fail("only of a fault whose nth is chosen is the answer, too");
    fault.chosen_status = true;
  } else if (answer) {
    fault.status = status_of(*answer);
  } else {
    fault.status = static_cast<int32_t>(ffa::Status::no_memory);
  }
  fault.execute = node.flag_or("execute", false);
  const std::string from = node.text_or("from", "steps");
  const FaultStart start = from == "boot"    ? FaultStart::boot
                           : from == "setup" ? FaultStart::setup
                                             : FaultStart::steps;
  fault.armed = start == FaultStart::boot;
  world.fault_start.push_back(start);
  world.spec.faults.push_back(fault);
}

}  // namespace sim::scenario
