// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/switch_point.hpp"

#include <fmt/format.h>

#include "mediator/lock.hpp"

namespace sim {

std::string lock_class_name(uint32_t lock_class) {
  switch (static_cast<mediator::LockClass>(lock_class)) {
    case mediator::LockClass::vm_messages:
      return "vm_messages";
    case mediator::LockClass::vm_table:
      return "vm_table";
    case mediator::LockClass::vm_state:
      return "vm_state";
    case mediator::LockClass::vm_memory:
      return "vm_memory";
    case mediator::LockClass::spmc_tx:
      return "spmc_tx";
  }
  return fmt::format("class {}", lock_class);
}

std::string in_words(const SwitchPoint& here) {
  switch (here.what) {
    case OperationKind::everything:
      return "before something that may touch anything";
    case OperationKind::call_begin:
      return "before a call";
    case OperationKind::call_end:
      return "before the end of a call";
    case OperationKind::none:
      return "behind an SMC";
    case OperationKind::lock_acquire:
      return "before lock " + lock_class_name(here.lock_class);
    case OperationKind::lock_release:
      return "behind lock " + lock_class_name(here.lock_class);
    case OperationKind::atomic:
      return "before an atomic access";
    case OperationKind::smc:
      return "before an SMC";
    case OperationKind::p2m:
      return "before a stage 2";
    case OperationKind::borrowing:
      return "before a look at what VMs have borrowed";
    case OperationKind::buffers:
      return "before RX or TX is mapped or unmapped";
    case OperationKind::memory:
      return "before guest memory";
    case OperationKind::interrupt:
      return "before an interrupt";
    case OperationKind::life:
      return "before a reference to a VM";
    case OperationKind::budget:
      return "before more of long work";
    case OperationKind::faults:
      return "before an operation that may fail";
    case OperationKind::plain:
      return "before a memory access";
  }
  return "";
}

}  // namespace sim
