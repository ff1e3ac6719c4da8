// SPDX-License-Identifier: BSD-3-Clause
// What an image says to people, and the end of the machine. Where the words go is the image's:
// semihosting.cpp hands them to QEMU, bl33/console.cpp writes them to a UART.
#pragma once

#include <cstdint>

namespace ports::qemu {

/// Exit statuses of the machine.
inline constexpr uint32_t exit_done = 0;
inline constexpr uint32_t exit_crash = 70;      ///< an exception that nobody expects
inline constexpr uint32_t exit_bad_input = 2;   ///< the package is not there or not well-formed
inline constexpr uint32_t exit_too_large = 71;  ///< memory of a fixed size is full
inline constexpr uint32_t exit_broken = 72;     ///< the byte code or the images disagree

/// `text` ends with '\0'.
void print(const char* text);
void print_hex(uint64_t value);
[[noreturn]] void exit_machine(uint32_t status);
/// Prints "EL<n>: text" and ends the machine.
[[noreturn]] void give_up(uint32_t status, const char* text);

}  // namespace ports::qemu
