// SPDX-License-Identifier: BSD-3-Clause
// What the machine keeps of one VM: its stage 2, what of it is pinned or out of its reach, its host
// pages. Page numbers throughout. Used by Machine only.
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

struct MachineVm {
  Stage2 stage2;
  Pieces<uint32_t> pins{0};
  Pieces<uint32_t> withdrawn{0};  ///< 1: lent or donated
  uint64_t low = ~uint64_t{0};    ///< IPA pages that were ever pinned lie in [low, high)
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

  /// Stage 2 as the VM's vCPUs meet it: pages that it lent or donated are a kind of their own.
  [[nodiscard]] Stage2::Run find(uint64_t page, uint64_t pages) const {
    Stage2::Run run = stage2.find(page, pages);
    const uint32_t gone = withdrawn.at(page);
    bool same = true;
    withdrawn.for_each(page, page + run.pages, [&](uint64_t begin, uint64_t, uint32_t state) {
      if (same && state != gone) run.pages = begin - page;
      same = same && state == gone;
    });
    if (gone != 0 && run.pages != 0) run.kind = mediator::MemoryKind::ram_none;
    return run;
  }

  /// Equal digests, equal mappings and rights.
  [[nodiscard]] uint64_t digest() const {
    uint64_t value = stage2.digest();
    withdrawn.for_each(low, high, [&](uint64_t begin, uint64_t end, uint32_t gone) {
      if (gone != 0) value = value * 31 + (begin ^ (end << 32));
    });
    return value;
  }
};

}  // namespace sim
