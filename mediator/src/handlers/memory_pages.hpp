// SPDX-License-Identifier: BSD-3-Clause
// The pages of a send: looked up and pinned extent by extent as its ranges come, walked again to
// tell the SPMC, given back when the send fails or its memory was reclaimed. Whatever stands in the
// list of a share is pinned whole. [DEN0077A 1.0 §5.8, §11.3]
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

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

/// A share that belongs to this call alone, without the lock: but for its state, its handle and its
/// transfer, nobody else looks at it.
template <Platform P>
Share& own_share(VmContext<P>& vm, ShareSlot slot) FFA_ATTR(no_thread_safety_analysis) {
  return vm.memory.shares[slot];
}

/// Takes ranges into a share, in batches: enters them in the ownership map under one lock, then
/// pins their pages. The first range that is refused, for whatever reason, decides; it is not
/// taken, nor what follows.
template <Platform P>
class RangeTaker {
 public:
  RangeTaker(CallContext<P>& call, IncomingSend& send) : call_(call), send_(send) {}

  /// The first time, the slot of the share too. Rules: mem_quota_shares; range by range those of
  /// check_range(), mem_page_sum, those of the ownership map, those of the pages.
  Outcome<void> take(const ConstituentView& ranges) {
    uint32_t n = 0;
    do {
      const uint32_t end = std::min(ranges.count(), n + batch_ranges);
      FFA_CHECK(take_batch(ranges, n, end));
      n = end;
    } while (n < ranges.count());
    return {};
  }

 private:
  /// How long the lock is held at most.
  static constexpr uint32_t batch_ranges = 64;

  /// What enter() did.
  struct Entered {
    Outcome<void> outcome;         ///< why the range behind those entered was refused, if one was
    RangeIndex before = no_range;  ///< the last range of the share before
    RangeIndex first = no_range;   ///< the first one entered
  };

  Outcome<void> take_batch(const ConstituentView& ranges, uint32_t begin, uint32_t end) {
    const Entered entered = enter(ranges, begin, end);
    if (send_.slot == no_share) return entered.outcome;
    const OwnershipMap& map = ranges_of_own_share(call_.vm);
    RangeIndex good = entered.before;
    for (RangeIndex at = entered.first; at != no_range; at = map.next(at)) {
      const auto pinned = pin(map.range(at));
      if (!pinned.ok()) {
        settle(at, good);
        return pinned;
      }
      good = at;
    }
    settle(no_range, good);
    return entered.outcome;
  }
  Entered enter(const ConstituentView& ranges, uint32_t begin, uint32_t end) {
    const Guard guard(call_.vm.memory_lock);
    Entered entered;
    if (send_.slot == no_share) {
      entered.outcome = reserve();
      if (!entered.outcome.ok()) return entered;
    }
    Share& share = call_.vm.memory.shares[send_.slot];
    entered.before = share.last_range;
    uint64_t pages = send_.pages;
    for (uint32_t n = begin; n < end && entered.outcome.ok(); ++n) {
      // All rules were met by the first of the batch.
      const bool quick = n != begin && enter_onward(ranges, n, share, pages);
      if (!quick) entered.outcome = enter_one(ranges, n, share, pages);
    }
    if (entered.before == no_range) {
      entered.first = share.first_range;
    } else {
      entered.first = call_.vm.memory.ranges.next(entered.before);
    }
    return entered;
  }
  Outcome<void> reserve() FFA_REQ(call_.vm.memory_lock) {
    const auto slot = call_.vm.memory.shares.reserve();
    FFA_CHECK(call_.rules.require(Rule::mem_quota_shares, slot.has_value()));
    send_.slot = *slot;
    return {};
  }
  /// What nearly every range is: one that no rule rejects, right behind the last. False: it may be
  /// another, and nothing changed.
  bool enter_onward(const ConstituentView& ranges, uint32_t n, Share& share, uint64_t& pages)
      FFA_REQ(call_.vm.memory_lock) {
    const auto range = ranges.defect_or_range(n);
    if (!range.ok()) return false;
    const uint64_t more = range->pages().raw();
    if (more > send_.transaction.total_pages.raw() - pages) return false;
    const RangeIndex claimed = call_.vm.memory.ranges.claim_onward(*range, share.last_range);
    if (claimed == no_range) return false;
    share.last_range = claimed;
    pages += more;
    return true;
  }
  /// `pages` counts those of the ranges entered.
  Outcome<void> enter_one(const ConstituentView& ranges, uint32_t n, Share& share, uint64_t& pages)
      FFA_REQ(call_.vm.memory_lock) {
    RuleTrace& rules = call_.rules;
    const auto checked = ranges.defect_or_range(n);
    FFA_CHECK(check_range(checked, rules));
    const PageRange& range = *checked;
    const uint64_t more = range.pages().raw();
    FFA_CHECK(
        rules.require(Rule::mem_page_sum, more <= send_.transaction.total_pages.raw() - pages));
    const RangeHolder own = holder_of(send_.slot);
    const RangeIndex claimed = call_.vm.memory.ranges.claim(range, own, share.last_range);
    const bool refused = claimed == no_range;
    const RangeConflict& conflict = call_.vm.memory.ranges.conflict();
    const bool taken = refused && !conflict.full;
    FFA_CHECK(rules.require(Rule::mem_ranges_disjoint, !taken || conflict.holder != own));
    FFA_CHECK(rules.require(Rule::mem_pages_not_buffer, !taken || !conflict.holder.is_buffer()));
    FFA_CHECK(rules.require(Rule::mem_pages_not_shared, !taken));
    FFA_CHECK(rules.require(Rule::mem_quota_ranges, !refused));
    if (share.first_range == no_range) share.first_range = claimed;
    share.last_range = claimed;
    pages += more;
    return {};
  }
  /// Pins all pages of a range, or none.
  Outcome<void> pin(const PageRange& range) {
    uint64_t pinned_pages = 0;
    const auto visit = [&](ffa::Ipa ipa, const Extent& extent) -> Outcome<void> {
      FFA_CHECK(pin_extent(ipa, extent));
      pinned_pages += extent.pages.raw();
      return {};
    };
    const auto pinned = for_each_extent(call_.platform(), call_.vm.id(), range, visit);
    if (pinned.ok()) {
      send_.pages += pinned_pages;
    } else if (pinned_pages != 0) {
      call_.platform().unpin(call_.vm.id(), range.base(), ffa::PageCount{pinned_pages});
    }
    return pinned;
  }
  Outcome<void> pin_extent(ffa::Ipa ipa, const Extent& extent) {
    RuleTrace& rules = call_.rules;
    const bool writable = extent.kind == MemoryKind::ram_rw;
    if (!writable || !writable_met_) {
      FFA_CHECK(rules.require(Rule::mem_pages_ram, writable || extent.kind == MemoryKind::ram_ro));
      FFA_CHECK(
          rules.require(Rule::mem_zero_writable, writable || !send_.transaction.flags.zero()));
      FFA_CHECK(rules.require(Rule::mem_pages_writable, writable || !send_.writable));
    }
    const auto pinned = call_.platform().pin(call_.vm.id(), ipa, extent);
    if (!pinned.ok()) {
      if (pinned.error() != ffa::Status::denied) return relay(pinned.error());
      return rules.require(Rule::mem_pages_pinned, false);
    }
    if (!writable_met_) FFA_CHECK(rules.require(Rule::mem_pages_pinned, true));
    writable_met_ = writable_met_ || writable;
    read_only_ = read_only_ || !writable;
    if (send_.merger.add({extent.pa, extent.pages})) ++send_.runs;
    return {};
  }
  /// Notes in the share what was pinned, and takes the ranges from `wrong` on out again; `good` is
  /// the last one then.
  void settle(RangeIndex wrong, RangeIndex good) {
    Share& share = own_share(call_.vm, send_.slot);
    share.pages = ffa::PageCount{send_.pages};
    share.read_only = share.read_only || read_only_;
    if (wrong == no_range) return;
    const Guard guard(call_.vm.memory_lock);
    call_.vm.memory.ranges.release(wrong, good);
    share.last_range = good;
    if (good == no_range) share.first_range = no_range;
  }

  CallContext<P>& call_;
  IncomingSend& send_;
  bool read_only_ = false;
  bool writable_met_ = false;  ///< what a page that may be written meets was met already
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
void release_share(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot) {
  const RangeIndex first_range = own_share(vm, slot).first_range;
  if (own_share(vm, slot).withdrawn) restore_access(mediator, vm, first_range);
  const OwnershipMap& ranges = ranges_of_own_share(vm);
  for (RangeIndex at = first_range; at != no_range; at = ranges.next(at)) {
    mediator.platform.unpin(vm.id(), ranges.range(at).base(), ranges.range(at).pages());
  }
  const ffa::Handle handle = own_share(vm, slot).handle;
  {
    const Guard guard(vm.memory_lock);
    vm.memory.ranges.release(first_range);
    vm.memory.shares.vacate(slot);
  }
  if (handle != ffa::invalid_handle) mediator.handles.take_off(handle);
}

/// The share, which belongs to the caller alone, is never found by its handle again.
template <Platform P>
void quarantine_share(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot) {
  const ffa::Handle handle = own_share(vm, slot).handle;
  {
    const Guard guard(vm.memory_lock);
    vm.memory.shares.quarantine(slot);
  }
  if (handle != ffa::invalid_handle) mediator.handles.take_off(handle);
}

/// The physical runs of a list of ranges, one after the other, neighbours joined; or page by page.
/// The pages are pinned, so what translation says now is what it said when they were; still, what
/// is no RAM any more is refused.
template <Platform P>
class RunCursor {
 public:
  RunCursor(CallContext<P>& call, RangeIndex first, bool page_by_page)
      : call_(call), first_(first), range_(first), page_by_page_(page_by_page) {}

  /// The next runs, at most as many as `out` holds; fewer behind the last. Their number.
  Outcome<size_t> next(std::span<ffa::wire::Constituent> out) {
    const OwnershipMap& map = ranges_of_own_share(call_.vm);
    size_t count = 0;
    while (range_ != no_range && count < out.size()) {  // bound: the extents of the ranges
      const PageRange range = map.range(range_);
      const uint64_t left = range.pages().raw() - page_;
      const Extent extent = call_.platform().translate(
          call_.vm.id(), range.at(ffa::PageCount{page_}), ffa::PageCount{page_by_page_ ? 1 : left});
      const bool ram = extent.kind == MemoryKind::ram_rw || extent.kind == MemoryKind::ram_ro ||
                       extent.kind == MemoryKind::ram_none;
      if (!ram || extent.pages.raw() == 0 || extent.pages.raw() > left) {
        return ffa::Error{call_.rules.require(Rule::mem_pages_ram, false).error()};
      }
      page_ += extent.pages.raw();
      if (page_ == range.pages().raw()) {
        range_ = map.next(range_);
        page_ = 0;
      }
      const PhysicalRun run{extent.pa, extent.pages};
      const auto done = page_by_page_ ? std::optional{run} : merger_.add(run);
      if (done) out[count++] = encode_range(*done);
    }
    if (count == out.size()) return count;
    if (const auto last = merger_.finish()) out[count++] = encode_range(*last);
    return count;
  }
  /// Goes back to the beginning and forward over `runs` runs.
  Outcome<void> seek(uint32_t runs) {
    range_ = first_;
    page_ = 0;
    merger_ = {};
    for (ffa::wire::Constituent skipped; runs > 0; --runs) FFA_CHECK(next({&skipped, 1}));
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
