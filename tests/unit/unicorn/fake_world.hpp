// SPDX-License-Identifier: BSD-3-Clause
// World operations as plain functions: notes what the image asks for. An operation that the tests
// do not expect ends the test program.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "sim/platform/ffa_sim_mediator.h"

class FakeWorld {
 public:
  const ffa_sim_world_ops& ops() const { return table(); }

  std::vector<std::string> seen;
  std::function<void()> at_budget;  ///< what happens while the image asks for its budget
  std::vector<uint8_t> written;
  ffa_sim_regs smc_in{};
  uint16_t smc_vm = 0;

 private:
  static FakeWorld& of(void* world) { return *static_cast<FakeWorld*>(world); }

  static void copy_in(void* world, uint32_t buffer, uint32_t offset, void* to, uint32_t length) {
    of(world).seen.push_back("copy_in " + std::to_string(buffer) + " " + std::to_string(offset));
    std::memset(to, 0x11, length);
  }
  static void copy_out(void* world, uint32_t buffer, uint32_t offset, const void* from,
                       uint32_t length) {
    of(world).seen.push_back("copy_out " + std::to_string(buffer) + " " + std::to_string(offset));
    const auto* bytes = static_cast<const uint8_t*>(from);
    of(world).written.assign(bytes, bytes + length);
  }
  static void own_buffers(void* /*world*/, ffa_sim_own_buffers* out) { *out = {1, 2, 0, 0}; }
  static void smc(void* world, uint16_t vm, ffa_sim_regs* regs) {
    of(world).smc_vm = vm;
    of(world).smc_in = *regs;
    for (uint64_t n = 0; n < 18; ++n) regs->x[n] = 0x1000 + n;
  }
  static void lock_acquire(void* world, uint32_t* /*lock*/, uint32_t /*lock_class*/) {
    of(world).seen.emplace_back("lock_acquire");
  }
  static int32_t budget_left(void* world) {
    if (of(world).at_budget) of(world).at_budget();
    return 1;
  }
  static const ffa_sim_world_ops& table() {
    static const ffa_sim_world_ops ops = [] {
      ffa_sim_world_ops some{};
      some.abi_version = FFA_SIM_ABI_VERSION;
      some.size = sizeof some;
      some.copy_in = copy_in;
      some.copy_out = copy_out;
      some.own_buffers = own_buffers;
      some.smc = smc;
      some.budget_left = budget_left;
      some.lock_acquire = lock_acquire;
      return some;
    }();
    return ops;
  }
};
