// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that takes one page of its guests for the next one.
#include "ports/qemu-virt/el2/stage2.hpp"

using ports::qemu::Stage2;

mediator::Extent real_find(const Stage2* self, uint64_t ipa,
                           uint64_t pages) asm("__real__ZNK5ports4qemu6Stage24findEmm");
mediator::Extent other_find(const Stage2* self, uint64_t ipa,
                            uint64_t pages) asm("__wrap__ZNK5ports4qemu6Stage24findEmm");

mediator::Extent other_find(const Stage2* self, uint64_t ipa, uint64_t pages) {
  constexpr uint64_t page = 4096;
  constexpr uint64_t mistaken = 0x40002000;
  if (ipa == mistaken) return real_find(self, ipa + page, 1);
  if (ipa < mistaken && pages > (mistaken - ipa) / page) pages = (mistaken - ipa) / page;
  return real_find(self, ipa, pages);
}
