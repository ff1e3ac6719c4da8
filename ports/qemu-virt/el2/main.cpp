// SPDX-License-Identifier: BSD-3-Clause
// EL2: opens the package that EL3 has loaded, runs the case, writes the record, ends the machine.
#include <cstddef>
#include <cstdint>
#include <new>

#include "guest/package.hpp"
#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/el2/control.hpp"
#include "ports/qemu-virt/memory_map.h"

extern "C" {
extern const std::byte el2_vectors[];
[[noreturn]] void image_main(const std::byte* package, size_t bytes);
}

namespace {

using namespace ports::qemu;

constexpr uint64_t sctlr_el2 = 0x30c50830;  // RES1 bits; MMU, caches and alignment checks off

/// Objects that are too large for the stack; nothing constructs them before image_main().
template <class T>
struct Room {
  alignas(T) std::byte bytes[sizeof(T)];
};
Room<guest::Package> package_room;
Room<World> world_room;
Room<Control> control_room;

}  // namespace

void image_main(const std::byte* bytes, size_t length) {
  asm volatile("msr sctlr_el2, %0; msr vbar_el2, %1; isb" ::"r"(sctlr_el2), "r"(el2_vectors));
  auto* const package = new (package_room.bytes) guest::Package{};
  const auto opened = guest::Package::open({bytes, length}, *package);
  if (!opened.ok()) give_up(exit_bad_input, "case.package: not well-formed");
  prepare_guests();
  Recorder recorder{{reinterpret_cast<std::byte*>(RECORD), RECORD_BYTES}};
  auto* const world = new (world_room.bytes) World{*package, recorder};
  auto* const control = new (control_room.bytes) Control{*package, *world};
  control->run();
  if (recorder.writer().full()) give_up(exit_too_large, "the record");
  if (!write_file("case.record", recorder.writer().written())) {
    give_up(exit_bad_input, "case.record: can't be written");
  }
  exit_machine(exit_done);
}
