// SPDX-License-Identifier: BSD-3-Clause
// The live memory transactions of one VM: share objects in arena slots, found by handle in constant
// time. A share keeps the guest's ranges, as a list in the ownership map, and nothing else:
// unpinning goes by IPA. Every function needs the VM's memory lock; a share in `reserved`, `sent`
// or `reclaiming` belongs to the one call that brought it there. [DEN0140 §1.10]
#pragma once

#include <cstdint>
#include <new>
#include <optional>
#include <span>

#include "core/assert.hpp"
#include "core/handle_index.hpp"
#include "core/ownership_map.hpp"
#include "core/retrieve_request.hpp"
#include "core/share_state.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// A slot of the share table.
using ShareSlot = ffa::Strong<struct ShareSlotTag, uint32_t>;
inline constexpr ShareSlot no_share{~uint32_t{0}};

constexpr RangeHolder holder_of(ShareSlot slot) { return RangeHolder{slot.raw()}; }

inline constexpr uint16_t no_transfer = 0xffff;

struct Share {
  SlotState state = SlotState::vacant;
  uint16_t refusals = 0;            ///< reclaims that the SPMC refused while the VM was torn down
  bool read_only = false;           ///< there is a page that the owner cannot write
  bool withdrawn = false;           ///< the owner's access was taken away
  bool dropping = false;            ///< a failed send that the SPMC is told to drop
  bool local = false;               ///< only VMs borrow: the SPMC knows nothing of it
  uint8_t receivers = 0;            ///< in its receiver list; 0: only SPs borrow, none is kept
  uint8_t holders = 0;              ///< VMs that have retrieved it, or are about to
  uint16_t transfer = no_transfer;  ///< its fragments are still coming: place of the transfer table
  ffa::Handle handle = ffa::invalid_handle;  ///< the SPMC's, once it is known
  ffa::PageCount pages{};                    ///< sum over the ranges, all of them pinned
  RangeIndex first_range = no_range;
  RangeIndex last_range = no_range;
  ShareTerms terms{};  ///< where VMs borrow
  ShareSlot next_vacant = no_share;
};

class ShareTable {
 public:
  ShareTable() = default;
  /// `slots`: one a share; `entries`: HandleIndex::entries_needed(slots.size()).
  ShareTable(std::span<Share> slots, std::span<HandleIndex::Entry> entries);

  /// vacant -> reserved. Nothing where every slot is in use.
  [[nodiscard]] std::optional<ShareSlot> reserve(ffa::PageCount pages = {});
  /// reserved -> sent. Notes its handle, the SPMC's or one that we chose; is_live() counts it from
  /// now on.
  void name(ShareSlot slot, ffa::Handle handle);
  /// In `sent`: another handle, of our choice.
  void rename(ShareSlot slot, ffa::Handle handle) {
    unname(slot);
    set_handle(slot, handle);
  }
  /// sent -> shared: begin_reclaim() finds it from now on.
  void accept(ShareSlot slot) { step(slot, ShareEvent::accept); }
  /// The share with this handle whose fragments are still coming.
  [[nodiscard]] std::optional<ShareSlot> find_transfer(ffa::Handle handle) const;
  /// The share with this handle that is `shared`.
  [[nodiscard]] std::optional<ShareSlot> find_shared(ffa::Handle handle) const;
  /// A share from `from` on, else any, that a VM has retrieved, or no_share.
  [[nodiscard]] ShareSlot find_borrowed(ShareSlot from) const;
  /// shared -> reclaiming for the share with this handle. Nothing where none is `shared`: unknown,
  /// or another call is reclaiming it.
  [[nodiscard]] std::optional<ShareSlot> begin_reclaim(ffa::Handle handle);
  /// reserved or sent: the SPMC is told to drop the send. As soon as it has, it may give the handle
  /// to another one, so this share answers to it no more.
  void begin_drop(ShareSlot slot) {
    (*this)[slot].transfer = no_transfer;
    (*this)[slot].dropping = true;
  }
  /// shared -> reclaiming, by slot.
  void begin_reclaim(ShareSlot slot) { step(slot, ShareEvent::reclaim); }
  /// reclaiming -> shared.
  void refuse(ShareSlot slot) { step(slot, ShareEvent::refuse); }
  /// reserved, sent or reclaiming -> vacant. The share's ranges were given back before.
  void vacate(ShareSlot slot);
  /// reserved (it may have got a handle that we never learned), sent or reclaiming -> quarantined:
  /// never found by handle again.
  void quarantine(ShareSlot slot);

  /// True if a share other than `except` has this handle and the SPMC did not take it back: one
  /// that is `reclaiming` or dropped here may be gone there already.
  [[nodiscard]] bool is_live(ffa::Handle handle, ShareSlot except = no_share) const;
  /// The first slot from `from` on in this state, or no_share.
  [[nodiscard]] ShareSlot find_state(SlotState state, ShareSlot from = ShareSlot{0}) const;

  [[nodiscard]] Share& operator[](ShareSlot slot) { return slots_[slot.raw()]; }
  [[nodiscard]] const Share& operator[](ShareSlot slot) const { return slots_[slot.raw()]; }
  [[nodiscard]] uint32_t size() const { return size_; }  ///< shares in any state
  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(slots_.size()); }

 private:
  /// Moves along the table. An event that it does not know there is our bug and stops the machine.
  void step(ShareSlot slot, ShareEvent event);
  void unname(ShareSlot slot);
  void set_handle(ShareSlot slot, ffa::Handle handle) {
    (*this)[slot].handle = handle;
    index_.insert(handle, slot.raw());
  }

  std::span<Share> slots_;
  HandleIndex index_;
  ShareSlot vacant_ = no_share;
  uint32_t size_ = 0;
};

// What each send and reclaim goes through is inline: with the event known, a step is one look-up.

inline void ShareTable::step(ShareSlot slot, ShareEvent event) {
  const auto next = next_state((*this)[slot].state, event);
  FFA_ASSERT(next.has_value());
  (*this)[slot].state = *next;
}

inline std::optional<ShareSlot> ShareTable::reserve(ffa::PageCount pages) {
  if (vacant_ == no_share) return std::nullopt;
  const ShareSlot slot = vacant_;
  Share& share = (*this)[slot];
  vacant_ = share.next_vacant;
  new (&share) Share{.pages = pages};
  step(slot, ShareEvent::reserve);
  ++size_;
  return slot;
}

inline void ShareTable::name(ShareSlot slot, ffa::Handle handle) {
  step(slot, ShareEvent::name);
  set_handle(slot, handle);
}

inline std::optional<ShareSlot> ShareTable::find_shared(ffa::Handle handle) const {
  const auto found = index_.find(
      handle, [this](uint32_t slot) { return slots_[slot].state == SlotState::shared; });
  if (!found) return std::nullopt;
  return ShareSlot{*found};
}

inline std::optional<ShareSlot> ShareTable::begin_reclaim(ffa::Handle handle) {
  const auto found = find_shared(handle);
  if (found) step(*found, ShareEvent::reclaim);
  return found;
}

inline void ShareTable::vacate(ShareSlot slot) {
  Share& share = (*this)[slot];
  step(slot, share.state == SlotState::reclaiming ? ShareEvent::finish : ShareEvent::drop);
  unname(slot);
  share.next_vacant = vacant_;
  vacant_ = slot;
  --size_;
}

inline void ShareTable::unname(ShareSlot slot) {
  const ffa::Handle handle = (*this)[slot].handle;
  if (handle != ffa::invalid_handle) index_.erase(handle, slot.raw());
}

inline bool ShareTable::is_live(ffa::Handle handle, ShareSlot except) const {
  return index_
      .find(handle,
            [this, except](uint32_t slot) {
              return slot != except.raw() && slots_[slot].state != SlotState::reclaiming &&
                     !slots_[slot].dropping;
            })
      .has_value();
}

}  // namespace mediator
