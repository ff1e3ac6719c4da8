// SPDX-License-Identifier: BSD-3-Clause
// Which of a VM's pages are in use: in a live memory transaction or as an RX or TX buffer. A
// balanced tree (AVL) of disjoint ranges over nodes in the VM's arena, so that a guest can make no
// operation slower than O(log n). Where shares may overlap, each has its own stretch of the tree
// behind that of the buffers, and its ranges are disjoint there. The nodes of one share are also a
// list, in the order in which the guest named them. Every function but range(), next() and the
// counters needs the VM's memory lock; those read fields that never change while a node is in use,
// and are for the node's holder. [DEN0077A 1.0 §5.8]
#pragma once

#include <cstdint>
#include <span>

#include "core/page_range.hpp"
#include "ffa/result.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// Who holds a range: the share in a slot of the share table, or one of the VM's two buffers.
class RangeHolder : public ffa::Strong<struct RangeHolderTag, uint32_t> {
 public:
  using Strong::Strong;
  [[nodiscard]] constexpr bool is_buffer() const { return raw() >= 0xfffffffeU; }
};
inline constexpr RangeHolder rx_holder{0xfffffffeU};
inline constexpr RangeHolder tx_holder{0xffffffffU};

/// A node of the map.
using RangeIndex = ffa::Strong<struct RangeIndexTag, uint32_t>;
inline constexpr RangeIndex no_range{~uint32_t{0}};

/// Why claim() refused.
struct RangeConflict {
  bool full = false;     ///< all nodes are in use
  RangeHolder holder{};  ///< else: who holds a page of the range already
};

class OwnershipMap {
 public:
  /// Arena storage, one a range. Needs no initialisation.
  struct Node {
    uint64_t base;
    uint32_t pages;
    uint32_t holder;
    RangeIndex parent;
    RangeIndex left;
    RangeIndex right;
    RangeIndex next;  ///< of the same holder; of the free list when unused
    uint32_t height;  ///< of the subtree, 1 for a leaf
  };

  OwnershipMap() = default;
  /// At most `nodes.size()` ranges at once. `overlapping`: how many shares may overlap each other,
  /// never themselves or a buffer; 0: none may.
  explicit OwnershipMap(std::span<Node> nodes, uint32_t overlapping = 0)
      : nodes_(nodes), overlapping_(overlapping) {}

  /// Takes `range` for `holder` and appends it to the list that ends in `previous` (no_range: a new
  /// list). `range` has at most 2^32 - 1 pages.
  ffa::Result<RangeIndex, RangeConflict> claim(const PageRange& range, RangeHolder holder,
                                               RangeIndex previous = no_range);
  /// Gives back the whole list that begins at `first` (no_range: nothing), or the end of one, which
  /// stands behind `previous`.
  void release(RangeIndex first, RangeIndex previous = no_range);
  [[nodiscard]] PageRange range(RangeIndex index) const;
  [[nodiscard]] RangeIndex next(RangeIndex index) const { return node(index).next; }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(nodes_.size()); }
  /// True if order, links, heights and balance of the whole tree hold. For tests; O(n log n).
  [[nodiscard]] bool consistent() const;

 private:
  struct Place {
    RangeIndex parent = no_range;
    bool left = false;
    RangeIndex occupied = no_range;  ///< a node that overlaps, where there is one
  };
  /// The stretch of the tree that a holder's ranges are in.
  [[nodiscard]] uint32_t stretch_of(uint32_t holder) const {
    return overlapping_ == 0 || RangeHolder{holder}.is_buffer() ? 0 : holder + 1;
  }
  [[nodiscard]] Place find(const PageRange& range, uint32_t stretch) const;
  [[nodiscard]] RangeIndex take_node();
  void erase(RangeIndex index);
  void replace(RangeIndex index, RangeIndex by);
  RangeIndex rotate(RangeIndex top, bool left);
  void rebalance(RangeIndex from);
  void update_height(RangeIndex index);
  [[nodiscard]] uint32_t height(RangeIndex index) const {
    return index == no_range ? 0 : node(index).height;
  }
  Node& node(RangeIndex index) { return nodes_[index.raw()]; }
  [[nodiscard]] const Node& node(RangeIndex index) const { return nodes_[index.raw()]; }

  std::span<Node> nodes_;
  RangeIndex root_ = no_range;
  RangeIndex free_ = no_range;
  uint32_t fresh_ = 0;  ///< nodes from here on were never used
  uint32_t size_ = 0;
  uint32_t overlapping_ = 0;
};

}  // namespace mediator
