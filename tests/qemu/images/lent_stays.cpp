// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that says it has taken pages away from their owner, and leaves them where they are.
#include <cstdint>

namespace ports::qemu {
class Machine;
}

bool keep_access(ports::qemu::Machine* self, uint16_t id, uint64_t ipa, uint64_t pages,
                 bool full) asm("__wrap__ZN5ports4qemu7Machine10set_accessEtmmb");

bool keep_access(ports::qemu::Machine* /*self*/, uint16_t /*id*/, uint64_t /*ipa*/,
                 uint64_t /*pages*/, bool /*full*/) {
  return true;
}
