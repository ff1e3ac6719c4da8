// SPDX-License-Identifier: BSD-3-Clause
// The pages of a send: looked up and pinned extent by extent as its ranges come, walked again to
// tell the SPMC, given back when the send fails or its memory was reclaimed. Whatever stands in the
// list of a share is pinned whole. [DEN0077A 1.0 §5.8, §11.3]
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/memory_send.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// Calls `visit(ipa, extent)` for each extent of `range`. Stops with what `visit` rejects.
template <Platform P, class Visit>
Outcome<void> for_each_extent(P& platform, ffa::EndpointId vm, const PageRange& range,
                              Visit visit) {
  uint64_t done = 0;
  while (done < range.pages().raw()) {  // bound: each extent has at least one page
    const ffa::Ipa ipa = range.at(ffa::PageCount{done});
    const ffa::PageCount left{range.pages().raw() - done};
    const Extent extent = platform.translate(vm, ipa, left);
    const bool none = extent.kind == MemoryKind::none || extent.pages.raw() == 0;
    FFA_ASSERT(none || extent.pages <= left);
    FFA_CHECK(visit(ipa, none ? Extent{.pages = ffa::PageCount{1}} : extent));
    done += none ? 1 : extent.pages.raw();
  }
  return {};
}

/// The ownership map without its lock: for ranges of a share that belongs to this call alone, whose
/// nodes nobody else changes.
template <Platform P>
const OwnershipMap& ranges_of_own_share(VmContext<P>& vm) FFA_ATTR(no_thread_safety_analysis) {
  return vm.memory.ranges;
}

/// Takes one range after the other into a share: enters it in the ownership map, then pins its
/// pages. A range that is refused is not taken at all.
template <Platform P>
class RangeTaker {
 public:
  RangeTaker(CallContext<P>& call, IncomingSend& send) : call_(call), send_(send) {}

  /// Rules: mem_page_sum, then those of the ownership map, then those of the pages.
  Outcome<void> take(const PageRange& range) {
    const uint64_t pages = range.pages().raw();
    FFA_CHECK(call_.rules.require(Rule::mem_page_sum,
                                  pages <= send_.transaction.total_pages.raw() - send_.pages));
    FFA_TRY(const RangeIndex before, enter(range));
    pinned_ = 0;
    const auto pinned =
        for_each_extent(call_.platform(), call_.vm.id(), range,
                        [&](ffa::Ipa ipa, const Extent& extent) { return pin(ipa, extent); });
    if (!pinned.ok()) {
      if (pinned_ != 0) {
        call_.platform().unpin(call_.vm.id(), range.base(), ffa::PageCount{pinned_});
      }
      leave(before);
      return pinned;
    }
    send_.pages += pages;
    const Guard guard(call_.vm.memory_lock);
    Share& share = call_.vm.memory.shares[send_.slot];
    share.pages = ffa::PageCount{send_.pages};
    share.read_only = share.read_only || read_only_;
    return {};
  }

 private:
  Outcome<void> pin(ffa::Ipa ipa, const Extent& extent) {
    RuleTrace& rules = call_.rules;
    const bool writable = extent.kind == MemoryKind::ram_rw;
    FFA_CHECK(rules.require(Rule::mem_pages_ram, writable || extent.kind == MemoryKind::ram_ro));
    FFA_CHECK(rules.require(Rule::mem_zero_writable, writable || !send_.transaction.flags.zero()));
    FFA_CHECK(rules.require(Rule::mem_pages_writable, writable || !send_.writable));
    const auto pinned = call_.platform().pin(call_.vm.id(), ipa, extent);
    if (!pinned && pinned.error() != ffa::Status::denied) return relay(pinned.error());
    FFA_CHECK(rules.require(Rule::mem_pages_pinned, pinned.ok()));
    pinned_ += extent.pages.raw();
    read_only_ = read_only_ || !writable;
    if (send_.merger.add({extent.pa, extent.pages})) ++send_.runs;
    return {};
  }
  /// Enters the range behind the last one, which is the result. Rules: mem_ranges_disjoint,
  /// mem_pages_not_buffer, mem_pages_not_shared, mem_quota_ranges.
  Outcome<RangeIndex> enter(const PageRange& range) {
    const Guard guard(call_.vm.memory_lock);
    VmMemory& memory = call_.vm.memory;
    Share& share = memory.shares[send_.slot];
    const RangeHolder own = holder_of(send_.slot);
    const RangeIndex before = share.last_range;
    const auto claimed = memory.ranges.claim(range, own, before);
    const bool full = !claimed && claimed.error().full;
    const bool taken = !claimed && !full;
    const RangeHolder by = claimed ? own : claimed.error().holder;
    RuleTrace& rules = call_.rules;
    FFA_CHECK(rules.require(Rule::mem_ranges_disjoint, !taken || by != own));
    FFA_CHECK(rules.require(Rule::mem_pages_not_buffer, !taken || !by.is_buffer()));
    FFA_CHECK(rules.require(Rule::mem_pages_not_shared, !taken));
    FFA_CHECK(rules.require(Rule::mem_quota_ranges, !full));
    if (share.first_range == no_range) share.first_range = *claimed;
    share.last_range = *claimed;
    return before;
  }
  /// Takes the last range out again; `before` is the last one then.
  void leave(RangeIndex before) {
    const Guard guard(call_.vm.memory_lock);
    VmMemory& memory = call_.vm.memory;
    Share& share = memory.shares[send_.slot];
    memory.ranges.release(share.last_range, before);
    share.last_range = before;
    if (before == no_range) share.first_range = no_range;
  }

  CallContext<P>& call_;
  IncomingSend& send_;
  bool read_only_ = false;
  uint64_t pinned_ = 0;  ///< pages of the range at hand
};

/// Gives the owner its access to the ranges from `first` to before `end` back.
template <Platform P>
void restore_access(MediatorState<P>& mediator, VmContext<P>& vm, RangeIndex first,
                    RangeIndex end = no_range) {
  const OwnershipMap& ranges = ranges_of_own_share(vm);
  for (RangeIndex at = first; at != end; at = ranges.next(at)) {
    const PageRange range = ranges.range(at);
    const auto restored =
        mediator.platform.set_access(vm.id(), range.base(), range.pages(), OwnerAccess::full);
    FFA_ASSERT(restored.ok());
  }
}

/// Takes the owner's access to a list of ranges away, to all of it or to nothing. No vCPU of the
/// owner has it afterwards.
template <Platform P>
ffa::Result<void> withdraw_access(MediatorState<P>& mediator, VmContext<P>& vm, RangeIndex first) {
  const OwnershipMap& ranges = ranges_of_own_share(vm);
  for (RangeIndex at = first; at != no_range; at = ranges.next(at)) {
    const PageRange range = ranges.range(at);
    const auto taken =
        mediator.platform.set_access(vm.id(), range.base(), range.pages(), OwnerAccess::none);
    if (taken.ok()) continue;
    restore_access(mediator, vm, first, at);
    return taken;
  }
  mediator.platform.tlbi(vm.id());
  return {};
}

/// Zeroes a list of ranges. On error some of them may be zeroed.
template <Platform P>
ffa::Result<void> clear_pages(MediatorState<P>& mediator, VmContext<P>& vm, RangeIndex first) {
  constexpr uint64_t most = 32;  // pages mapped at once, as of an RX or TX buffer
  const OwnershipMap& ranges = ranges_of_own_share(vm);
  for (RangeIndex at = first; at != no_range; at = ranges.next(at)) {
    const PageRange range = ranges.range(at);
    for (uint64_t done = 0; done < range.pages().raw();) {
      const ffa::PageCount pages{std::min(most, range.pages().raw() - done)};
      FFA_TRY(const BufferId buffer,
              mediator.platform.map(vm.id(), range.at(ffa::PageCount{done}), pages));
      mediator.platform.clear(buffer, 0, static_cast<uint32_t>(pages.raw() * ffa::page_size));
      mediator.platform.unmap(buffer);
      done += pages.raw();
    }
  }
  return {};
}

/// Gives everything of a share back, here: its owner has its access again, its pages are unpinned,
/// its ranges and its slot are free. The share belongs to the caller alone and the SPMC does not
/// hold it.
template <Platform P>
void release_share(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot,
                   RangeIndex first_range) {
  bool withdrawn = false;
  {
    const Guard guard(vm.memory_lock);
    withdrawn = vm.memory.shares[slot].withdrawn;
  }
  if (withdrawn) restore_access(mediator, vm, first_range);
  const OwnershipMap& ranges = ranges_of_own_share(vm);
  for (RangeIndex at = first_range; at != no_range; at = ranges.next(at)) {
    mediator.platform.unpin(vm.id(), ranges.range(at).base(), ranges.range(at).pages());
  }
  const Guard guard(vm.memory_lock);
  vm.memory.ranges.release(first_range);
  vm.memory.shares.vacate(slot);
}

/// The physical runs of a list of ranges, one after the other, neighbours joined; or page by page.
/// The pages are pinned, so what translation says now is what it said when they were; still, what
/// is no RAM any more is refused.
template <Platform P>
class RunCursor {
 public:
  RunCursor(CallContext<P>& call, RangeIndex first, bool page_by_page)
      : call_(call), first_(first), range_(first), page_by_page_(page_by_page) {}

  /// The next run; nothing behind the last.
  Outcome<std::optional<PhysicalRun>> next() {
    const OwnershipMap& map = ranges_of_own_share(call_.vm);
    while (range_ != no_range) {  // bound: the extents of the ranges
      const PageRange range = map.range(range_);
      const uint64_t left = range.pages().raw() - page_;
      if (left == 0) {
        range_ = map.next(range_);
        page_ = 0;
        continue;
      }
      const Extent extent = call_.platform().translate(
          call_.vm.id(), range.at(ffa::PageCount{page_}), ffa::PageCount{page_by_page_ ? 1 : left});
      const bool ram = extent.kind == MemoryKind::ram_rw || extent.kind == MemoryKind::ram_ro ||
                       extent.kind == MemoryKind::ram_none;
      FFA_CHECK(call_.rules.require(Rule::mem_pages_ram, ram && extent.pages.raw() != 0));
      page_ += extent.pages.raw();
      const PhysicalRun run{extent.pa, extent.pages};
      if (page_by_page_) return std::optional{run};
      if (const auto done = merger_.add(run)) return done;
    }
    return merger_.finish();
  }
  /// Goes back to the beginning and forward over `runs` runs.
  Outcome<void> seek(uint32_t runs) {
    range_ = first_;
    page_ = 0;
    merger_ = {};
    for (uint32_t n = 0; n < runs; ++n) FFA_CHECK(next());
    return {};
  }

 private:
  CallContext<P>& call_;
  RangeIndex first_;
  RangeIndex range_;
  uint64_t page_ = 0;
  RunMerger merger_;
  bool page_by_page_;
};

}  // namespace mediator
