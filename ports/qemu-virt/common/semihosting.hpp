// SPDX-License-Identifier: BSD-3-Clause
// Files, messages and the end of the machine, through Arm semihosting: the debugger (QEMU) does
// them. [Semihosting for AArch32 and AArch64, 2.0] Works at every exception level but EL0.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "ports/qemu-virt/common/console.hpp"

namespace ports::qemu {

/// The whole file at the start of `room`; nothing if it can't be opened, read, or does not fit.
std::optional<size_t> read_file(const char* name, std::span<std::byte> room);
/// The words of the machine's command line (`arg=…`), separated by spaces, ended by '\0', in `room`;
/// empty if there is none, or it does not fit.
std::string_view command_line(std::span<char> room);
/// False: not all bytes were written.
bool write_file(const char* name, std::span<const std::byte> bytes);

}  // namespace ports::qemu
