// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/layout.hpp"

#include <algorithm>
#include <numeric>

namespace sim {

namespace {

mediator::MemoryKind memory_kind(RegionKind kind) {
  switch (kind) {
    case RegionKind::none:
      return mediator::MemoryKind::none;
    case RegionKind::ram_rw:
      return mediator::MemoryKind::ram_rw;
    case RegionKind::ram_ro:
      return mediator::MemoryKind::ram_ro;
    case RegionKind::device:
      return mediator::MemoryKind::device;
    case RegionKind::foreign:
      return mediator::MemoryKind::foreign;
  }
  return mediator::MemoryKind::none;
}

// A step that visits 0..count-1 once each and never moves to a neighbour; 0: there is none for so
// few.
uint64_t scatter_step(uint64_t count) {
  for (uint64_t step = std::max<uint64_t>(2, count * 5 / 8); step + 2 <= count; ++step) {
    if (std::gcd(step, count) == 1) return step;
  }
  return 0;
}

// Places of `count` units, none next to its neighbours, in `room` units of space.
struct Places {
  uint64_t room;
  std::vector<uint64_t> order;
};

Places places(Backing backing, uint64_t count, bool may_grow) {
  Places result{count, std::vector<uint64_t>(count)};
  const uint64_t step = backing == Backing::scattered ? scatter_step(count) : 0;
  if (backing == Backing::scattered && step == 0) {
    if (!may_grow) return places(Backing::reversed, count, false);
    result.room = 2 * count - 1;
  }
  for (uint64_t n = 0; n < count; ++n) {
    switch (backing) {
      case Backing::contiguous:
        result.order[n] = n;
        break;
      case Backing::reversed:
        result.order[n] = count - 1 - n;
        break;
      case Backing::scattered:
        result.order[n] = step == 0 ? 2 * n : n * step % count;
        break;
    }
  }
  return result;
}

}  // namespace

std::optional<std::vector<Stage2::Run>> lay_out(const RegionSpec& region, PageAllocator& pool) {
  std::vector<Stage2::Run> runs;
  const uint64_t pages = region.size / ffa::page_size;
  if (region.kind == RegionKind::none || pages == 0) return runs;
  const uint64_t block = std::max(region.block, ffa::page_size);
  const uint64_t alignment = region.size % block == 0 ? block / ffa::page_size : 1;
  const uint64_t unit = region.backing == Backing::contiguous ? pages : alignment;
  const Places where = places(region.backing, pages / unit, !region.pa);

  uint64_t first = 0;
  if (region.pa) {
    first = *region.pa / ffa::page_size;
  } else {
    const auto taken = pool.take(where.room * unit, alignment);
    if (!taken) return std::nullopt;
    first = *taken;
  }
  std::vector<bool> used(where.room);
  for (uint64_t n = 0; n < where.order.size(); ++n) {
    used[where.order[n]] = true;
    runs.push_back({region.ipa / ffa::page_size + n * unit, first + where.order[n] * unit, unit,
                    memory_kind(region.kind)});
  }
  for (uint64_t n = 0; n < where.room && !region.pa; ++n) {
    if (!used[n]) pool.add(first + n * unit, unit);
  }
  return runs;
}

}  // namespace sim
