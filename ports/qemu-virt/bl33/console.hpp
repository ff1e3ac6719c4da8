// SPDX-License-Identifier: BSD-3-Clause
// The console of a BL33 payload: a PL011 that the firmware has set up, and PSCI for the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ports::qemu {

/// Later words go to this PL011. [DDI0183, 3.3]
void set_uart(uint64_t base);
void print(std::string_view text);
void print_decimal(uint64_t value);
/// 32 hexadecimal digits.
void print_hash(std::span<const uint64_t, 2> hash);
/// Base64, 76 characters a line.
void print_base64(std::span<const std::byte> bytes);

/// What exit_machine() says before it switches off: nullptr for nothing.
using LastWords = void (*)(uint32_t status);
void set_last_words(LastWords words);

}  // namespace ports::qemu
