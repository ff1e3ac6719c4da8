// SPDX-License-Identifier: BSD-3-Clause
// I01, I02, I04, I05, I07, I08: which pages are shared, pinned and told to the SPMC.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ffa/reply.hpp"
#include "sim/check/assembly.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/descriptor.hpp"

namespace sim::check {

namespace {

using ffa::Fid;

const char* kind_name(mediator::MemoryKind kind) {
  switch (kind) {
    case mediator::MemoryKind::none:
      return "nothing";
    case mediator::MemoryKind::ram_rw:
      return "RAM";
    case mediator::MemoryKind::ram_ro:
      return "read-only RAM";
    case mediator::MemoryKind::device:
      return "a device";
    case mediator::MemoryKind::foreign:
      return "someone else's page";
    case mediator::MemoryKind::ram_none:
      return "RAM that was lent";
  }
  return "an unknown kind";
}

/// I01: what a call has put into a transaction is the caller's own RAM, writable if a receiver may
/// write.
class OwnRam final : public CheckerOf<OwnRam> {
 public:
  std::string id() const override { return "I01"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    if (step.sent.bytes.empty() || !ffa::is_success(step.event.out)) return;
    const auto vm = step.facts.vms.find(step.event.vm);
    if (vm == step.facts.vms.end()) return;
    const auto asked = read_descriptor(step.sent.bytes, step.guest().version);
    constexpr uint8_t data_mask = 3;
    constexpr uint8_t read_only = 1;
    const bool writes =
        !asked ||
        std::any_of(asked->accesses.begin(), asked->accesses.end(), [](ReceiverAccess access) {
          return (access.permissions & data_mask) != read_only;
        });
    for (const ShareFact& share : vm->second.shares) {
      if (share.fact.handle != answered_handle(step.event.out)) continue;
      // Its pages may be gone already.
      if (!step.alone && share.fact.share_state == share_reclaiming) continue;
      for (const ffa_sim_fact& range : share.ranges) {
        check_range(step, range.ipa, range.pages, writes);
      }
    }
  }

 private:
  void check_range(const Step& step, uint64_t ipa, uint64_t pages, bool writes) const {
    const Machine& machine = step.sim().machine();
    while (pages > 0) {
      const mediator::Extent extent = machine.translate_own(step.event.vm, ipa, pages);
      const bool own = extent.kind == mediator::MemoryKind::ram_rw ||
                       (extent.kind == mediator::MemoryKind::ram_ro && !writes);
      if (!own) {
        report(step, fmt::format("shares {:#x}, where {} is mapped", ipa, kind_name(extent.kind)));
        return;
      }
      ipa += extent.pages.raw() * ffa::page_size;
      pages -= extent.pages.raw();
    }
  }
};

/// I02: each address that goes out in a descriptor is the caller's own translation, in its order.
class OwnTranslations final : public CheckerOf<OwnTranslations> {
 public:
  std::string id() const override { return "I02"; }
  void before(const Step& step) override {
    if (step.is_guest() && is_send_part(step.event.in))
      host_changes_[step.event.seq] = step.sim().host_changes();
  }
  void after(const Step& step) override {
    const auto begun = host_changes_.find(step.event.seq);
    // Another call may have ended the transaction, and the host taken its pages since.
    const bool changed = !step.alone && begun != host_changes_.end() &&
                         begun->second != step.sim().host_changes() && !is_live(step);
    if (begun != host_changes_.end()) host_changes_.erase(begun);
    if (step.thorough) check_regions(step);
    check_buffers(step);
    for (const trace::Event* smc : step.smcs) {
      if (is_send_part(smc->in)) check_sent(step, *smc, changed);
      const bool ended = ffa::is_function(smc->in, Fid::mem_reclaim) && ffa::is_success(smc->out);
      if (ended) spmc_[smc->vm].drop(requested_handle(smc->in));
    }
    if (step.sent.bytes.empty() || !ffa::is_success(step.event.out)) return;
    const uint64_t handle = answered_handle(step.event.out);
    Assembly& spmc = spmc_[step.event.vm];
    const auto* const told = spmc.find(handle);
    if (told != nullptr && !changed) compare(step, *told);
    spmc.drop(handle);
  }

 private:
  /// The transaction that the call brought is there, and so are its pages.
  static bool is_live(const Step& step) {
    if (!ffa::is_success(step.event.out)) return false;
    const auto* const share = step.find_share(step.event.vm, answered_handle(step.event.out));
    return share != nullptr && share->fact.share_state == share_shared;
  }

  // Whatever of a descriptor goes to the SPMC: whose it is and whose pages it names.
  void check_sent(const Step& step, const trace::Event& smc, bool changed) {
    const Assembly::Part part = spmc_[smc.vm].note(smc);
    if (!step.is_guest() || part.bytes.empty()) return;
    const auto told = read_descriptor(part.bytes, step.spmc_version, part.fresh);
    if (!told) {
      report(step, "the SPMC was sent a descriptor without ranges");
      return;
    }
    if (told->sender != step.event.vm) {
      report(step, fmt::format("the SPMC was told that {:#x} is the sender", told->sender));
    }
    if (changed) return;
    for (const PageRun& run : told->ranges) check_owner(step, run);
  }

  static std::vector<PageRun> translate_all(const Step& step, const std::vector<PageRun>& ranges) {
    std::vector<PageRun> result;
    for (PageRun range : ranges) {
      while (range.pages > 0) {
        const mediator::Extent extent =
            step.sim().machine().translate(step.event.vm, range.address, range.pages);
        if (extent.kind == mediator::MemoryKind::none) break;
        result.push_back({extent.pa.raw(), extent.pages.raw()});
        range.address += extent.pages.raw() * ffa::page_size;
        range.pages -= extent.pages.raw();
      }
    }
    return result;
  }

  void check_owner(const Step& step, const PageRun& run) const {
    const PageOwner caller = owned_by(step.event.vm);
    if (const auto pa = step.sim().machine().find_other(run.address, run.pages, {caller, caller})) {
      report(step, fmt::format("the SPMC was told of {:#x}, which is not the caller's", *pa));
    }
  }

  void compare(const Step& step, const std::vector<uint8_t>& spmc) const {
    const auto asked = read_descriptor(step.sent.bytes, step.guest().version);
    const auto told = read_descriptor(spmc, step.spmc_version);
    const bool whole = asked && told && asked->ranges.size() == asked->range_count;
    if (!whole) return;
    const auto left = joined(translate_all(step, asked->ranges));
    const auto right = joined(told->ranges);
    const bool same = std::equal(left.begin(), left.end(), right.begin(), right.end(),
                                 [](const PageRun& a, const PageRun& b) {
                                   return a.address == b.address && a.pages == b.pages;
                                 });
    if (!same)
      report(step, "the SPMC was told of other pages than the caller's ranges translate to");
  }

  // What the SPMC holds stays the sender's, or is out of circulation.
  void check_regions(const Step& step) const {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t n = 0; model != nullptr && n < model->regions(); ++n) {
      const spmc_model::RegionFacts region = model->region(n);
      for (uint32_t range = 0; range < region.ranges; ++range) {
        ffa::Pa pa{};
        ffa::PageCount pages{};
        model->region_range(n, range, pa, pages);
        if (check_held(step, region.sender, pa.raw(), pages.raw())) return;
      }
    }
  }

  // So do the RX and TX that the SPMC may write and read for it.
  void check_buffers(const Step& step) const {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t slot = 0; model != nullptr && slot < spmc_model::max_vms; ++slot) {
      const spmc_model::VmBufferFacts held = model->vm_buffer(slot);
      if (held.rx.empty() && held.tx.empty()) continue;
      for (const auto& buffer : {held.rx, held.tx}) {
        for (const ffa::Pa page : buffer) {
          if (check_held(step, held.vm, page.raw(), 1)) return;
        }
      }
    }
  }

  bool check_held(const Step& step, ffa::EndpointId vm, uint64_t pa, uint64_t pages) const {
    const auto at =
        step.sim().machine().find_other(pa, pages, {owned_by(vm.raw()), PageOwner::quarantined});
    if (!at) return false;
    report(step, fmt::format("the SPMC holds {:#x} for VM {}, to whom it does not belong", *at,
                             vm.raw()));
    return true;
  }

  std::map<uint16_t, Assembly> spmc_;  // by VM: a handle may be another's before a call ends
  std::map<uint64_t, uint64_t> host_changes_;  // when a call that is not over began, by its seq
};

/// I04: only loans and donations, retrievals, and their ends, change what the calling VM sees of
/// its memory; where no transaction is left, it is what it was before all of them. A loan that
/// fails such that the SPMC may have the pages is quarantined, and its owner's access stays away.
class Stage2Unchanged final : public CheckerOf<Stage2Unchanged> {
 public:
  std::string id() const override { return "I04"; }
  void before(const Step& step) override {
    if (!step.alone) return;  // then after() says nothing of it
    before_ = digests(step);
    quarantined_ = quarantined(step);
    host_changes_ = step.sim().host_changes();
  }
  void after(const Step& step) override {
    if (step.sim().open_steps() == 0) check_owners(step);
    if (!step.is_guest() || !step.alone) return;
    if (step.sim().host_changes() != host_changes_) return;
    const ffa::Regs& in = step.event.in;
    const bool retrieved = ffa::is_function(in, Fid::mem_retrieve_req) &&
                           ffa::is_function(step.event.out, Fid::mem_retrieve_resp);
    const bool moves =
        ffa::is_function(in, Fid::mem_lend) || ffa::is_function(in, Fid::mem_donate) ||
        ffa::is_function(in, Fid::mem_frag_tx) || ffa::is_function(in, Fid::mem_reclaim) ||
        ffa::is_function(in, Fid::mem_relinquish);
    const bool done = ffa::is_success(step.event.out) || quarantined(step) > quarantined_;
    const bool may_change = retrieved || (moves && done);
    for (const Digest& is : digests(step)) {
      if (may_change && is.vm == step.event.vm) continue;
      const auto was = std::find_if(before_.begin(), before_.end(),
                                    [&is](const Digest& other) { return other.vm == is.vm; });
      if (was != before_.end() && was->value != is.value) {
        report(step, fmt::format("the stage 2 of VM {} has changed", is.vm));
      }
    }
  }

 private:
  void check_owners(const Step& step) const {
    for (const auto& [id, vm] : step.facts.vms) {
      check_buffer(step, id, vm.fact.rx_ipa, vm.fact.rxtx_pages);
      check_buffer(step, id, vm.fact.tx_ipa, vm.fact.rxtx_pages);
      if (!vm.shares.empty() || !step.sim().machine().has_vm(id)) continue;
      const uint64_t pages = step.sim().machine().withdrawn_pages(id);
      if (pages != 0) {
        report(step, fmt::format("VM {} has no transaction, and no access to {} of its pages", id,
                                 pages));
      }
    }
  }
  // A call may take the access to its caller's TX away, no longer than it lasts.
  void check_buffer(const Step& step, uint16_t id, uint64_t ipa, uint64_t pages) const {
    while (pages > 0) {
      const mediator::Extent extent = step.sim().machine().translate(id, ipa, pages);
      if (extent.kind == mediator::MemoryKind::ram_none) {
        report(step, fmt::format("VM {} has no access to its buffer at {:#x}", id, ipa));
      }
      const uint64_t done = std::max<uint64_t>(extent.pages.raw(), 1);
      if (extent.kind == mediator::MemoryKind::ram_none || done >= pages) return;
      ipa += done * ffa::page_size;
      pages -= done;
    }
  }
  static uint32_t quarantined(const Step& step) {
    const auto vm = step.facts.vms.find(step.event.vm);
    return vm == step.facts.vms.end() ? 0 : vm->second.fact.quarantined;
  }
  struct Digest {
    uint16_t vm;
    uint64_t value;
  };
  static std::vector<Digest> digests(const Step& step) {
    std::vector<Digest> result;
    result.reserve(step.sim().spec().vms.size());
    for (const VmSpec& vm : step.sim().spec().vms) {
      const uint16_t id = vm.config.id.raw();
      if (step.sim().machine().has_vm(id)) {
        result.push_back({id, step.sim().machine().stage2_digest(id)});
      }
    }
    return result;
  }

  uint32_t quarantined_ = 0;  ///< of the caller
  std::vector<Digest> before_;
  uint64_t host_changes_ = 0;
};

/// I05: the pins are those of the live transactions and of the RX/TX buffers, no more and no less.
class PinsMatch final : public CheckerOf<PinsMatch> {
 public:
  std::string id() const override { return "I05"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    if (!step.thorough || step.sim().open_steps() != 0) return;
    for (const auto& [id, vm] : step.facts.vms) check_vm(step, id, vm);
  }

 private:
  /// By so much the count of references changes at this IPA.
  struct Change {
    uint64_t ipa;
    int64_t count;
  };
  using Counts = std::vector<Change>;

  static void add(Counts& counts, uint64_t ipa, uint64_t pages, int64_t count) {
    if (pages == 0) return;
    counts.push_back({ipa, count});
    counts.push_back({ipa + pages * ffa::page_size, -count});
  }

  void check_vm(const Step& step, uint16_t id, const VmFact& vm) const {
    Counts counts;
    counts.reserve(16);
    for (const ShareFact& share : vm.shares) {
      for (const ffa_sim_fact& range : share.ranges) add(counts, range.ipa, range.pages, 1);
    }
    add(counts, vm.fact.rx_ipa, vm.fact.rxtx_pages, 1);
    add(counts, vm.fact.tx_ipa, vm.fact.rxtx_pages, 1);
    for (const Pinned& pin : step.sim().machine().pins(id)) {
      add(counts, pin.ipa, pin.pages, -int64_t{pin.count});
    }
    std::ranges::sort(counts, {}, &Change::ipa);
    int64_t difference = 0;
    for (size_t n = 0; n < counts.size(); ++n) {
      const uint64_t ipa = counts[n].ipa;
      difference += counts[n].count;
      const bool more_here = n + 1 < counts.size() && counts[n + 1].ipa == ipa;
      if (difference == 0 || more_here) continue;
      report(step,
             fmt::format("page {:#x} of VM {} has {} {} than its transactions and buffers need",
                         ipa, id, difference > 0 ? "fewer references" : "more references",
                         difference > 0 ? difference : -difference));
      return;
    }
    const uint64_t held = step.sim().machine().pinned_pages(id);
    if (vm.fact.pinned_pages != held) {
      report(step, fmt::format("the mediator counts {} references to VM {}, {} are held",
                               vm.fact.pinned_pages, id, held));
    }
  }
};

/// I07: a transaction has the pages of its ranges, and the SPMC knows of as many.
class PageCounts final : public CheckerOf<PageCounts> {
 public:
  std::string id() const override { return "I07"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    if (!step.thorough || step.sim().open_steps() != 0) return;
    const Told told = told_of(step);
    for (const auto& [id, vm] : step.facts.vms) {
      for (const ShareFact& share : vm.shares) check_share(step, id, share, told);
    }
  }

 private:
  using Told = std::map<std::pair<uint16_t, uint64_t>, uint64_t>;  // sender, handle -> pages

  static Told told_of(const Step& step) {
    Told told;
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t n = 0; model != nullptr && n < model->regions(); ++n) {
      const spmc_model::RegionFacts region = model->region(n);
      // What a dead VM left behind may have a handle that its successor got again.
      if (!region.owner_gone) told[{region.sender.raw(), region.handle.raw()}] = region.pages;
    }
    return told;
  }

  void check_share(const Step& step, uint16_t id, const ShareFact& share, const Told& all) const {
    if (share.fact.share_state != share_shared && share.fact.share_state != share_reclaiming)
      return;
    uint64_t sum = 0;
    for (const ffa_sim_fact& range : share.ranges) sum += range.pages;
    if (sum != share.fact.pages) {
      report(step, fmt::format("transaction {:#x} of VM {} has {} pages, its ranges {}",
                               share.fact.handle, id, share.fact.pages, sum));
    }
    const auto told = all.find({id, share.fact.handle});
    if (told == all.end() || told->second == share.fact.pages) return;
    report(step, fmt::format("transaction {:#x} of VM {} has {} pages, the SPMC was told of {}",
                             share.fact.handle, id, share.fact.pages, told->second));
  }
};

/// I08: the ranges of a transaction do not overlap and do not wrap.
class RangesDisjoint final : public CheckerOf<RangesDisjoint> {
 public:
  std::string id() const override { return "I08"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    for (const auto& [id, vm] : step.facts.vms) {
      for (const ShareFact& share : vm.shares) check_share(step, id, share);
    }
  }

 private:
  void check_share(const Step& step, uint16_t id, const ShareFact& share) const {
    if (share.ranges.size() == 1 && !wraps(share.ranges.front())) return;
    std::map<uint64_t, uint64_t> ends;  // by start
    for (const ffa_sim_fact& range : share.ranges) {
      const uint64_t end = range.ipa + range.pages * ffa::page_size;
      if (wraps(range)) return bad(step, id, share, "wraps");
      if (!ends.emplace(range.ipa, end).second) return bad(step, id, share, "names a page twice");
    }
    uint64_t last = 0;
    for (const auto& [start, end] : ends) {
      if (start < last) return bad(step, id, share, "names a page twice");
      last = end;
    }
  }
  static bool wraps(const ffa_sim_fact& range) {
    return range.pages > ~uint64_t{0} / ffa::page_size ||
           range.ipa + range.pages * ffa::page_size <= range.ipa;
  }
  void bad(const Step& step, uint16_t id, const ShareFact& share, const char* what) const {
    report(step, fmt::format("transaction {:#x} of VM {} {}", share.fact.handle, id, what));
  }
};

}  // namespace

void add_memory_checkers(CheckerList& list) {
  list.push_back(std::make_unique<OwnRam>());
  list.push_back(std::make_unique<OwnTranslations>());
  list.push_back(std::make_unique<Stage2Unchanged>());
  list.push_back(std::make_unique<PinsMatch>());
  list.push_back(std::make_unique<PageCounts>());
  list.push_back(std::make_unique<RangesDisjoint>());
}

}  // namespace sim::check
