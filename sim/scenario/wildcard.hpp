// SPDX-License-Identifier: BSD-3-Clause
// Patterns of what a console shows.
#pragma once

#include <string>
#include <string_view>

namespace sim::scenario {

/// True if `text` contains the parts of `pattern` between its `*`, one behind the other.
inline bool contains(std::string_view text, std::string_view pattern) {
  while (true) {
    const size_t star = pattern.find('*');
    const std::string_view part = pattern.substr(0, star);
    const size_t at = text.find(part);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    text.remove_prefix(at + part.size());
    pattern.remove_prefix(star + 1);
  }
}

/// What was printed as people and JSON can have it: lines and tabs stay, other bytes that are no
/// ASCII letters are \xNN.
inline std::string printable_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 0x20 && byte < 0x7f) || c == '\n' || c == '\t';
    if (plain) {
      out.push_back(c);
    } else if (c != '\r') {
      constexpr std::string_view digits = "0123456789abcdef";
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace sim::scenario
