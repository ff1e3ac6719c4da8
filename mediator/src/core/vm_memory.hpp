// SPDX-License-Identifier: BSD-3-Clause
// Which pages of one VM are in use and by what: its ownership map and its shares, sized by its
// limits, in its arena. All of it is guarded by the VM's memory lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "core/arena.hpp"
#include "core/borrow_table.hpp"
#include "core/memory_send.hpp"
#include "core/ownership_map.hpp"
#include "core/share_table.hpp"
#include "mediator/limits.hpp"

namespace mediator {

struct VmMemory {
  /// Ranges beside those of shares: the RX and the TX buffer.
  static constexpr size_t buffer_ranges = 2;

  /// Bytes of arena for a VM of this configuration.
  static constexpr size_t bytes(const VmConfig& vm) {
    return Arena::bytes<OwnershipMap::Span>(ranges_of(vm)) +
           Arena::bytes<OwnershipMap::Slot>(slots_of(vm)) + Arena::bytes<Share>(vm.max_shares) +
           Arena::bytes<Transfer>(vm.max_transfers) +
           Arena::bytes<HandleIndex::Entry>(HandleIndex::entries_needed(vm.max_shares)) +
           Arena::bytes<ShareReceiver>(vm.max_shares * receivers_kept(vm)) +
           (vm.borrows() ? borrow_bytes(vm) : 0);
  }
  /// Receivers that a share has at most.
  static constexpr uint32_t receivers_kept(const VmConfig& vm) {
    return std::min<uint32_t>(vm.max_borrowers, MemoryTransaction::max_receivers);
  }
  /// A VM may borrow as many regions, in as many pieces, as it may share, in as many ranges.
  static constexpr size_t borrow_bytes(const VmConfig& vm) {
    return Arena::bytes<BorrowedRegion>(vm.max_shares) + Arena::bytes<WindowPiece>(vm.max_ranges) +
           Arena::bytes<HandleIndex::Entry>(HandleIndex::entries_needed(vm.max_shares));
  }

  VmMemory() = default;
  VmMemory(const VmConfig& vm, Arena& arena)
      : ranges(arena.raw_array<OwnershipMap::Span>(ranges_of(vm)),
               arena.raw_array<OwnershipMap::Slot>(slots_of(vm)),
               vm.overlapping_shares ? vm.max_shares : 0U),
        shares(arena.make_array<Share>(vm.max_shares),
               arena.make_array<HandleIndex::Entry>(HandleIndex::entries_needed(vm.max_shares))),
        transfers(arena.make_array<Transfer>(vm.max_transfers)),
        share_receivers(arena.make_array<ShareReceiver>(vm.max_shares * receivers_kept(vm))),
        receivers_per_share(receivers_kept(vm)) {
    if (!vm.borrows()) return;
    borrowed = BorrowTable{
        vm.borrow_window.base, vm.borrow_window.pages,
        arena.make_array<BorrowedRegion>(vm.max_shares),
        arena.make_array<WindowPiece>(vm.max_ranges),
        arena.make_array<HandleIndex::Entry>(HandleIndex::entries_needed(vm.max_shares))};
  }

  /// The receivers of a share that VMs borrow.
  [[nodiscard]] std::span<ShareReceiver> receivers(ShareSlot slot) {
    return share_receivers.subspan(slot.raw() * receivers_per_share, shares[slot].receivers);
  }

  /// Ranges, and slots for them: each share and each buffer has a list of its own.
  static constexpr size_t ranges_of(const VmConfig& vm) { return vm.max_ranges + buffer_ranges; }
  static constexpr size_t slots_of(const VmConfig& vm) {
    return OwnershipMap::slots_needed(ranges_of(vm), vm.max_shares + buffer_ranges);
  }

  OwnershipMap ranges;
  ShareTable shares;
  TransferTable transfers;
  BorrowTable borrowed;  ///< what the VM borrows
  std::span<ShareReceiver> share_receivers;
  uint32_t receivers_per_share = 0;
  bool closed = false;           ///< the VM is torn down: nobody retrieves from it any more
  uint32_t handles_preset = 0;   ///< handles that we chose
  ShareSlot teardown_cursor{0};  ///< where the next reclaim of a teardown looks first
};

}  // namespace mediator
