// SPDX-License-Identifier: BSD-3-Clause
// How EL3 enters the normal world: words of the machine's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace el3 {

struct StartOptions {
  std::optional<uint64_t> bl33;         ///< entry of a BL33 payload; without: our EL2 and a package
  uint64_t x0 = 0;                      ///< what the payload finds in x0
  std::optional<uint64_t> device_tree;  ///< QEMU's device tree is moved there
};

/// Words "bl33=0x…", "x0=0x…", "dtb=0x…" in any order; nothing if one is none of these.
inline std::optional<StartOptions> parse_start_options(std::string_view text) {
  const auto hexadecimal = [](std::string_view digits) -> std::optional<uint64_t> {
    if (!digits.starts_with("0x") || digits.size() < 3 || digits.size() > 18) return std::nullopt;
    uint64_t value = 0;
    digits.remove_prefix(2);
    for (const char c : digits) {
      const bool decimal = c >= '0' && c <= '9';
      if (!decimal && (c < 'a' || c > 'f')) return std::nullopt;
      value = value << 4 | static_cast<uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    }
    return value;
  };
  StartOptions options;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size() == text.size() ? word.size() : word.size() + 1);
    if (word.empty()) continue;
    const std::string_view name = word.substr(0, word.find('='));
    if (name.size() == word.size()) return std::nullopt;
    std::string_view digits = word;
    digits.remove_prefix(name.size() + 1);
    const auto value = hexadecimal(digits);
    if (!value) return std::nullopt;
    if (name == "bl33") {
      options.bl33 = value;
    } else if (name == "x0") {
      options.x0 = *value;
    } else if (name == "dtb") {
      options.device_tree = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace el3
