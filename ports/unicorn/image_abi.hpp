// SPDX-License-Identifier: BSD-3-Clause
// What the mediator's AArch64 image and the emulator around it promise each other. Shared by
// ports/unicorn (inside) and sim/unicorn (outside). docs/unicorn.md.
//
// Inwards: the functions below, found by name in the ELF file and called as the procedure call
// standard says, with LR at `image_return`. Objects go by address; they are those of the mediator's
// public headers, which have the same layout on both sides (asserted at the end). A guest's call
// comes in at `image_guest_call`, as an exception would: x0-x30 are the guest's, TPIDR_EL2 points
// to a GuestCall. It goes back at the HVC that `image_guest_return` marks, with the guest's
// registers.
//
// Outwards: HVC with an operation's number in x0 and its arguments from x1 on; the answer is in x0
// and x1..x3, every other register keeps its value. SMC is the world switch: x0-x17, and in x18 the
// VM on whose behalf it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "mediator/limits.hpp"
#include "mediator/observe.hpp"

namespace ports::unicorn {

/// The value of the image's word `image_abi_version`.
constexpr uint32_t abi_version = 7;

/// Where an image may lie.
constexpr uint64_t image_begin = 0x4000'0000;
constexpr uint64_t image_end = 0x5000'0000;

/// Mapped buffers: the bytes of one lie from window_begin + its number * window_bytes on. They can
/// be read once after a copy_in has asked for them; what is written there waits for its copy_out.
constexpr uint64_t window_begin = 1ULL << 43;
constexpr uint64_t window_bytes = 1ULL << 24;
constexpr uint64_t window_count = 1ULL << 18;

/// A guest's call; `outcome` is what image_handle_call returns.
struct GuestCall {
  uint64_t self;
  uint32_t vm, vcpu, conduit, outcome;
};
static_assert(sizeof(GuestCall) == 24 && offsetof(GuestCall, outcome) == 20);

/// Where image_guest_call keeps the guest's x0-x17 while the mediator has them: so far below the
/// stack pointer that it begins with.
constexpr uint64_t guest_frame_bytes = 176;

/// As the operations of mediator::Platform. `addr` is an address in the image's memory.
enum class Op : uint64_t {
  returned = 0,   ///< a called function is back; x1 its result
  translate,      ///< vm, ipa, pages -> pa, pages, kind
  pin,            ///< vm, ipa, pa, pages, kind -> status
  unpin,          ///< vm, ipa, pages
  map,            ///< vm, ipa, pages -> status, buffer
  unmap,          ///< buffer
  copy_in,        ///< buffer, offset, bytes: they can be read in its window now
  copy_out,       ///< buffer, offset, bytes: they were written into its window
  clear,          ///< buffer, offset, bytes
  own_tx,         ///< -> buffer, pa
  own_rx,         ///< -> buffer, pa
  inject_irq,     ///< vm, vcpu, irq -> 1, or 0: the vCPU is offline
  vm_get,         ///< vm -> 1 or 0
  vm_put,         ///< vm
  budget_left,    ///< -> 1 or 0
  log,            ///< level, addr, bytes
  rules,          ///< vm, vcpu, addr of 64-bit words, words, rejected
  lock_acquire,   ///< addr of a 32-bit word, class
  lock_release,   ///< addr of a 32-bit word, class
  atomic_access,  ///< addr, 1 or 0: it writes or not; the access itself follows
  vm_facts,       ///< addr of mediator::VmFacts
  share_facts,    ///< addr of mediator::ShareFacts
  range_facts,    ///< addr of mediator::RangeFacts
  wake,           ///< vm, vcpu
  set_access,     ///< vm, ipa, pages, mediator::OwnerAccess -> status
  map_into,       ///< vm, ipa, pa, pages, mediator::BorrowerAccess -> status
  unmap_from,     ///< vm, ipa, pages
  tlbi,           ///< vm
  count
};

// The functions of the image; `self` is what image_create returned. Statuses are FF-A's, progress
// is mediator::Progress. A line a function: result, name, parameters.
//
//   uint64_t     image_memory_needed                 const MediatorConfig*
//   uint64_t     image_vm_memory_needed              const MediatorConfig*, const VmConfig*
//   void*        image_create                        const MediatorConfig*, void* memory, u64 bytes
//   int32_t      image_probe                         self
//   int32_t      image_domain_init                   self, const VmConfig*, void* memory, u64 bytes
//   uint32_t     image_domain_teardown               self, vm
//   uint32_t     image_relinquish_resources          self, vm
//   void         image_free_domain_ctx               self, vm
//   uint32_t     image_handle_call                   self, vm, vcpu, conduit, uint64_t x[18]
//   void         image_schedule_receiver_interrupt   self
//   void         image_observe                       self
//   const char*  image_rule_name                     rule
//
// image_create returns nullptr where it refuses, image_handle_call 1 where the call was served, 2
// where it waits, 0 where it is not the mediator's, image_rule_name nullptr behind the last rule.
// image_domain_init returns a mediator::Progress where it goes on.
// The facts of an observation come by the operations *_facts.

/// Registers of a call, as image_handle_call gets them.
constexpr size_t call_registers = 18;

// The layouts that both sides rely on.
template <class T>
constexpr bool crosses = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>;
static_assert(crosses<mediator::MediatorConfig> && sizeof(mediator::MediatorConfig) == 48 &&
              offsetof(mediator::MediatorConfig, vm_message_handle) == 24 &&
              offsetof(mediator::MediatorConfig, allow_hvc) == 40);
static_assert(crosses<mediator::VmConfig> && sizeof(mediator::VmConfig) == 88 &&
              offsetof(mediator::VmConfig, overlapping_shares) == 8 &&
              offsetof(mediator::VmConfig, max_shares) == 16 &&
              offsetof(mediator::VmConfig, max_borrowers) == 30 &&
              offsetof(mediator::VmConfig, lends) == 34 &&
              offsetof(mediator::VmConfig, peers) == 36 &&
              offsetof(mediator::VmConfig, borrow_window) == 56 &&
              offsetof(mediator::VmConfig, uuid) == 72);
static_assert(crosses<mediator::VmFacts> && sizeof(mediator::VmFacts) == 64 &&
              offsetof(mediator::VmFacts, rx_ipa) == 16 &&
              offsetof(mediator::VmFacts, dying) == 60);
static_assert(crosses<mediator::ShareFacts> && sizeof(mediator::ShareFacts) == 32 &&
              offsetof(mediator::ShareFacts, state) == 16);
static_assert(crosses<mediator::RangeFacts> && sizeof(mediator::RangeFacts) == 16);

}  // namespace ports::unicorn
