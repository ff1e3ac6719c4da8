// SPDX-License-Identifier: BSD-3-Clause
// Where code that broke was called from, as the frame records on its stack tell. [AAPCS64 6.4.6]
#pragma once

#include <cstdint>

#include "ports/qemu-virt/common/console.hpp"

namespace ports::qemu {

/// Memory that may hold a stack, and where it is read: its address less `at` as the code sees it.
struct StackMemory {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t read_at = 0;
};

/// "crash at NAME: ESR … ELR … FAR …", then a line for the place and for each caller. Nothing that
/// the records say is believed: they lie in `memory`, each above the one before.
inline void print_crash(const char* name, uint64_t esr, uint64_t elr, uint64_t far,
                        uint64_t frame_pointer, uint64_t link, const StackMemory& memory) {
  constexpr unsigned most_callers = 32;
  constexpr uint64_t record_bytes = 16;
  const auto line = [](const char* before, uint64_t address) {
    print(before);
    print_hex(address);
    print("\n");
  };
  print("crash at ");
  print(name);
  print(": ESR ");
  print_hex(esr);
  print(" ELR ");
  print_hex(elr);
  print(" FAR ");
  print_hex(far);
  print("\n");
  line("  at          ", elr);
  line("  called from ", link);
  uint64_t record = frame_pointer;
  for (unsigned n = 0; n < most_callers; ++n) {
    const bool inside = record >= memory.begin && record <= memory.end - record_bytes;
    if (!inside || record % record_bytes != 0) return;
    const auto* const words =
        reinterpret_cast<const uint64_t*>(memory.read_at + (record - memory.begin));
    if (words[1] == 0) return;
    // A function that has called others has saved where it returns to.
    if (words[1] != link) line("  called from ", words[1]);
    if (words[0] <= record) return;
    record = words[0];
  }
}

}  // namespace ports::qemu
