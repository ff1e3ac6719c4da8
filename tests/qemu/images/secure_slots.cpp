// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that lets its guests reach secure RAM, as far as stage 2 goes.
#include "ports/qemu-virt/el2/stage2.hpp"
#include "ports/qemu-virt/memory_map.h"

using ports::qemu::Stage2;

void real_map(Stage2* self, uint64_t ipa, uint64_t pa, uint64_t bytes, Stage2::Private use) asm(
    "__real__ZN5ports4qemu6Stage211map_privateEmmmNS1_7PrivateE");
void secure_map(Stage2* self, uint64_t ipa, uint64_t pa, uint64_t bytes, Stage2::Private use) asm(
    "__wrap__ZN5ports4qemu6Stage211map_privateEmmmNS1_7PrivateE");

void secure_map(Stage2* self, uint64_t ipa, uint64_t pa, uint64_t bytes, Stage2::Private use) {
  real_map(self, ipa, ipa == GUEST_SLOTS_IPA ? SEL1_RAM : pa, bytes, use);
}
