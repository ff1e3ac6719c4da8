// SPDX-License-Identifier: BSD-3-Clause
// From an endpoint id to a small number (the slot of a VM, the place of a partition) in constant
// time: the hash table of handles, with ids for handles. The caller has the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/assert.hpp"
#include "core/handle_index.hpp"
#include "ffa/types.hpp"

namespace mediator {

class IdIndex {
 public:
  using Index = HashIndex<0x9e3779b900000000U>;  // ids have 16 bits
  using Entry = Index::Entry;
  static constexpr size_t entries_needed(size_t ids) {
    return Index::entries_needed(static_cast<uint32_t>(ids));
  }

  /// `entries`: entries_needed(ids).
  constexpr explicit IdIndex(std::span<Entry> entries)
      : index_(entries), room_(entries.size() / 2) {}

  [[nodiscard]] constexpr Found find(ffa::EndpointId id) const {
    return index_.find(key(id), [](uint32_t) { return true; });
  }
  /// `id` is not in the index yet and there is room: our bug otherwise.
  constexpr void insert(ffa::EndpointId id, uint16_t value) {
    FFA_ASSERT(room_ > 0);
    FFA_ASSERT(!find(id));
    index_.insert(key(id), value);
    --room_;
  }
  /// Takes `id` out if it is there.
  constexpr void erase(ffa::EndpointId id) {
    const auto value = find(id);
    if (!value) return;
    index_.erase(key(id), *value);
    ++room_;
  }

 private:
  static constexpr ffa::Handle key(ffa::EndpointId id) { return ffa::Handle{id.raw()}; }

  Index index_;
  size_t room_;
};

}  // namespace mediator
