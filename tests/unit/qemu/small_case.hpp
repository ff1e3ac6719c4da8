// SPDX-License-Identifier: BSD-3-Clause
// A compiled case as small as can be: two VMs of different layouts, two SPs, one vCPU that makes a
// call.
#pragma once

#include "sim/scenario/compile.hpp"
#include "sim/scenario/compile_program.hpp"

namespace sim::qemu::test {

inline VmSpec small_vm(uint16_t id, uint64_t pages) {
  VmSpec vm;
  vm.name = "vm" + std::to_string(id);
  vm.config.id = ffa::EndpointId{id};
  RegionSpec region;
  region.ipa = 0x40000000;
  region.size = pages * 4096;
  vm.memory.push_back(region);
  return vm;
}

inline scenario::CompiledStep host_step(const char* what) {
  scenario::CompiledStep step;
  step.what = what;
  step.actor.host = true;
  return step;
}

/// Steps 0, 1: creations; 2: VM 3 calls; 3: VM 3 is destroyed; 4: and created again.
inline scenario::CompiledCase small_case() {
  using guest::Opcode;
  scenario::CompiledCase compiled;
  compiled.name = "small";
  compiled.world.vms = {small_vm(3, 5), small_vm(4, 9)};
  compiled.world.vms[1].memory[0].backing = Backing::reversed;
  compiled.world.vms[1].config.max_shares = 7;
  compiled.world.sps.resize(2);
  compiled.world.sps[1].id = 0x8077;
  compiled.world.sps[1].kind = SpKind::memory_user;
  compiled.world.sps[1].uuid = ffa::Uuid::from_words(1, 2, 3, 4);
  compiled.world.spmc.missing = {0x84000071};
  compiled.world.mediator.npi_id = 11;
  FaultSpec fault;
  fault.op = "map";
  fault.nth = 3;
  fault.status = static_cast<int32_t>(ffa::Status::retry);
  compiled.world.faults.push_back(fault);
  fault = {};
  fault.op = "smc";
  fault.match_fid = 0x84000070;
  fault.regs = {0x84000060, 1, 2};
  fault.execute = true;
  fault.armed = false;
  compiled.world.faults.push_back(fault);
  for (const char* what : {"create", "create", "raw", "destroy", "create"}) {
    compiled.steps.push_back(host_step(what));
  }
  compiled.steps[2].actor = {.host = false, .vm = 3, .vcpu = 0, .name = "vm3.0"};
  scenario::ProgramBuilder code{guest::ProgramKind::guest};
  code.step(2);
  compiled.programs.push_back({3, 0, code.finish(2)});
  scenario::ProgramBuilder control{guest::ProgramKind::control};
  control.host(Opcode::create_vm, {.step = 0, .vm = 3});
  control.host(Opcode::create_vm, {.step = 1, .vm = 4});
  control.run({3, 0, 2});
  control.host(Opcode::destroy_vm, {.step = 3, .vm = 3});
  control.host(Opcode::create_vm, {.step = 4, .vm = 3});
  compiled.control = control.finish(2);
  return compiled;
}

}  // namespace sim::qemu::test
