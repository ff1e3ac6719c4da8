// SPDX-License-Identifier: BSD-3-Clause
// FFA_RXTX_MAP, FFA_RXTX_UNMAP and FFA_RX_RELEASE. The buffers' pages are pinned, mapped, and
// entered in the VM's ownership map, so that they can't be shared while they are buffers. An SPMC
// that has FFA_RX_ACQUIRE is told of them, so that SPs can send messages to the VM.
// [DEN0077A 1.2 §13.5-13.7]
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "core/descriptor_writer.hpp"
#include "core/page_range.hpp"
#include "core/rollback.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "ffa/wire/rxtx.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The physical ranges of one buffer, for the SPMC: as many as a buffer has pages at most, in the
/// memory that the caller gives.
class BufferRanges {
 public:
  static constexpr size_t max_bytes =
      ffa::RxtxMap::page_count_mask * sizeof(ffa::wire::Constituent);
  explicit BufferRanges(std::span<std::byte> memory) : memory_(memory.first(max_bytes)) {}

  void add(const PhysicalRun& run) { append(merger_.add(run)); }
  void finish() { append(merger_.finish()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return memory_.first(length_); }
  [[nodiscard]] ffa::wire::CompositeMemoryRegion header(ffa::PageCount pages) const {
    const size_t count = length_ / sizeof(ffa::wire::Constituent);
    return {static_cast<uint32_t>(pages.raw()), static_cast<uint32_t>(count), 0};
  }

 private:
  void append(const std::optional<PhysicalRun>& run) {
    if (!run) return;
    const auto range = encode_range(*run);
    std::memcpy(memory_.data() + length_, &range, sizeof(range));
    length_ += sizeof(range);
  }

  std::span<std::byte> memory_;
  size_t length_ = 0;
  RunMerger merger_;
};

/// Pins and maps one buffer; undone at the end of the scope unless kept, or only its pages are.
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
  Outcome<void> establish(Rule memory_rule, BufferRanges& ranges) {
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
      ranges.add({extent.pa, extent.pages});
    }
    ranges.finish();
    const auto buffer = call_.platform().map(call_.vm.id(), range_.base(), range_.pages());
    if (!buffer.ok()) return relay(buffer.error());
    buffer_ = *buffer;
    mapped_ = true;
    return {};
  }
  /// The mapping outlives the scope.
  BufferId keep() {
    mapped_ = false;
    keep_pages();
    return buffer_;
  }
  void keep_pages() { pinned_ = 0; }

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
  OwnershipMap& ranges = call.vm.memory.ranges;
  const RangeIndex claimed = ranges.claim(range, holder);
  if (claimed == no_range && ranges.conflict().full) return relay(ffa::Status::no_memory);
  FFA_CHECK(call.rules.require(Rule::rxtx_map_not_shared, claimed != no_range));
  return claimed;
}
template <Platform P>
void release_pages(VmContext<P>& vm, RangeIndex range) {
  const Guard guard(vm.memory_lock);
  vm.memory.ranges.release(range);
}

/// The two buffers of a valid FFA_RXTX_MAP.
struct BufferPair {
  PageRange tx;
  PageRange rx;
};

template <Platform P>
Outcome<BufferPair> check_rxtx_map(CallContext<P>& call) {
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
  return BufferPair{*tx, *rx};
}

/// One FFA_RXTX_UNMAP for a VM. That the SPMC has no buffers of it is an answer to believe only
/// where it may never have had them, or given them up already. [DEN0077A 1.2 §13.7]
template <Platform P>
Outcome<void> take_buffers_back(MediatorState<P>& mediator, VmContext<P>& vm) {
  const ffa::Regs answer = mediator.smc(vm.id(), ffa::RxtxUnmap{vm.id()}.encode());
  const auto unmapped = expect_success(answer);
  const bool none = status_of(answer) == ffa::Status::invalid_parameters;
  const bool gone = unmapped.ok() || (vm.buffers_unsure && none);
  vm.buffers_unsure = !gone && (vm.buffers_unsure || kind_of(answer) != AnswerKind::error);
  if (gone) return {};
  return relay(unmapped.error());
}

/// FFA_RXTX_MAP for a VM: the endpoint RX/TX descriptor goes through the mediator's own TX.
template <Platform P>
Outcome<void> tell_spmc_of_buffers(CallContext<P>& call, ffa::PageCount pages,
                                   const BufferRanges& rx, const BufferRanges& tx) {
  using ffa::wire::CompositeMemoryRegion;
  using ffa::wire::EndpointRxtxV1_1;
  const size_t tx_offset =
      sizeof(EndpointRxtxV1_1) + sizeof(CompositeMemoryRegion) + rx.bytes().size();
  const EndpointRxtxV1_1 descriptor{call.vm.id().raw(), 0, sizeof(EndpointRxtxV1_1),
                                    static_cast<uint32_t>(tx_offset), 0};
  SpmcTx<P> page{call.mediator};
  uint32_t at = 0;
  const auto append = [&](std::span<const std::byte> bytes) {
    page.write(at, bytes);
    at += static_cast<uint32_t>(bytes.size());
  };
  append(std::as_bytes(std::span{&descriptor, 1}));
  for (const BufferRanges* const buffer : {&rx, &tx}) {
    const CompositeMemoryRegion header = buffer->header(pages);
    append(std::as_bytes(std::span{&header, 1}));
    append(buffer->bytes());
  }
  const bool wide = call.mediator.spmc.features.has(ffa::fid64(ffa::Fid::rxtx_map));
  const ffa::RxtxMap map{wide ? ffa::Convention::smc64 : ffa::Convention::smc32, 0, 0, {}};
  ffa::Regs answer = call.smc(map.encode());
  if (status_of(answer) == ffa::Status::denied) {
    // Those of an earlier VM with this id were left behind.
    FFA_CHECK(expect_success(call.smc(ffa::RxtxUnmap{call.vm.id()}.encode())));
    answer = call.smc(map.encode());
  }
  const auto mapped = expect_success(answer);
  if (mapped.ok()) return {};
  if (kind_of(answer) != AnswerKind::error) {
    call.vm.buffers_unsure = true;
    call.vm.buffers_kept = !take_buffers_back(call.mediator, call.vm).ok();
  }
  return relay(mapped.error());
}

/// The pages of unmapped buffers are the VM's own again.
template <Platform P>
void release_buffer_pages(P& platform, VmContext<P>& vm) {
  VmBuffers<P>& buffers = vm.buffers;
  platform.unpin(vm.id(), buffers.rx_ipa, buffers.pages);
  platform.unpin(vm.id(), buffers.tx_ipa, buffers.pages);
  release_pages(vm, buffers.rx_range);
  release_pages(vm, buffers.tx_range);
  buffers.rx_ipa = buffers.tx_ipa = {};
  buffers.pages = {};
  vm.buffers_kept = false;
}

template <Platform P>
Reply rxtx_map(CallContext<P>& call) {
  FFA_TRY(const BufferPair pair, check_rxtx_map(call));
  VmBuffers<P>& buffers = call.vm.buffers;
  TxClaim<P> claim{buffers, TxState::unmapped};
  FFA_CHECK(call.rules.require(Rule::rxtx_map_once, claim.held()));
  if (call.vm.buffers_kept) {
    FFA_CHECK(take_buffers_back(call.mediator, call.vm));
    release_buffer_pages(call.platform(), call.vm);
  }

  FFA_TRY(const RangeIndex tx_range, claim_pages(call, pair.tx, tx_holder));
  Rollback release_tx{[&] { release_pages(call.vm, tx_range); }};
  FFA_TRY(const RangeIndex rx_range, claim_pages(call, pair.rx, rx_holder));
  Rollback release_rx{[&] { release_pages(call.vm, rx_range); }};
  const std::span<std::byte> scratch = call.vcpu_state().message;
  BufferRanges tx_ranges{scratch};
  BufferRanges rx_ranges{scratch.subspan(BufferRanges::max_bytes)};
  BufferMapping<P> tx{call, pair.tx};
  FFA_CHECK(tx.establish(Rule::rxtx_map_tx_memory, tx_ranges));
  BufferMapping<P> rx{call, pair.rx};
  FFA_CHECK(rx.establish(Rule::rxtx_map_rx_memory, rx_ranges));
  const bool shared = shares_buffers(call.mediator, call.vm);
  Outcome<void> told{};
  if (shared) told = tell_spmc_of_buffers(call, pair.tx.pages(), rx_ranges, tx_ranges);
  if (!told.ok() && !call.vm.buffers_kept) return relay(told.error());

  buffers.tx_ipa = pair.tx.base();
  buffers.rx_ipa = pair.rx.base();
  buffers.pages = pair.tx.pages();
  buffers.tx_range = tx_range;
  buffers.rx_range = rx_range;
  release_tx.commit();
  release_rx.commit();
  if (!told.ok()) {
    tx.keep_pages();
    rx.keep_pages();
    return relay(told.error());
  }
  buffers.tx_buffer = tx.keep();
  buffers.rx_buffer = rx.keep();
  buffers.rx_unreturned = false;
  FFA_ASSERT(move_rx(buffers, shared ? RxEvent::give : RxEvent::map));
  claim.give_back(TxState::free);
  return call.reply(ffa::success32());
}

/// Gives the buffers' pages back, but for those that the SPMC keeps: they stay pinned. Nobody can
/// reach the buffers any more.
template <Platform P>
void release_buffers(P& platform, VmContext<P>& vm) {
  platform.unmap(vm.buffers.rx_buffer);
  platform.unmap(vm.buffers.tx_buffer);
  if (!vm.buffers_kept) release_buffer_pages(platform, vm);
}

template <Platform P>
Reply rxtx_unmap(CallContext<P>& call) {
  const auto unmap = ffa::RxtxUnmap::decode(call.regs);
  const bool bare = unmap.ok() && unmap->vm == ffa::EndpointId{0};
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_reserved, bare));
  TxClaim<P> claim{call.vm.buffers};
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_mapped, claim.mapped()));
  FFA_CHECK(call.rules.require(Rule::rxtx_unmap_tx_idle, claim.held()));
  RxWriter<P> rx{call};
  FFA_CHECK(rx.acquire(Rule::rxtx_unmap_rx_idle));
  Outcome<void> gone{};
  if (shares_buffers(call.mediator, call.vm)) {
    gone = take_buffers_back(call.mediator, call.vm);
    if (call.vm.buffers_unsure) gone = take_buffers_back(call.mediator, call.vm);
    call.vm.buffers_kept = call.vm.buffers_unsure;
    if (!gone.ok() && !call.vm.buffers_kept) return relay(gone.error());
  }
  release_buffers(call.platform(), call.vm);
  rx.unmap();
  claim.give_back(TxState::unmapped);
  if (!gone.ok()) return relay(gone.error());
  return call.reply(ffa::success32());
}

template <Platform P>
Reply rx_release(CallContext<P>& call) {
  const auto release = ffa::RxRelease::decode(call.regs);
  const bool bare = release.ok() && release->vm == ffa::EndpointId{0};
  FFA_CHECK(call.rules.require(Rule::rx_release_reserved, bare));
  const auto given = give_back_rx(call);
  const bool owned = given.ok() || given.error() != ffa::Status::denied;
  FFA_CHECK(call.rules.require(Rule::rx_release_owned, owned));
  if (!given.ok()) return relay(given.error());
  return call.reply(ffa::success32());
}

}  // namespace mediator
