// SPDX-License-Identifier: BSD-3-Clause
// I01, I02 and I07 from the other side: not what one call sent, but what the SPMC model remembers
// of all that it was told, held against the transactions that the mediator has.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/check/checker.hpp"
#include "sim/check/descriptor.hpp"

namespace sim::check {

namespace {

using Key = std::pair<uint16_t, uint64_t>;  // sender and handle

/// The SPMC's complete regions of living owners, by owner and handle; the value is the model's
/// index.
std::map<Key, size_t> regions_of(const spmc_model::Spmc& model) {
  std::map<Key, size_t> regions;
  const size_t count = model.regions();
  for (size_t n = 0; n < count; ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    if (!region.complete || region.owner_gone) continue;
    regions[{region.sender.raw(), region.handle.raw()}] = n;
  }
  return regions;
}

std::vector<PageRun> told_of(const spmc_model::Spmc& model, size_t index) {
  std::vector<PageRun> runs;
  const uint32_t ranges = model.region(index).ranges;
  for (uint32_t range = 0; range < ranges; ++range) {
    ffa::Pa pa{};
    ffa::PageCount pages{};
    model.region_range(index, range, pa, pages);
    runs.push_back({pa.raw(), pages.raw()});
  }
  return joined(runs);
}

/// What a transaction's ranges are in physical memory now, and whether the owner can write all.
struct OwnersView {
  std::vector<PageRun> runs;
  bool writable = true;
};

OwnersView view_of(const Machine& machine, uint16_t vm, const ShareFact& share) {
  OwnersView view;
  for (const ffa_sim_fact& range : share.ranges) {
    uint64_t at = range.ipa;
    uint64_t left = range.pages;
    while (left > 0) {
      const mediator::Extent extent = machine.translate(vm, at, left);
      if (extent.kind == mediator::MemoryKind::none) break;
      view.writable = view.writable && extent.kind != mediator::MemoryKind::ram_ro;
      view.runs.push_back({extent.pa.raw(), extent.pages.raw()});
      at += extent.pages.raw() * ffa::page_size;
      left -= extent.pages.raw();
    }
  }
  view.runs = joined(view.runs);
  return view;
}

/// The three share one walk over what the SPMC holds; each reports its own part.
class SpmcSide : public Checker {
 public:
  [[nodiscard]] bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    if (model == nullptr || !step.thorough || step.sim().open_steps() != 0) return;
    const auto regions = regions_of(*model);
    for (const auto& [id, vm] : step.facts.vms) {
      for (const ShareFact& share : vm.shares) {
        const auto region = regions.find({id, share.fact.handle});
        if (share.fact.share_state != share_shared || region == regions.end()) continue;
        check(step, id, share, *model, region->second);
      }
    }
  }

 protected:
  virtual void check(const Step& step, uint16_t vm, const ShareFact& share,
                     const spmc_model::Spmc& model, size_t region) const = 0;
};

class GrantedByTheOwner final : public CheckerOf<GrantedByTheOwner, SpmcSide> {
 public:
  [[nodiscard]] std::string id() const override { return "I01"; }

 private:
  void check(const Step& step, uint16_t vm, const ShareFact& share, const spmc_model::Spmc& model,
             size_t region) const override {
    if (!model.region(region).writable) return;
    if (view_of(step.sim().machine(), vm, share).writable) return;
    report(step, fmt::format("an SP may write transaction {:#x} of VM {}, its owner may not",
                             share.fact.handle, vm));
  }
};

class ToldAsTranslated final : public CheckerOf<ToldAsTranslated, SpmcSide> {
 public:
  [[nodiscard]] std::string id() const override { return "I02"; }

 private:
  void check(const Step& step, uint16_t vm, const ShareFact& share, const spmc_model::Spmc& model,
             size_t region) const override {
    if (told_of(model, region) == view_of(step.sim().machine(), vm, share).runs) return;
    report(step, fmt::format("the SPMC holds other pages for transaction {:#x} than VM {}'s ranges "
                             "translate to",
                             share.fact.handle, vm));
  }
};

/// What a dead VM left behind and the SPMC would not give back belongs to nobody any more.
bool is_quarantined(const Machine& machine, const spmc_model::Spmc& model, size_t region) {
  ffa::Pa pa{};
  ffa::PageCount pages{};
  model.region_range(region, 0, pa, pages);
  return machine.owner(pa.raw()) == PageOwner::quarantined;
}

/// Where no fault struck, the SPMC holds nothing that the mediator does not know of.
class KnownHere final : public CheckerOf<KnownHere> {
 public:
  [[nodiscard]] std::string id() const override { return "I07"; }
  [[nodiscard]] bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    const bool settled = step.sim().open_steps() == 0 && !step.faulted;
    if (model == nullptr || !step.facts.offered || !settled || !step.thorough) return;
    std::map<Key, size_t> unknown = regions_of(*model);
    for (const auto& [id, vm] : step.facts.vms) {
      for (const ShareFact& share : vm.shares) unknown.erase({id, share.fact.handle});
    }
    for (const auto& [key, region] : unknown) {
      if (is_quarantined(step.sim().machine(), *model, region)) continue;
      report(step, fmt::format("the SPMC holds {} pages of VM {} in {:#x}, a transaction that the "
                               "mediator does not have",
                               model->region(region).pages, key.first, key.second));
    }
  }
};

}  // namespace

void add_spmc_side_checkers(CheckerList& list) {
  list.push_back(std::make_unique<GrantedByTheOwner>());
  list.push_back(std::make_unique<ToldAsTranslated>());
  list.push_back(std::make_unique<KnownHere>());
}

}  // namespace sim::check
