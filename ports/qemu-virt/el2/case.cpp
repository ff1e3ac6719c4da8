// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/case.hpp"

#include <new>

#include "ffa/fid.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/control.hpp"
#include "ports/qemu-virt/el2/places.hpp"

namespace ports::qemu {
namespace {

/// Objects that are too large for the stack. Each case constructs them anew; none needs to be
/// destroyed.
template <class T>
struct Room {
  alignas(T) std::byte bytes[sizeof(T)];
};
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
  auto* const package = new (package_room.bytes) guest::Package{};
  FFA_CHECK(guest::Package::open(bytes, *package));
  Stage2::forget_all();
  prepare_guests();
  auto* const recorder = new (recorder_room.bytes) Recorder{
      {reinterpret_cast<std::byte*>(places.record.base), static_cast<size_t>(places.record.bytes)}};
  present = new (world_room.bytes) World{*package, *recorder};
  auto* const control = new (control_room.bytes) Control{*package, *present};
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
