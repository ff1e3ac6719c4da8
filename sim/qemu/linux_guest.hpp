// SPDX-License-Identifier: BSD-3-Clause
// What a VM needs to boot Linux, by arm64's boot protocol: the kernel at the beginning of its RAM,
// behind it a device tree of the VM as EL2 shows it, and the initrd.
#pragma once

#include <cstdint>
#include <string>

#include "sim/engine/world_spec.hpp"
#include "sim/qemu/package.hpp"

namespace sim::qemu {

struct LinuxFiles {
  std::string kernel;     ///< arm64 Image, not compressed
  std::string initrd;     ///< empty: none
  std::string arguments;  ///< of the kernel, beside what the machine needs
  bool hvc = false;       ///< PSCI, and so FF-A, by HVC instead of SMC
};

/// The device tree as dtc's source. [Devicetree Specification 0.4; Linux bindings]
std::string device_tree_source(const VmSpec& vm, const LinuxFiles& files, uint64_t initrd,
                               uint64_t initrd_bytes);

/// Throws InputError for a file that can't be read or is none of these, or a VM without room for
/// them; MissingTool without dtc.
Boot linux_guest(const VmSpec& vm, const LinuxFiles& files);

}  // namespace sim::qemu
