// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/schema_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace sim::scenario {
using nlohmann::json;

const json& resolve(const json& node, const json& root) {
  const json* at = &node;
  for (int hops = 0; hops < 16 && at->is_object() && at->contains("$ref"); ++hops) {
    at = &root.at(json::json_pointer(at->at("$ref").get<std::string>().substr(1)));
  }
  return *at;
}

namespace {

const json* child_by_key(const json& node, const std::string& key) {
  const auto properties = node.find("properties");
  if (properties != node.end() && properties->contains(key)) return &properties->at(key);
  if (const auto patterns = node.find("patternProperties"); patterns != node.end()) {
    for (const auto& [pattern, child] : patterns->items()) {
      if (std::regex_search(key, std::regex(pattern))) return &child;
    }
  }
  for (const char* rest : {"additionalProperties", "items"}) {
    if (node.contains(rest) && node.at(rest).is_object()) return &node.at(rest);
  }
  return nullptr;
}

/// The schema of the value at `path`, or nullptr where the schema says nothing of it.
const json* find_schema(const json& from, const std::vector<std::string>& path, size_t depth,
                        const json& root) {
  const json& node = resolve(from, root);
  if (depth == path.size()) return &node;
  if (const json* child = child_by_key(node, path[depth])) {
    if (const json* found = find_schema(*child, path, depth + 1, root)) return found;
  }
  for (const char* list : {"anyOf", "oneOf", "allOf"}) {
    if (!node.contains(list)) continue;
    for (const auto& branch : node.at(list)) {
      if (const json* found = find_schema(branch, path, depth, root)) return found;
    }
  }
  return nullptr;
}

std::string pointer_of(const std::vector<std::string>& path) {
  json::json_pointer pointer;
  for (const auto& part : path) pointer.push_back(part);
  return pointer.to_string();
}

const json* value_at(const json& value, const std::vector<std::string>& path) {
  const json* at = &value;
  for (const auto& part : path) {
    if (at->is_object() && at->contains(part)) {
      at = &at->at(part);
    } else if (at->is_array() && !part.empty() &&
               std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
               part.size() < 9 && std::stoul(part) < at->size()) {
      at = &at->at(std::stoul(part));
    } else {
      return nullptr;
    }
  }
  return at;
}

/// "array" → "an array".
std::string type_words(const std::string& type) {
  if (type == "boolean") return "true or false";
  if (type == "null") return type;
  const bool vowel = std::string("aeiou").find(type[0]) != std::string::npos;
  return (vowel ? "an " : "a ") + type;
}

std::vector<std::string> texts_of(const json& list) {
  std::vector<std::string> texts;
  for (const auto& item : list) {
    texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return texts;
}

/// What the schema wants, in words.
std::string wanted(const json& schema, const json& root) {
  const json& node = resolve(schema, root);
  if (node.contains("title")) return node.at("title");
  if (node.contains("enum")) return "one of " + join_names(texts_of(node.at("enum")));
  if (node.contains("const")) return node.at("const").dump();
  if (node.contains("type")) {
    std::vector<std::string> types;
    const json& type = node.at("type");
    for (const auto& name : type.is_string() ? json::array({type}) : type) {
      types.push_back(type_words(name));
    }
    return fmt::format("{}", fmt::join(types, " or "));
  }
  for (const char* list : {"anyOf", "oneOf"}) {
    if (!node.contains(list)) continue;
    std::vector<std::string> branches;
    for (const auto& branch : node.at(list)) branches.push_back(wanted(branch, root));
    std::sort(branches.begin(), branches.end());
    branches.erase(std::unique(branches.begin(), branches.end()), branches.end());
    return fmt::format("{}", fmt::join(branches, ", or "));
  }
  return "something else";
}

std::string quoted_word(const std::string& words) {
  const size_t begin = words.find('\'');
  const size_t end = words.rfind('\'');
  return begin == std::string::npos || end <= begin ? "" : words.substr(begin + 1, end - begin - 1);
}

/// A number's last digits as the validator prints doubles: "65535.000000".
std::string whole_number(const std::string& words) {
  const size_t space = words.rfind(' ');
  const std::string number = space == std::string::npos ? words : words.substr(space + 1);
  return number.substr(0, number.find('.'));
}

std::string lower_first(std::string words) {
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z')
    words[0] = static_cast<char>(words[0] + 32);
  while (!words.empty() && words.back() == '.') words.pop_back();
  return words;
}

/// The validator says "… constraints: 'KEY'."; the key itself may hold quotes.
std::string unwanted_key(const std::string& words) {
  const std::string before = "constraints: '";
  const size_t begin = words.rfind(before);
  if (begin == std::string::npos) return {};
  const size_t from = begin + before.size();
  return words.substr(from, words.size() - from - 2);
}

Complaint unknown_key(const Finding& finding, const json* schema) {
  const std::string key = unwanted_key(finding.words);
  std::vector<std::string> path = finding.path;
  path.push_back(key);
  std::string reason = fmt::format("unknown key {}", short_text(key));
  if (schema != nullptr && schema->contains("properties")) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : schema->at("properties").items()) known.push_back(name);
    reason += "; known: " + join_names(known);
  }
  return {pointer_of(path), reason};
}

bool says(const Finding& finding, const char* words) {
  return finding.words.find(words) != std::string::npos;
}

/// Larger is more telling: the deepest place, there the content before the mere type.
size_t weight(const Finding& finding) {
  return finding.path.size() * 4 + (says(finding, "Failed to validate") ? 0 : 2) +
         (says(finding, "'type'") ? 0 : 1);
}

}  // namespace

Complaint explain(const std::vector<Finding>& findings, const json& value, const json& schema) {
  const Finding& finding =
      *std::max_element(findings.begin(), findings.end(),
                        [](const Finding& a, const Finding& b) { return weight(a) < weight(b); });
  const json* node = find_schema(schema, finding.path, 0, schema);
  const json* found = value_at(value, finding.path);
  const std::string pointer = pointer_of(finding.path);
  const std::string text = found != nullptr ? short_text(*found) : "";
  if (says(finding, "contains a property")) return unknown_key(finding, node);
  if (says(finding, "Missing required")) {
    return {pointer, fmt::format("key '{}' is missing", quoted_word(finding.words))};
  }
  if (says(finding, "less than or equal")) {
    return {pointer,
            fmt::format("{} is out of range: at most {}", text, whole_number(finding.words))};
  }
  if (says(finding, "greater than or equal")) {
    return {pointer,
            fmt::format("{} is out of range: at least {}", text, whole_number(finding.words))};
  }
  const bool about_value = says(finding, "'type'") || says(finding, "enum") ||
                           says(finding, "'pattern'") || says(finding, "'const'") ||
                           says(finding, "Of constraint");
  if (about_value && node != nullptr) {
    const std::string want = wanted(*node, schema);
    if (want == "something else" && node->contains("pattern")) {
      return {pointer,
              fmt::format("{} does not match {}", text, node->at("pattern").get<std::string>())};
    }
    if (says(finding, "'pattern'") && !node->contains("title")) {
      return {pointer,
              fmt::format("{} does not match {}", text, node->at("pattern").get<std::string>())};
    }
    return {pointer, fmt::format("{} is not {}", text, want)};
  }
  return {pointer, lower_first(finding.words)};
}

}  // namespace sim::scenario
