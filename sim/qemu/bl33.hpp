// SPDX-License-Identifier: BSD-3-Clause
// Cases on a machine where EL2 is what the firmware enters last, as BL33: packages behind the
// image, records from the UART. docs/firmware.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/run.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/tools.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// ffa-qemu-bl33.bin, and where it is linked to run.
struct Bl33Image {
  std::string file;
  uint64_t base = 0;
};
/// Found as the images of find_tools(). Throws MissingTool, InputError for one that is none.
Bl33Image find_bl33();

/// One boot for all of them, with records: what the UART told of, in their order. One that ended
/// the boot may be missing, those behind it are. Throws as record_of().
std::vector<LoggedCase> run_bundle(std::span<const BundleEntry> entries, const Tools& tools,
                                   const Bl33Image& image);

/// As run(), with one boot for each run: our firmware enters the image, and the record comes back
/// through the UART.
RunRecord run_as_bl33(const scenario::CompiledCase& compiled, const Tools& tools,
                      const Bl33Image& image);

/// The run of a case that `file` tells of; one that ended without a record is a mediator that has
/// stopped. Throws InputError for a record that is none, or not of this trace hash.
RunRecord record_of(const LoggedCase& logged, const std::string& file,
                    const scenario::CompiledCase& compiled);

/// Throws InputError where the file can't be read.
std::vector<std::byte> read_bytes(const std::string& file);

}  // namespace sim::qemu
