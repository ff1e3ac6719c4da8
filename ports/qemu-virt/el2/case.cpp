// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/case.hpp"

#include <new>

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

}  // namespace

ffa::Result<std::span<const std::byte>, guest::PackageError> run_case(
    std::span<const std::byte> bytes) {
  auto* const package = new (package_room.bytes) guest::Package{};
  FFA_CHECK(guest::Package::open(bytes, *package));
  Stage2::forget_all();
  prepare_guests();
  Recorder recorder{
      {reinterpret_cast<std::byte*>(places.record.base), static_cast<size_t>(places.record.bytes)}};
  auto* const world = new (world_room.bytes) World{*package, recorder};
  auto* const control = new (control_room.bytes) Control{*package, *world};
  control->run();
  if (recorder.writer().full()) give_up(exit_too_large, "the record");
  return recorder.writer().written();
}

}  // namespace ports::qemu
