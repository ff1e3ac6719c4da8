// SPDX-License-Identifier: BSD-3-Clause
// Names for the addresses of a machine's crash.
#pragma once

#include <string>

#include "sim/qemu/tools.hpp"

namespace sim::qemu {

/// `message` with function and line behind each address of a backtrace ("  at …", "  called from
/// …"), as far as the images and aarch64-linux-gnu-addr2line are there and know them. EL2's image
/// is the one that ran; those of the other levels lie where the firmware was built.
std::string with_names(const std::string& message, const Tools& tools);

}  // namespace sim::qemu
