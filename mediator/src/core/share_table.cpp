// SPDX-License-Identifier: BSD-3-Clause
#include "core/share_table.hpp"

#include "core/assert.hpp"

namespace mediator {

ShareTable::ShareTable(std::span<Share> slots, std::span<HandleIndex::Entry> entries)
    : slots_(slots), index_(entries) {
  for (uint32_t n = capacity(); n > 0; --n) {
    slots_[n - 1] = Share{.next_vacant = vacant_};
    vacant_ = ShareSlot{n - 1};
  }
}

void ShareTable::step(ShareSlot slot, ShareEvent event) {
  const auto next = next_state((*this)[slot].state, event);
  FFA_ASSERT(next.has_value());
  (*this)[slot].state = *next;
}

std::optional<ShareSlot> ShareTable::reserve(ffa::PageCount pages) {
  if (vacant_ == no_share) return std::nullopt;
  const ShareSlot slot = vacant_;
  Share& share = (*this)[slot];
  vacant_ = share.next_vacant;
  share = Share{.pages = pages};
  step(slot, ShareEvent::reserve);
  ++size_;
  return slot;
}

void ShareTable::name(ShareSlot slot, ffa::Handle handle) {
  const SlotState state = (*this)[slot].state;
  FFA_ASSERT(state == SlotState::sent || state == SlotState::reserved);
  FFA_ASSERT((*this)[slot].handle == ffa::invalid_handle);
  (*this)[slot].handle = handle;
  index_.insert(handle, slot.raw());
}

std::optional<ShareSlot> ShareTable::find_transfer(ffa::Handle handle) const {
  const auto found =
      index_.find(handle, [this](uint32_t slot) { return slots_[slot].transfer != no_transfer; });
  if (!found) return std::nullopt;
  return ShareSlot{*found};
}

std::optional<ShareSlot> ShareTable::find_shared(ffa::Handle handle) const {
  const auto found = index_.find(
      handle, [this](uint32_t slot) { return slots_[slot].state == SlotState::shared; });
  if (!found) return std::nullopt;
  return ShareSlot{*found};
}

ShareSlot ShareTable::find_borrowed(ShareSlot from) const {
  for (uint32_t n = 0; n < capacity(); ++n) {
    const ShareSlot slot{(from.raw() + n) % capacity()};
    if ((*this)[slot].holders != 0) return slot;
  }
  return no_share;
}

std::optional<ShareSlot> ShareTable::begin_reclaim(ffa::Handle handle) {
  const auto found = find_shared(handle);
  if (found) step(*found, ShareEvent::reclaim);
  return found;
}

void ShareTable::vacate(ShareSlot slot) {
  Share& share = (*this)[slot];
  step(slot, share.state == SlotState::reclaiming ? ShareEvent::finish : ShareEvent::drop);
  unname(slot);
  share = Share{.next_vacant = vacant_};
  vacant_ = slot;
  --size_;
}

void ShareTable::quarantine(ShareSlot slot) {
  step(slot, ShareEvent::quarantine);
  unname(slot);
}

void ShareTable::unname(ShareSlot slot) {
  const ffa::Handle handle = (*this)[slot].handle;
  if (handle != ffa::invalid_handle) index_.erase(handle, slot.raw());
}

bool ShareTable::is_live(ffa::Handle handle, ShareSlot except) const {
  return index_
      .find(handle,
            [this, except](uint32_t slot) {
              return slot != except.raw() && slots_[slot].state != SlotState::reclaiming;
            })
      .has_value();
}

ShareSlot ShareTable::find_state(SlotState state, ShareSlot from) const {
  for (uint32_t n = from.raw(); n < capacity(); ++n) {
    if (slots_[n].state == state) return ShareSlot{n};
  }
  return no_share;
}

}  // namespace mediator
