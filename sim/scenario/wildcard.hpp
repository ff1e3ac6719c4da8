// SPDX-License-Identifier: BSD-3-Clause
// Patterns of what a console shows.
#pragma once

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

}  // namespace sim::scenario
