// SPDX-License-Identifier: BSD-3-Clause
// A fresh secure world, where S-EL1 is ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/common/test_control.hpp"

namespace ports::qemu {

enum class Begun : uint8_t {
  as_asked,
  malformed,  ///< the package is: the secure world has no SPMC now
  unknown,    ///< another SPMC does not know the call, and goes on as it is
};

/// S-EL1 begins anew with `package`; without one it is only asked who it is, and has no SPMC then.
inline Begun begin_secure_world(std::span<const std::byte> package) {
  uint64_t x[18] = {static_cast<uint64_t>(TestControl::begin_world),
                    reinterpret_cast<uintptr_t>(package.data()), package.size()};
  port_smc(x, 0);
  if (x[0] > 1) return Begun::unknown;
  return x[0] == 1 ? Begun::as_asked : Begun::malformed;
}

}  // namespace ports::qemu
