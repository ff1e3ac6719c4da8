// SPDX-License-Identifier: BSD-3-Clause
// Memory that a VM shared with the service. A region is held from its first use on, until the VM
// unregisters it; a thread's use of it forbids that.
#pragma once

#include <span>

#include "ffa/result.hpp"
#include "src/optee/state.hpp"
#include "src/state.hpp"

namespace spmc_model::optee {

/// Takes region `handle` into use `use` of the thread and hands out all of it, from the internal
/// offset on. BAD_PARAMETERS: not the VM's, not complete, the service may not write it, the offset
/// is a page or more, or another than that of a use that is going on.
ffa::Result<View, Tee> use_region(SpmcStorage& s, Vm& vm, Thread& thread, unsigned use,
                                  ffa::Handle handle, uint16_t internal_offset);
bool in_use(const Vm& vm, ffa::Handle handle);
/// The region is not held any more, so that its owner may reclaim it. False: a thread uses it.
bool unregister_region(SpmcStorage& s, const Vm& vm, ffa::Handle handle);

/// `at` is relative to the view. False: outside the view, or no memory there.
bool read(SpmcStorage& s, const View& view, uint64_t at, std::span<std::byte> to);
bool write(SpmcStorage& s, const View& view, uint64_t at, std::span<const std::byte> from);

}  // namespace spmc_model::optee
