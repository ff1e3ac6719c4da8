// SPDX-License-Identifier: BSD-3-Clause
// What a task is about to do at a yield point, and what it did: which object it touches. Told by
// Bridge, Simulation and Scheduler; whoever searches schedules asks whether two operations depend
// on each other. No number in it is an address of this process: the same in every run.
#pragma once

#include <cstdint>

namespace sim {

enum class OperationKind : uint8_t {
  everything,  ///< may touch whatever there is
  call_begin,  ///< a guest's. Reads whatever there is; which calls have ended before it counts, too
  call_end,    ///< the same: before which calls it came
  none,        ///< touches nothing by itself; another task may go on here
  lock_acquire,  ///< object: the lock, as of mediator_word()
  lock_release,
  atomic,     ///< object: the word, as of mediator_word()
  smc,        ///< the secure world and its SPs
  p2m,        ///< object: VM id. Its stage 2, pins and TLBs
  borrowing,  ///< what VMs have borrowed, all of them: pins read it, map_into and its kin write it
  buffers,    ///< object: VM id. Its mapped RX and TX buffers
  memory,     ///< object: page of PA
  interrupt,  ///< object: VM id << 16 | vCPU. What makes a vCPU's call go on
  life,       ///< object: VM id. References to it are taken and given back (which commutes: read)
  budget,     ///< of continuable work
  faults,     ///< how many operations there were of those that a fault is to strike
  plain       ///< mode `fine`: object: eight bytes of the mediator's memory, as of mediator_word()
};

struct Operation {
  OperationKind kind = OperationKind::everything;
  uint64_t object = 0;
  bool write = true;

  friend bool operator==(const Operation&, const Operation&) = default;
};

/// Which space of objects a kind counts in: acquire and release of a lock are about the same one.
constexpr OperationKind space_of(OperationKind kind) {
  return kind == OperationKind::lock_release ? OperationKind::lock_acquire : kind;
}

/// It is about all objects.
constexpr bool is_of_everything(OperationKind kind) {
  return kind == OperationKind::everything || kind == OperationKind::call_begin ||
         kind == OperationKind::call_end;
}

/// Two operations of different tasks whose order may be seen.
constexpr bool depend(const Operation& one, const Operation& other) {
  if (one.kind == OperationKind::none || other.kind == OperationKind::none) return false;
  if (!one.write && !other.write) {
    return (one.kind == OperationKind::call_begin && other.kind == OperationKind::call_end) ||
           (one.kind == OperationKind::call_end && other.kind == OperationKind::call_begin);
  }
  if (is_of_everything(one.kind) || is_of_everything(other.kind)) return true;
  return space_of(one.kind) == space_of(other.kind) && one.object == other.object;
}

/// Memory that a mediator was handed: 0 its own, 1 + id a VM's; and the byte in it.
constexpr uint64_t mediator_word(uint32_t memory, uint32_t offset) {
  return uint64_t{memory} << 32 | offset;
}

}  // namespace sim
