// SPDX-License-Identifier: BSD-3-Clause
// FFA_RXTX_MAP, FFA_RXTX_UNMAP and FFA_RX_RELEASE. The buffers' pages are pinned, mapped, and
// entered in the VM's ownership map, so that they can't be shared while they are buffers.
// [DEN0077A 1.2 §13.5-13.7]
#pragma once

#include "core/page_range.hpp"
#include "core/rollback.hpp"
#include "ffa/calls.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// Pins and maps one buffer; undone at the end of the scope unless kept.
template <Platform P>
class BufferMapping {
 public:
  BufferMapping(CallContext<P>& call, const PageRange& range) : call_(call), range_(range) {}
  ~BufferMapping() {
    if (mapped_) call_.platform().unmap(buffer_);
    if (pinned_ != 0) call_.platform().unpin(call_.vm.id(), range_.base(), ffa::PageCount{pinned_});
  }
  BufferMapping(const BufferMapping&) = delete;
  BufferMapping& operator=(const BufferMapping&) = delete;

  /// Every page must be the VM's own read-write RAM, else `memory_rule` rejects.
  Outcome<void> establish(Rule memory_rule) {
    const uint64_t pages = range_.pages().raw();
    while (pinned_ < pages) {  // bound: each round pins at least one of at most 63 pages
      const ffa::Ipa at = range_.at(ffa::PageCount{pinned_});
      const ffa::PageCount rest{pages - pinned_};
      const Extent extent = call_.platform().translate(call_.vm.id(), at, rest);
      const bool own_ram = extent.kind == MemoryKind::ram_rw && extent.pages >= ffa::PageCount{1} &&
                           extent.pages <= rest;
      FFA_CHECK(call_.rules.require(memory_rule, own_ram));
      const auto pin = call_.platform().pin(call_.vm.id(), at, extent);
      if (!pin.ok()) return relay(pin.error());
      pinned_ += extent.pages.raw();
    }
    const auto buffer = call_.platform().map(call_.vm.id(), range_.base(), range_.pages());
    if (!buffer.ok()) return relay(buffer.error());
    buffer_ = *buffer;
    mapped_ = true;
    return {};
  }
  /// The mapping outlives the scope.
  BufferId keep() {
    mapped_ = false;
    pinned_ = 0;
    return buffer_;
  }

 private:
  CallContext<P>& call_;
  const PageRange range_;
  uint64_t pinned_ = 0;
  BufferId buffer_{};
  bool mapped_ = false;
};

/// Enters a buffer in the ownership map. Rule: rxtx_map_not_shared.
template <Platform P>
Outcome<RangeIndex> claim_pages(CallContext<P>& call, const PageRange& range, RangeHolder holder) {
  const Guard guard(call.vm.memory_lock);
  const auto claimed = call.vm.memory.ranges.claim(range, holder);
  if (!claimed.ok() && claimed.error().full) return relay(ffa::Status::no_memory);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_not_shared, claimed.ok()));
  return *claimed;
}
template <Platform P>
void release_pages(VmContext<P>& vm, RangeIndex range) {
  const Guard guard(vm.memory_lock);
  vm.memory.ranges.release(range);
}

/// The two ranges of a valid FFA_RXTX_MAP.
struct BufferRanges {
  PageRange tx;
  PageRange rx;
};

template <Platform P>
Outcome<BufferRanges> check_rxtx_map(CallContext<P>& call) {
  const auto map = ffa::RxtxMap::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_reserved, map.ok()));
  const ffa::PageCount pages = map->page_count;
  const bool count_fits =
      pages >= ffa::PageCount{1} && pages <= ffa::PageCount{call.vm.config.max_rxtx_pages};
  FFA_CHECK(call.rules.require(Rule::rxtx_map_count, count_fits));
  const auto tx = PageRange::make(ffa::Ipa{map->tx_address}, pages);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_tx_aligned, tx.ok()));
  const auto rx = PageRange::make(ffa::Ipa{map->rx_address}, pages);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_rx_aligned, rx.ok()));
  FFA_CHECK(call.rules.require(Rule::rxtx_map_disjoint, !tx->overlaps(*rx)));
  return BufferRanges{*tx, *rx};
}

template <Platform P>
Reply rxtx_map(CallContext<P>& call) {
  FFA_TRY(const BufferRanges ranges, check_rxtx_map(call));
  VmBuffers<P>& buffers = call.vm.buffers;
  const Guard guard(call.vm.state_lock);
  const bool none_yet = buffers.tx.load() == static_cast<uint32_t>(TxState::unmapped);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_once, none_yet));

  FFA_TRY(const RangeIndex tx_range, claim_pages(call, ranges.tx, tx_holder));
  Rollback release_tx{[&] { release_pages(call.vm, tx_range); }};
  FFA_TRY(const RangeIndex rx_range, claim_pages(call, ranges.rx, rx_holder));
  Rollback release_rx{[&] { release_pages(call.vm, rx_range); }};
  BufferMapping<P> tx{call, ranges.tx};
  FFA_CHECK(tx.establish(Rule::rxtx_map_tx_memory));
  BufferMapping<P> rx{call, ranges.rx};
  FFA_CHECK(rx.establish(Rule::rxtx_map_rx_memory));

  buffers.tx_buffer = tx.keep();
  buffers.rx_buffer = rx.keep();
  buffers.tx_ipa = ranges.tx.base();
  buffers.rx_ipa = ranges.rx.base();
  buffers.pages = ranges.tx.pages();
  buffers.tx_range = tx_range;
  buffers.rx_range = rx_range;
  release_tx.commit();
  release_rx.commit();
  FFA_ASSERT(move_rx(buffers, RxEvent::map));
  buffers.tx.store(static_cast<uint32_t>(TxState::free));
  return ffa::success32();
}

/// Gives the buffers' pages back. The caller holds state_lock, and nobody can reach the buffers any
/// more.
template <Platform P>
void release_buffers(P& platform, VmContext<P>& vm) {
  VmBuffers<P>& buffers = vm.buffers;
  platform.unmap(buffers.rx_buffer);
  platform.unmap(buffers.tx_buffer);
  platform.unpin(vm.id(), buffers.rx_ipa, buffers.pages);
  platform.unpin(vm.id(), buffers.tx_ipa, buffers.pages);
  release_pages(vm, buffers.rx_range);
  release_pages(vm, buffers.tx_range);
  buffers.rx_ipa = buffers.tx_ipa = {};
  buffers.pages = {};
}

template <Platform P>
Reply rxtx_unmap(CallContext<P>& call) {
  const auto unmap = ffa::RxtxUnmap::decode(call.regs);
  const bool bare = unmap.ok() && unmap->vm == ffa::EndpointId{0};
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_reserved, bare));
  const Guard guard(call.vm.state_lock);
  TxClaim<P> claim{call.vm.buffers};
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_mapped, claim.mapped()));
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_tx_idle, claim.held()));
  const bool rx_idle = move_rx(call.vm.buffers, RxEvent::unmap);
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_rx_idle, rx_idle));
  release_buffers(call.platform(), call.vm);
  claim.give_back(TxState::unmapped);
  return ffa::success32();
}

template <Platform P>
Reply rx_release(CallContext<P>& call) {
  const auto release = ffa::RxRelease::decode(call.regs);
  const bool bare = release.ok() && release->vm == ffa::EndpointId{0};
  FFA_CHECK(call.rules.require(Rule::rx_release_reserved, bare));
  const bool owned = move_rx(call.vm.buffers, RxEvent::release);
  FFA_CHECK(call.rules.require(Rule::rx_release_owned, owned));
  return ffa::success32();
}

}  // namespace mediator
