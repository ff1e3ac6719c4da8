// SPDX-License-Identifier: BSD-3-Clause
// EL2 where QEMU serves it through semihosting: runs the case whose package EL3 has loaded, writes
// the record, ends the machine.
#include <cstddef>
#include <cstdint>

#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/el2/case.hpp"
#include "ports/qemu-virt/el2/registers.hpp"

extern "C" [[noreturn]] void image_main(const std::byte* package, size_t bytes);

void image_main(const std::byte* package, size_t bytes) {
  using namespace ports::qemu;
  prepare_el2();
  const auto record = run_case({package, bytes});
  if (!record.ok()) give_up(exit_bad_input, "case.package: not well-formed");
  if (!write_file("case.record", *record)) {
    give_up(exit_bad_input, "case.record: can't be written");
  }
  exit_machine(exit_done);
}
