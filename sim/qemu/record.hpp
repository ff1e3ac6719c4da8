// SPDX-License-Identifier: BSD-3-Clause
// The record that the QEMU machine leaves (guest/record.hpp) as a RunRecord, so that it is judged
// like the host's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sim/engine/run_record.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// Throws InputError("file:offset", reason) for anything that is no whole record of this case.
RunRecord read_record(std::span<const std::byte> bytes, const std::string& file,
                      const scenario::CompiledCase& compiled);

}  // namespace sim::qemu
