// SPDX-License-Identifier: BSD-3-Clause
// The syntax of guest configurations as xl reads them: KEY = VALUE, one a line or with ';' between,
// '#' for comments; a value is a number, a string in either quotes, or a list. [xl.cfg(5)]
// What the keys mean is loader_xl_vm's.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim::scenario {

/// Lists within lists that no configuration needs; deeper ones are refused before anything recurses
/// over them.
inline constexpr size_t max_xl_depth = 8;

struct XlSetting {
  std::string key;
  nlohmann::json value;  ///< integer, string, or array of such; strings may hold any bytes
  size_t line = 0;       ///< of the key, from 1
};

/// A whole number: decimal, hexadecimal (0x…) or octal (0…), a minus before it; nothing for
/// anything else or what does not fit 64 bits.
std::optional<nlohmann::json> xl_number(std::string_view text);

/// All settings in the order of the file; a key may stand there twice. Throws
/// InputError("file:line", reason).
std::vector<XlSetting> parse_xl(const std::string& text, const std::string& file);

}  // namespace sim::scenario
