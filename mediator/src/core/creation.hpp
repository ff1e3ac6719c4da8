// SPDX-License-Identifier: BSD-3-Clause
// Where the creation of a VM stands: a list of steps, each at most one SMC, so that it can stop for
// its budget anywhere and go on later. [DEN0077A 1.2 §18.3]
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/vm_message.hpp"
#include "ffa/status.hpp"

namespace mediator {

/// In this order, but for `undo`, which any refusal leads to.
enum class CreationStep : uint8_t {
  settle,        ///< VM_DESTROYED to SPs that may know an earlier VM with this id
  vm_created,    ///< VM_CREATED to each SP that asked for it
  bitmap,        ///< NOTIFICATION_BITMAP_CREATE
  bitmap_left,   ///< it was DENIED: NOTIFICATION_BITMAP_DESTROY of an earlier VM's
  bitmap_again,  ///< NOTIFICATION_BITMAP_CREATE once more
  undo,          ///< VM_DESTROYED to each SP that knows of the VM, the last one first
  done
};

struct Creation {
  CreationStep step = CreationStep::settle;
  bool later = false;   ///< refused for now: others go first
  size_t place = 0;     ///< next place of the partition table; of `undo`, the one behind it
  VmMessage message{};  ///< the one under way; its deferrals count other refusals, too
  ffa::Status refusal = ffa::Status::success;  ///< why there will be no VM
};

/// The next step; `place` is where it begins.
inline void enter(Creation& creation, CreationStep step, size_t place = 0) {
  creation.step = step;
  creation.place = place;
  creation.message = {};
}

}  // namespace mediator
