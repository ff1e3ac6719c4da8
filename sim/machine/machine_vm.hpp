// SPDX-License-Identifier: BSD-3-Clause
// What the machine keeps of one VM: its stage 2, what of it is pinned, out of its reach or
// borrowed, what its TLBs may still hold, its host pages. Page numbers throughout. Used by Machine
// only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/machine/pieces.hpp"
#include "sim/machine/stage2.hpp"

namespace sim {

/// Host pages of a VM. `fixed`: their address is the world's, they never return to the pool.
struct HostRun {
  Stage2::Run run;
  bool fixed;
};

/// What the mediator has made of a mapping.
enum class Rights : uint8_t {
  own,          ///< nothing: as the VM was given it
  withdrawn,    ///< own RAM, lent or donated
  borrowed_ro,  ///< another VM's pages, which it may read
  borrowed_rw,
};

inline bool is_borrowed(Rights rights) {
  return rights == Rights::borrowed_ro || rights == Rights::borrowed_rw;
}

struct MachineVm {
  Stage2 stage2;
  /// What was taken away since the last invalidation. The TLBs of the VM's vCPUs are as unkind as
  /// they may be: they hold all of it.
  Stage2 stale;
  Pieces<uint32_t> pins{0};
  Pieces<Rights> rights{Rights::own};
  uint64_t low = ~uint64_t{0};  ///< IPA pages that were ever pinned or borrowed lie in [low, high)
  uint64_t high = 0;
  bool quarantined = false;
  bool remapped = false;  ///< a page was taken out: stale extents are no bug any more
  std::vector<HostRun> host;
  struct Mappings {
    uint64_t begin, end, size;
  };
  std::vector<Mappings> mappings;  ///< IPA pages whose stage-2 mappings have a known largest size

  void limit_mappings(const RegionSpec& region) {
    if (region.block == 0) return;
    const uint64_t page = ffa::page_size;
    mappings.push_back({region.ipa / page, (region.ipa + region.size) / page, region.block / page});
  }
  /// As a page-table walk answers: find(), but one mapping at most.
  [[nodiscard]] Stage2::Run look_up(uint64_t page, uint64_t pages) const {
    Stage2::Run run = find(page, pages);
    for (const Mappings& part : mappings) {
      if (page < part.begin || page >= part.end) continue;
      run.pages = std::min(run.pages, part.size - page % part.size);
    }
    return run;
  }

  /// Stage 2 as it is: pages that the VM lent or donated are a kind of their own.
  [[nodiscard]] Stage2::Run find(uint64_t page, uint64_t pages) const {
    Stage2::Run run = stage2.find(page, pages);
    const Rights here = rights.at(page);
    bool same = true;
    rights.for_each(page, page + run.pages, [&](uint64_t begin, uint64_t, Rights state) {
      if (same && state != here) run.pages = begin - page;
      same = same && state == here;
    });
    if (here == Rights::withdrawn && run.pages != 0) run.kind = mediator::MemoryKind::ram_none;
    return run;
  }

  /// Stage 2 as the VM's vCPUs meet it, through their TLBs. Kinds tell the rights here: what the VM
  /// may only read is `ram_ro`, whosever it is.
  [[nodiscard]] Stage2::Run reach(uint64_t page, uint64_t pages) const {
    const Stage2::Run kept = stale.find(page, pages);
    if (kept.pages != 0) return kept;
    Stage2::Run run = find(page, pages);
    const bool reads = run.pages != 0 && rights.at(page) == Rights::borrowed_ro;
    if (reads) run.kind = mediator::MemoryKind::ram_ro;
    return run;
  }

  /// Notes that [page, page + pages) is about to be taken away.
  void keep_stale(uint64_t page, uint64_t pages) {
    for (uint64_t done = 0; done < pages;) {
      const Stage2::Run run = reach(page + done, pages - done);
      stale.map(run);
      done += run.pages;
    }
  }

  void widen(uint64_t page, uint64_t pages) {
    low = std::min(low, page);
    high = std::max(high, page + pages);
  }

  /// Equal digests, equal mappings and rights.
  [[nodiscard]] uint64_t digest() const {
    uint64_t value = stage2.digest();
    rights.for_each(low, high, [&](uint64_t begin, uint64_t end, Rights state) {
      if (state == Rights::own) return;
      value = value * 31 + (begin ^ (end << 32)) + static_cast<uint64_t>(state) - 1;
    });
    return value;
  }
};

}  // namespace sim
