// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_node.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

unsigned size_shift(char suffix) {
  switch (suffix) {
    case 'K':
      return 10;
    case 'M':
      return 20;
    case 'G':
      return 30;
    default:
      return 0;
  }
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text) {
  int base = 10;
  unsigned shift = 0;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (!text.empty()) {
    shift = size_shift(text.back());
    if (shift != 0) text.remove_suffix(1);
  }
  if (text.empty()) return {};
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (shift != 0 && value >> (64 - shift) != 0) return {};
  return value << shift;
}

void Node::fail(const std::string& reason) const {
  throw InputError(pointer_.empty() ? *file_ : *file_ + ":" + pointer_, reason);
}

void Node::fail_at(const std::string& key, const std::string& reason) const {
  throw InputError(*file_ + ":" + pointer_ + "/" + escaped(key), reason);
}

bool Node::has(const std::string& key) const {
  return value_->is_object() && value_->contains(key);
}

std::optional<Node> Node::find(const std::string& key) const {
  if (!has(key)) return {};
  return Node{value_->at(key), *file_, pointer_ + "/" + escaped(key)};
}

Node Node::at(const std::string& key) const {
  if (auto found = find(key)) return *found;
  fail(fmt::format("key '{}' is missing", key));
}

Node Node::at(size_t index) const {
  if (!value_->is_array() || index >= value_->size())
    fail(fmt::format("needs an element {}", index));
  return Node{value_->at(index), *file_, fmt::format("{}/{}", pointer_, index)};
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  std::vector<std::pair<std::string, Node>> list;
  if (value_->is_array()) {
    for (size_t i = 0; i < value_->size(); ++i) list.emplace_back(std::to_string(i), at(i));
    return list;
  }
  if (!value_->is_object()) fail("an object is expected");
  for (const auto& [key, unused] : value_->items()) list.emplace_back(key, at(key));
  return list;
}

std::vector<Node> Node::elements() const {
  if (!value_->is_array()) fail("a list is expected");
  std::vector<Node> list;
  for (size_t i = 0; i < value_->size(); ++i) list.push_back(at(i));
  return list;
}

std::string Node::text() const {
  if (!value_->is_string()) fail("a string is expected");
  return value_->get<std::string>();
}

bool Node::flag() const {
  if (!value_->is_boolean()) fail("true or false is expected");
  return value_->get<bool>();
}

uint64_t Node::number(uint64_t max) const {
  std::optional<uint64_t> value;
  if (value_->is_number_unsigned()) {
    value = value_->get<uint64_t>();
  } else if (value_->is_number_integer()) {
    const auto given = value_->get<int64_t>();
    if (given >= 0) value = static_cast<uint64_t>(given);
  } else if (value_->is_string()) {
    value = parse_number(value_->get<std::string>());
  }
  if (!value) fail(fmt::format("{} is not a number that fits 64 bits", value_->dump()));
  if (*value > max) fail(fmt::format("{} is out of range: at most {:#x}", value_->dump(), max));
  return *value;
}

std::vector<uint8_t> Node::bytes() const {
  const std::string digits = text();
  if (digits.size() % 2 != 0) fail("bytes need two hexadecimal digits each");
  std::vector<uint8_t> out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]);
    const int low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0)
      fail(fmt::format("'{}' is not a hexadecimal byte", digits.substr(i, 2)));
    out.push_back(static_cast<uint8_t>(high * 16 + low));
  }
  return out;
}

std::string Node::text_or(const std::string& key, const std::string& fallback) const {
  const auto found = find(key);
  return found ? found->text() : fallback;
}

bool Node::flag_or(const std::string& key, bool fallback) const {
  const auto found = find(key);
  return found ? found->flag() : fallback;
}

uint64_t Node::number_or(const std::string& key, uint64_t fallback, uint64_t max) const {
  const auto found = find(key);
  return found ? found->number(max) : fallback;
}

}  // namespace sim::scenario
