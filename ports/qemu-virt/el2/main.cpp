// SPDX-License-Identifier: BSD-3-Clause
// EL2 where QEMU serves it through semihosting: runs one case after the other, each in a fresh
// world, and writes its record, until there are no more packages.
#include <cstddef>
#include <cstdint>

#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/el2/begin_world.hpp"
#include "ports/qemu-virt/el2/case.hpp"
#include "ports/qemu-virt/el2/places.hpp"
#include "ports/qemu-virt/el2/registers.hpp"

extern "C" [[noreturn]] void image_main();

namespace {

using namespace ports::qemu;

/// Both worlds begin anew with the package.
std::span<const std::byte> run(std::span<const std::byte> package) {
  const bool begun = begin_secure_world(package) == Begun::as_asked;
  if (!begun) give_up(exit_bad_input, "case.package: not well-formed");
  const auto record = run_case(package);
  if (!record.ok()) give_up(exit_bad_input, "case.package: not well-formed");
  return *record;
}

}  // namespace

void image_main() {
  prepare_el2();
  FrameReader packages{"case.package"};
  if (!packages.opened()) give_up(exit_bad_input, "case.package: can't be opened");
  FrameWriter records{"case.record"};
  if (!records.opened()) give_up(exit_bad_input, "case.record: can't be opened");
  const std::span<std::byte> room{reinterpret_cast<std::byte*>(places.package.base),
                                  static_cast<size_t>(places.package.bytes)};
  while (true) {
    const Frame frame = packages.next(room);
    if (frame.kind == FrameKind::end) exit_machine(exit_done);
    if (frame.kind == FrameKind::malformed) {
      give_up(exit_bad_input, "case.package: cut off, or too large");
    }
    if (!records.write(run(frame.bytes))) {
      give_up(exit_bad_input, "case.record: can't be written");
    }
  }
}
