// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/bl33/console.hpp"

#include <algorithm>

#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/memory_map.h"

namespace ports::qemu {
namespace {

constexpr uint64_t flag_register = 0x18;
constexpr uint32_t transmitter_full = 1 << 5;
constexpr uint64_t psci_system_off = 0x84000008;  // [DEN0022 5.1.10]

uint64_t uart = UART;
LastWords last_words = nullptr;

void put(char c) {
  const auto* const flags = reinterpret_cast<const volatile uint32_t*>(uart + flag_register);
  while ((*flags & transmitter_full) != 0) {
  }
  *reinterpret_cast<volatile uint32_t*>(uart) = static_cast<unsigned char>(c);
}

void put_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 0xf]);
}

}  // namespace

void set_uart(uint64_t base) { uart = base; }

void print(std::string_view text) {
  for (const char c : text) put(c);
}

void print(const char* text) { print(std::string_view{text}); }

void print_decimal(uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print(std::string_view{digits + at, sizeof digits - at});
}

void print_hash(std::span<const uint64_t, 2> hash) {
  put_hex(hash[0]);
  put_hex(hash[1]);
}

void print_base64(std::span<const std::byte> bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr size_t line_bytes = 57;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const auto part = bytes.subspan(at, std::min<size_t>(3, bytes.size() - at));
    uint32_t bits = 0;
    for (size_t n = 0; n < 3; ++n) {
      bits = bits << 8 | (n < part.size() ? std::to_integer<uint32_t>(part[n]) : 0);
    }
    for (size_t n = 0; n < 4; ++n) put(n <= part.size() ? digits[bits >> (18 - 6 * n) & 63] : '=');
    if (at % line_bytes == line_bytes - 3 || at + 3 >= bytes.size()) put('\n');
  }
}

void set_last_words(LastWords words) { last_words = words; }

void exit_machine(uint32_t status) {
  if (const LastWords words = last_words; words != nullptr) {
    last_words = nullptr;
    words(status);
  }
  uint64_t x[18] = {psci_system_off};
  port_smc(x, 0);
  while (true) asm volatile("wfe");  // without PSCI nobody switches off
}

}  // namespace ports::qemu
