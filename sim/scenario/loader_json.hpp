// SPDX-License-Identifier: BSD-3-Clause
// The text of a scenario file as JSON: comments allowed, doubled keys and absurd depths refused,
// `$schema` first. Called by the loader. Keys keep the order of the file, which is the order of a
// case's name.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sim::scenario {

/// Nesting that no scenario needs; deeper documents are refused before anything recurses over them.
inline constexpr size_t max_json_depth = 24;
/// Longest string, in bytes.
inline constexpr size_t max_json_string = 65536;
/// Largest scenario file, in bytes.
inline constexpr size_t max_scenario_bytes = size_t{4} << 20;

/// "file:/pointer", or the file alone for the whole document.
std::string place_of(const std::string& file, const std::string& pointer);

/// A text of an object, which is at this place. Throws InputError(place, reason): no such key, no
/// text.
std::string text_at(const nlohmann::ordered_json& object, const std::string& key,
                    const std::string& file, const std::string& pointer);

/// The whole file. Throws InputError(file, reason).
std::string read_text_file(const std::string& file, size_t max_bytes);

/// Any JSON. Throws InputError: "file:line:column", or the file alone where the library knows none.
nlohmann::ordered_json parse_json(const std::string& text, const std::string& file);

/// Throws InputError: "file:line:column" for what is no JSON, "file:/pointer" for the rest.
nlohmann::ordered_json parse_scenario(const std::string& text, const std::string& file);

}  // namespace sim::scenario
