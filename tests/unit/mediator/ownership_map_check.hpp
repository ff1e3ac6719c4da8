// SPDX-License-Identifier: BSD-3-Clause
// Looks at the inside of an ownership map: whether the whole tree is as it must be.
#pragma once

#include <cstddef>

#include "core/ownership_map.hpp"

namespace mediator {

class OwnershipMapCheck {
 public:
  explicit OwnershipMapCheck(const OwnershipMap& map) : map_(map) {}
  /// True if order, links, heights and balance of the whole tree hold, and each span is what its
  /// slots say. O(n log n).
  [[nodiscard]] bool whole() const;
  /// Spans in the tree.
  [[nodiscard]] size_t spans() const;

 private:
  [[nodiscard]] OwnershipMap::SpanIndex lowest() const;
  [[nodiscard]] OwnershipMap::SpanIndex after(OwnershipMap::SpanIndex index) const;
  [[nodiscard]] bool is_sound(OwnershipMap::SpanIndex index) const;

  const OwnershipMap& map_;
};

inline bool consistent(const OwnershipMap& map) { return OwnershipMapCheck{map}.whole(); }

}  // namespace mediator
