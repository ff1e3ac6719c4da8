// SPDX-License-Identifier: BSD-3-Clause
// The board that the firmware hands to a BL33 payload, and where on it EL2's own memory and the
// cases lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ports/qemu-virt/bl33/device_tree.hpp"

namespace ports::qemu {

struct FoundBoard {
  uint64_t device_tree = 0;
  const char* where = "";  ///< which of the three places
  Board board{};
};

/// The device tree at `x0`, else at the beginning of the board's RAM, else where the build says.
/// The console is on its UART then, and the interrupt controller known. Ends the machine where
/// there is none, or it is not well-formed.
FoundBoard find_board(uint64_t x0);

/// Gives `places` their memory in RAM that nobody has, and returns the bundle of cases: the initrd,
/// else what follows the image. Ends the machine where either is not there.
std::span<const std::byte> settle(const FoundBoard& found);

/// The board's RAM and devices, and what is whose, for people.
void print_board(const FoundBoard& found);

}  // namespace ports::qemu
