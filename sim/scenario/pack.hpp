// SPDX-License-Identifier: BSD-3-Clause
// Compiled cases in one compact file, so that a program without JSON can run them and print their
// trace hashes. Written by `ffa-sim pack`, read by ffa-hash of the same sources. Little-endian,
// versioned; expectations are left out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/scenario/compile.hpp"

namespace sim::scenario {

std::vector<std::byte> pack_cases(const std::vector<CompiledCase>& cases);

/// Throws InputError("file:offset", reason) for anything that pack_cases() did not write.
std::vector<CompiledCase> unpack_cases(std::span<const std::byte> bytes, const std::string& file);

}  // namespace sim::scenario
