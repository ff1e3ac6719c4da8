// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that reads where nothing is.
#include <cstdint>

extern "C" void __wrap__ZN5ports4qemu14prepare_guestsEv();

void __wrap__ZN5ports4qemu14prepare_guestsEv() {
  const auto* const nowhere = reinterpret_cast<volatile const uint64_t*>(0x0e200000);
  (void)*nowhere;
}
