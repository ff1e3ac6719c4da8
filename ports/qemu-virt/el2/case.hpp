// SPDX-License-Identifier: BSD-3-Clause
// One case at EL2, in a world of its own: whatever an earlier case of the same boot has left in
// EL2's memory or the world's is gone.
#pragma once

#include <cstddef>
#include <span>

#include "guest/package.hpp"

namespace ports::qemu {

/// Runs the case and returns its record, in places.record. `package` lies in places.package. Ends
/// the machine where the package is not for it, or memory is full; error: not well-formed.
ffa::Result<std::span<const std::byte>, guest::PackageError> run_case(
    std::span<const std::byte> package);

/// Ends the VMs that the case has left and gives the SPMC's side of the mediator's buffers back,
/// for a secure world that does not begin anew. The record is over by then: nothing of it is
/// written down.
void leave_world();

}  // namespace ports::qemu
