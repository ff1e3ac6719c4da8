// SPDX-License-Identifier: BSD-3-Clause
// Files, messages and the end of the machine, through Arm semihosting: the debugger (QEMU) does
// them. [Semihosting for AArch32 and AArch64, 2.0] Works at every exception level but EL0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ports::qemu {

/// Exit statuses of the machine.
inline constexpr uint32_t exit_done = 0;
inline constexpr uint32_t exit_crash = 70;      ///< an exception that nobody expects
inline constexpr uint32_t exit_bad_input = 2;   ///< the package is not there or not well-formed
inline constexpr uint32_t exit_too_large = 71;  ///< memory of a fixed size is full
inline constexpr uint32_t exit_broken = 72;     ///< the byte code or the images disagree

/// A message to QEMU's stderr; `text` ends with '\0'.
void print(const char* text);
void print_hex(uint64_t value);
[[noreturn]] void exit_machine(uint32_t status);
/// Prints "EL<n>: text" and ends the machine.
[[noreturn]] void give_up(uint32_t status, const char* text);

/// The whole file at the start of `room`; nothing if it can't be opened, read, or does not fit.
std::optional<size_t> read_file(const char* name, std::span<std::byte> room);
/// False: not all bytes were written.
bool write_file(const char* name, std::span<const std::byte> bytes);

}  // namespace ports::qemu
