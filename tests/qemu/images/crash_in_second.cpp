// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that reads secure RAM in the second case of each boot.
#include <cstdint>

extern "C" void __real__ZN5ports4qemu14prepare_guestsEv();
extern "C" void __wrap__ZN5ports4qemu14prepare_guestsEv();

void __wrap__ZN5ports4qemu14prepare_guestsEv() {
  static unsigned cases;
  if (++cases == 2) (void)*reinterpret_cast<volatile const uint64_t*>(SOMEWHERE);
  __real__ZN5ports4qemu14prepare_guestsEv();
}
