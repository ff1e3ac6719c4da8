// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/case.hpp"

#include "ffa/fid.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/control.hpp"
#include "ports/qemu-virt/el2/places.hpp"
#include "ports/qemu-virt/el2/room.hpp"

namespace ports::qemu {
namespace {

Room<guest::Package> package_room;
Room<World> world_room;
Room<Control> control_room;
Room<Recorder> recorder_room;
World* present = nullptr;

/// An SPMC that refuses for ever is given up.
constexpr uint32_t max_rounds = 1000;

}  // namespace

ffa::Result<std::span<const std::byte>, guest::PackageError> run_case(
    std::span<const std::byte> bytes) {
  auto* const package = package_room.make();
  FFA_CHECK(guest::Package::open(bytes, *package));
  Stage2::forget_all();
  prepare_guests();
  auto* const recorder = recorder_room.make(std::span{
      reinterpret_cast<std::byte*>(places.record.base), static_cast<size_t>(places.record.bytes)});
  present = world_room.make(*package, *recorder);
  auto* const control = control_room.make(*package, *present);
  control->run();
  if (recorder->writer().full()) give_up(exit_too_large, "the record");
  return recorder->writer().written();
}

void leave_world() {
  for (Vm& vm : present->machine().vms()) {
    for (uint32_t round = 0; vm.exists() && round < max_rounds; ++round) {
      (void)present->destroy_vm(vm, 0);
    }
  }
  uint64_t x[18] = {static_cast<uint64_t>(ffa::Fid::rxtx_unmap)};
  port_smc(x, 0);
}

}  // namespace ports::qemu
