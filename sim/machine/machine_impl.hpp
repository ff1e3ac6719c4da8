// SPDX-License-Identifier: BSD-3-Clause
// The inside of Machine. Included by machine*.cpp only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "sim/machine/buffers.hpp"
#include "sim/machine/host_memory.hpp"
#include "sim/machine/machine.hpp"
#include "sim/machine/machine_vm.hpp"
#include "sim/machine/page_allocator.hpp"

namespace sim {

inline constexpr uint64_t page_bytes = 4096;

inline bool is_ram(mediator::MemoryKind kind) {
  return kind == mediator::MemoryKind::ram_rw || kind == mediator::MemoryKind::ram_ro;
}

inline mediator::Extent to_extent(const Stage2::Run& run) {
  return {ffa::Pa{run.pa_page * page_bytes}, ffa::PageCount{run.pages}, run.kind};
}

/// What is held of a physical page.
struct FrameUse {
  uint32_t pins = 0;
  uint32_t borrowed = 0;  ///< mappings in borrower VMs
  friend bool operator==(const FrameUse&, const FrameUse&) = default;
};

/// All of the machine that changes, but the bytes of its memory.
struct MachineState {
  PageAllocator ram;
  PageAllocator devices;
  Buffers buffers;
  std::map<uint16_t, MachineVm> vms;
  Pieces<FrameUse> frames;  // by PA page
  uint64_t guest_writes = 0;
};

struct Machine::Impl : MachineState {
  using Vm = MachineVm;

  Impl(const WorldSpec& world, std::function<void(const std::string&)> sink)
      : spec(world), report(std::move(sink)), memory(world.sparse_ram) {}

  void claim_board();
  void claim_fixed(const VmSpec& vm);
  void check_fit() const;
  Vm* find(uint16_t vm) {
    const auto it = vms.find(vm);
    return it == vms.end() ? nullptr : &it->second;
  }
  const Vm* find(uint16_t vm) const { return const_cast<Impl*>(this)->find(vm); }
  /// Counts pin references of a VM's pages in the frames behind them.
  void count_pins(const Vm& vm, uint64_t page, uint64_t pages, int change);
  /// Reports what still leads to a VM's pages whose last reference was just given back.
  void check_loose(uint16_t id, const Vm& vm, uint64_t page, uint64_t pages);
  void end_borrowing(const Stage2::Run& run);
  void add_region(uint16_t id, Vm& vm, const RegionSpec& region, const std::string& place);
  template <class Bytes, class Access>
  bool walk(uint16_t vm, uint64_t ipa, Bytes bytes, Access access) const;
  template <class Bytes, class Access>
  bool copy(uint32_t buffer, uint32_t offset, Bytes bytes, const char* what, Access access);

  WorldSpec spec;
  std::function<void(const std::string&)> report;
  HostMemory memory;
  MachineState kept_state;
  uint64_t page_views = 0;  ///< counts on, whatever is restored
};

}  // namespace sim
