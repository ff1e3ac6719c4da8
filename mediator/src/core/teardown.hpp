// SPDX-License-Identifier: BSD-3-Clause
// Where the teardown of a VM stands: a list of steps, each at most one SMC, so that it can stop for
// its budget anywhere and go on later. [DEN0077A 1.2 §18.3]
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/vm_message.hpp"

namespace mediator {

/// In this order. An SP may relinquish memory because of VM_DESTROYED, so reclaims come last.
enum class TeardownStep : uint8_t {
  none,          ///< the VM lives, or calls of it are still under way
  dialogues,     ///< direct messages between VMs end
  requests,      ///< SPs that were preempted in a request of the VM finish it, one SMC a step
  borrowing,     ///< what it borrows and what is borrowed from it goes back, one region a step
  transfers,     ///< sends whose fragments did not all come are given up, one SMC a step
  bitmap,        ///< NOTIFICATION_BITMAP_DESTROY
  drain,         ///< it was DENIED: NOTIFICATION_GET what is pending, one vCPU a step
  unbind,        ///< NOTIFICATION_UNBIND what is bound, one sender a step
  bitmap_again,  ///< NOTIFICATION_BITMAP_DESTROY once more
  vm_destroyed,  ///< VM_DESTROYED to each SP that knows of the VM
  reclaim,       ///< FFA_MEM_RECLAIM of each live transaction
  buffers,       ///< FFA_RXTX_UNMAP of the VM's buffers, where the SPMC knows them
  done
};

struct Teardown {
  TeardownStep step = TeardownStep::none;
  bool later = false;   ///< refused, or a call is under way: others go first
  size_t place = 0;     ///< next vCPU, notification or place of the partition table, by step
  VmMessage message{};  ///< the VM_DESTROYED under way; its deferrals count other refusals, too
};

}  // namespace mediator
