// SPDX-License-Identifier: BSD-3-Clause
// Where EL2 has its own memory: at fixed places (memory_map.h) on a machine that is ours alone,
// else where the device tree leaves room. The world's RAM is where its package says.
#pragma once

#include <cstdint>

#include "ports/qemu-virt/memory_map.h"

namespace ports::qemu {

/// All begin on a page. Only the image's start-up code changes them.
struct Places {
  struct Room {
    uint64_t base = 0;
    uint64_t bytes = 0;
  };
  Room package{PACKAGE, PACKAGE_BYTES};
  Room stage2_tables{STAGE2_TABLES, STAGE2_TABLES_BYTES};
  Room guest_slots{GUEST_SLOTS, GUEST_SLOTS_BYTES};
  Room guest_stacks{GUEST_STACKS, uint64_t{GUEST_STACKS_COUNT} * GUEST_STACK_BYTES};
  Room mediator{MEDIATOR_MEMORY, MEDIATOR_MEMORY_BYTES};
  Room record{RECORD, RECORD_BYTES};
};
inline Places places;

}  // namespace ports::qemu
