// SPDX-License-Identifier: BSD-3-Clause
// Small worlds for the tests of the simulator: two VMs, two SPs, every kind of mapping.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/sched/choices.hpp"

namespace sim::test {

inline constexpr uint64_t page = 4096;
inline constexpr uint64_t ram_ipa = 0x40000000;        // VM 1 and VM 2, 64 pages
inline constexpr uint64_t read_only_ipa = 0x50000000;  // the rest VM 1 only, 4 pages each
inline constexpr uint64_t device_ipa = 0x51000000;
inline constexpr uint64_t foreign_ipa = 0x52000000;

inline VmSpec small_vm(uint16_t id) {
  VmSpec vm;
  vm.name = "vm" + std::to_string(id);
  vm.config.id = ffa::EndpointId{id};
  vm.config.vcpus = 2;
  vm.memory.push_back({ram_ipa, 64 * page, RegionKind::ram_rw, Backing::contiguous, {}, 0});
  return vm;
}

inline WorldSpec small_world() {
  WorldSpec world;
  world.vms = {small_vm(1), small_vm(2)};
  auto& memory = world.vms[0].memory;
  memory.push_back({read_only_ipa, 4 * page, RegionKind::ram_ro, Backing::contiguous, {}, 0});
  memory.push_back({device_ipa, 4 * page, RegionKind::device, Backing::contiguous, {}, 0});
  memory.push_back({foreign_ipa, 4 * page, RegionKind::foreign, Backing::contiguous, {}, 0});
  world.sps = {{"sp1", 0x8001, SpKind::echo, {{1, 2, 3, 4}}, 1, {}},
               {"sp2", 0x8002, SpKind::memory_user, {{5, 6, 7, 8}}, 2, {}}};
  return world;
}

inline ffa::Regs regs(std::initializer_list<uint64_t> values) {
  ffa::Regs result;
  size_t n = 0;
  for (const uint64_t value : values) result.x[n++] = value;
  return result;
}

}  // namespace sim::test
