// SPDX-License-Identifier: BSD-3-Clause
// The pages of a send under way: looked up and pinned extent by extent, walked again to tell the
// SPMC, and given back by themselves if the send fails. Used by the send handlers.
// [DEN0077A 1.0 §5.8, §11.3]
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/descriptor_writer.hpp"
#include "core/memory_transaction.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// What the pages of a transaction were found to be.
struct PagesFacts {
  uint32_t runs = 0;       ///< physically contiguous runs, neighbours joined
  bool read_only = false;  ///< there is a page that the owner can't write
};

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

/// The pins of one transaction. Unpins what it pinned unless keep() was called.
template <Platform P>
class TransactionPins {
 public:
  TransactionPins(CallContext<P>& call, const MemoryTransaction& transaction)
      : call_(call), transaction_(transaction) {}
  ~TransactionPins() {
    if (!kept_) release();
  }
  TransactionPins(const TransactionPins&) = delete;
  TransactionPins& operator=(const TransactionPins&) = delete;

  /// Pins every page, RAM that the VM may access as the receivers shall, of at most `max_runs`
  /// physical runs: more can't be sent, and this bounds the work. Rules: mem_pages_ram,
  /// mem_pages_writable, mem_pages_pinned, mem_descriptor_fits.
  Outcome<PagesFacts> take(uint64_t max_runs) {
    PagesFacts facts;
    RunMerger merger;
    const auto take_extent = [&](ffa::Ipa ipa, const Extent& extent) -> Outcome<void> {
      FFA_CHECK(pin(ipa, extent));
      facts.read_only = facts.read_only || extent.kind == MemoryKind::ram_ro;
      if (merger.add({extent.pa, extent.pages})) ++facts.runs;
      return call_.rules.require(Rule::mem_descriptor_fits, facts.runs + 1 <= max_runs);
    };
    for (; range_ < transaction_.range_count; ++range_, pages_ = 0) {
      FFA_CHECK(for_each_extent(call_.platform(), call_.vm.id(), transaction_.ranges[range_],
                                take_extent));
    }
    if (merger.finish()) ++facts.runs;
    return facts;
  }
  void keep() { kept_ = true; }

 private:
  Outcome<void> pin(ffa::Ipa ipa, const Extent& extent) {
    RuleTrace& rules = call_.rules;
    const bool ram = extent.kind == MemoryKind::ram_rw || extent.kind == MemoryKind::ram_ro;
    FFA_CHECK(rules.require(Rule::mem_pages_ram, ram));
    FFA_CHECK(rules.require(Rule::mem_pages_writable,
                            extent.kind == MemoryKind::ram_rw || !transaction_.writable()));
    const auto pinned = call_.platform().pin(call_.vm.id(), ipa, extent);
    if (!pinned && pinned.error() != ffa::Status::denied) return relay(pinned.error());
    FFA_CHECK(rules.require(Rule::mem_pages_pinned, pinned.ok()));
    pages_ += extent.pages.raw();
    return {};
  }
  /// Gives back what take() got so far: whole ranges, then the beginning of the last one.
  void release() {
    P& platform = call_.platform();
    for (uint32_t n = 0; n < range_; ++n) {
      const PageRange range = transaction_.ranges[n];
      platform.unpin(call_.vm.id(), range.base(), range.pages());
    }
    if (pages_ == 0) return;
    platform.unpin(call_.vm.id(), transaction_.ranges[range_].base(), ffa::PageCount{pages_});
  }

  CallContext<P>& call_;
  const MemoryTransaction& transaction_;
  uint32_t range_ = 0;  ///< ranges before this one are pinned whole
  uint64_t pages_ = 0;  ///< pages of this one that are pinned
  bool kept_ = false;
};

/// Writes ranges into the SPMC-facing TX page, a few at a time.
template <Platform P>
class RangeWriter {
 public:
  /// Writes at most `limit` ranges from `offset` (bytes) on; they fit.
  RangeWriter(SpmcTx<P>& tx, uint32_t offset, uint32_t limit)
      : tx_(tx), offset_(offset), limit_(limit) {}

  /// False: that would be more than `limit`.
  [[nodiscard]] bool add(const PhysicalRun& run) {
    if (written_ + used_ == limit_) return false;
    buffer_[used_++] = encode_range(run);
    if (used_ == buffer_.size()) flush();
    return true;
  }
  /// False: fewer than `limit` ranges were added.
  [[nodiscard]] bool finish() {
    flush();
    return written_ == limit_;
  }

 private:
  void flush() {
    const auto bytes = std::as_bytes(std::span{buffer_}.first(used_));
    if (bytes.empty()) return;
    tx_.write(offset_, bytes);
    offset_ += static_cast<uint32_t>(bytes.size());
    written_ += used_;
    used_ = 0;
  }

  SpmcTx<P>& tx_;
  uint32_t offset_;
  uint32_t limit_;
  uint32_t written_ = 0;
  uint32_t used_ = 0;
  std::array<ffa::wire::Constituent, 16> buffer_{};
};

/// Writes the whole descriptor for the SPMC. The pages are pinned, so what translation says now is
/// what it said when they were; still, more or fewer than `runs` runs are refused.
template <Platform P>
Outcome<void> write_descriptor(CallContext<P>& call, SpmcTx<P>& tx,
                               const MemoryTransaction& transaction, uint32_t runs) {
  const ffa::Version version = call.mediator.spmc.version;
  const DescriptorHead head{transaction, version, runs};
  tx.write(0, head.bytes());
  RangeWriter<P> writer{tx, static_cast<uint32_t>(head.bytes().size()), runs};
  RunMerger merger;
  bool fits = true;
  const auto write_extent = [&](ffa::Ipa, const Extent& extent) {
    const auto run = merger.add({extent.pa, extent.pages});
    fits = fits && (!run || writer.add(*run));
    return call.rules.require(Rule::mem_pages_ram, extent.kind == MemoryKind::ram_rw ||
                                                       extent.kind == MemoryKind::ram_ro);
  };
  for (uint32_t n = 0; n < transaction.range_count; ++n) {
    FFA_CHECK(for_each_extent(call.platform(), call.vm.id(), transaction.ranges[n], write_extent));
  }
  const auto last = merger.finish();
  fits = fits && (!last || writer.add(*last));
  return call.rules.require(Rule::mem_pages_pinned, writer.finish() && fits);
}

}  // namespace mediator
