// SPDX-License-Identifier: BSD-3-Clause
// The table of memory transactions: handles, slots, the pool of address ranges.
// [DEN0140 §1.10.2]
#pragma once

#include "ffa/result.hpp"
#include "src/state.hpp"

namespace spmc_model {

/// A new region for `sender`, state `receiving`, with room for `ranges`. `preset`: a handle that
/// the sender chose, or 0. NO_MEMORY: no slot, no handle, no room, or a preset handle that is taken
/// or not the hypervisor's.
ffa::Result<Region*> add_region(SpmcStorage& s, ffa::EndpointId sender, ffa::Handle preset,
                                uint32_t ranges);
/// Gives slot, handle and ranges back.
void free_region(SpmcStorage& s, Region& region);
/// The owner's region with that handle, complete or not; nullptr if there is none. Not those of
/// destroyed VMs.
Region* find_region(SpmcStorage& s, ffa::Handle handle);
/// The region that a destroyed VM left behind.
Region* find_left_region(SpmcStorage& s, ffa::Handle handle);
/// The VM is gone: half-sent regions are freed, the others wait for their reclaim, retrieved by
/// nobody.
void leave_regions(SpmcStorage& s, ffa::EndpointId owner);
/// SP `sp` forgets everything it retrieved from that owner.
void drop_holds(SpmcStorage& s, size_t sp, ffa::EndpointId owner);
/// SP `sp` is dead: it lets go of everything; what it had promised to zero is zeroed.
void drop_all_holds(SpmcStorage& s, size_t sp);
/// Not retrieved any more.
void end_hold(Borrowing& borrowing);
void zero_pages(SpmcStorage& s, const Region& region);

uint32_t holders(const Region& region);
std::span<const Range> ranges_of(const SpmcStorage& s, const Region& region);
/// True if any page of [from, from + pages) is in a received range of the region.
bool touches(const SpmcStorage& s, const Region& region, ffa::Pa from, uint32_t pages);

}  // namespace spmc_model
