// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/matrix.hpp"

#include <fmt/format.h>

#include <cctype>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

/// True if --filter could take the text for something else than a part of a name.
bool means_something(const std::string& text) {
  if (text.find_first_of(":*?\"'\\") != std::string::npos) return true;
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) <= ' ') return true;
    const bool inside = i > 0 && i + 1 < text.size() &&
                        is_word(static_cast<unsigned char>(text[i - 1])) &&
                        is_word(static_cast<unsigned char>(text[i + 1]));
    if (text[i] == '-' && !inside) return true;
  }
  return false;
}

/// A value as it stands in a name; what would not read well there goes by its number.
std::string name_part(const json& value, size_t index) {
  constexpr size_t longest = 40;
  const std::string text = text_of(value);
  const bool plain = !text.empty() && text.size() <= longest && !means_something(text);
  return plain ? text : fmt::format("#{}", index);
}

std::string replace_in_text(const std::string& text, const Lookup& lookup,
                            const std::string& place) {
  std::string result;
  size_t at = 0;
  while (true) {
    const size_t begin = text.find("${", at);
    result += text.substr(at, begin - at);
    if (begin == std::string::npos) return result;
    const size_t end = text.find('}', begin);
    if (end == std::string::npos) throw InputError(place, "'${' without '}'");
    const std::string name = text.substr(begin + 2, end - begin - 2);
    const auto value = lookup(name);
    if (!value) throw InputError(place, fmt::format("unknown variable '{}'", name));
    result += text_of(*value);
    at = end + 1;
  }
}

void substitute_string(json& node, const Lookup& lookup, const std::string& place) {
  const auto text = node.get<std::string>();
  const bool alone = text.starts_with("${") && text.find('}') == text.size() - 1;
  if (!alone) {
    node = replace_in_text(text, lookup, place);
    return;
  }
  const std::string name = text.substr(2, text.size() - 3);
  const auto value = lookup(name);
  if (!value) throw InputError(place, fmt::format("unknown variable '{}'", name));
  node = *value;
}

}  // namespace

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::optional<std::vector<Combination>> combine(const std::vector<Axis>& axes) {
  size_t total = 1;
  for (const Axis& axis : axes) {
    total *= axis.values.size();
    if (total > max_combinations) return {};
  }
  std::vector<Combination> result;
  for (size_t number = 0; number < total; ++number) {
    Combination combination;
    size_t rest = total;
    for (const Axis& axis : axes) {
      rest /= axis.values.size();
      const size_t index = number / rest % axis.values.size();
      combination.values[axis.name] = axis.values[index];
      combination.suffix += fmt::format("{}{}={}", combination.suffix.empty() ? "[" : ",",
                                        axis.name, name_part(axis.values[index], index));
    }
    if (!axes.empty()) combination.suffix += "]";
    result.push_back(std::move(combination));
  }
  return result;
}

void substitute(json& node, const Lookup& lookup, const std::string& file,
                const json::json_pointer& pointer) {
  if (node.is_string()) {
    substitute_string(node, lookup, file + ":" + pointer.to_string());
  } else if (node.is_object()) {
    for (auto& [key, child] : node.items()) substitute(child, lookup, file, pointer / key);
  } else if (node.is_array()) {
    for (size_t i = 0; i < node.size(); ++i) substitute(node[i], lookup, file, pointer / i);
  }
}

}  // namespace sim::scenario
