// SPDX-License-Identifier: BSD-3-Clause
#include "core/share_table.hpp"

namespace mediator {

ShareTable::ShareTable(std::span<Share> slots, std::span<HandleIndex::Entry> entries)
    : slots_(slots), index_(entries) {
  for (uint32_t n = capacity(); n > 0; --n) {
    slots_[n - 1] = Share{.next_vacant = vacant_};
    vacant_ = ShareSlot{n - 1};
  }
}

std::optional<ShareSlot> ShareTable::find_transfer(ffa::Handle handle) const {
  const auto found =
      index_.find(handle, [this](uint32_t slot) { return slots_[slot].transfer != no_transfer; });
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

void ShareTable::quarantine(ShareSlot slot) {
  step(slot, ShareEvent::quarantine);
  unname(slot);
}

ShareSlot ShareTable::find_state(SlotState state, ShareSlot from) const {
  for (uint32_t n = from.raw(); n < capacity(); ++n) {
    if (slots_[n].state == state) return ShareSlot{n};
  }
  return no_share;
}

}  // namespace mediator
