// SPDX-License-Identifier: BSD-3-Clause
// A compiled case as the package that the QEMU machine's images read (guest/package.hpp): the world
// with the place of every page, the guest programs, the control program.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// Why the machine can't run this case, in a few words; empty: it can.
std::string why_not(const scenario::CompiledCase& compiled);

/// The package of a case that why_not() has nothing against. Throws InputError for a world that
/// can't exist.
std::vector<std::byte> make_package(const scenario::CompiledCase& compiled);

}  // namespace sim::qemu
