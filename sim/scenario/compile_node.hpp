// SPDX-License-Identifier: BSD-3-Clause
// A JSON value together with its place, so that whoever reads it can complain about it:
// "file:/pointer: reason". Used by every part of the compiler; the schema has been checked before,
// this is the second line.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sim::scenario {

class Node {
 public:
  Node(const nlohmann::json& value, const std::string& file, std::string pointer)
      : value_(&value), file_(&file), pointer_(std::move(pointer)) {}

  [[nodiscard]] const nlohmann::json& json() const { return *value_; }
  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] const std::string& file() const { return *file_; }
  [[noreturn]] void fail(const std::string& reason) const;
  [[noreturn]] void fail_at(const std::string& key, const std::string& reason) const;

  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::optional<Node> find(const std::string& key) const;
  [[nodiscard]] Node at(const std::string& key) const;  ///< fails if missing
  [[nodiscard]] Node at(size_t index) const;
  [[nodiscard]] size_t size() const { return value_->size(); }
  /// Members of an object in the order of their names; elements of an array have their index as
  /// name.
  [[nodiscard]] std::vector<std::pair<std::string, Node>> members() const;
  [[nodiscard]] std::vector<Node> elements() const;  ///< fails if this is no array

  [[nodiscard]] bool is_object() const { return value_->is_object(); }
  [[nodiscard]] bool is_array() const { return value_->is_array(); }
  [[nodiscard]] bool is_string() const { return value_->is_string(); }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool flag() const;
  /// A plain number: an integer, decimal or hexadecimal digits, with K, M or G behind. Fails above
  /// `max`.
  [[nodiscard]] uint64_t number(uint64_t max = ~uint64_t{0}) const;
  [[nodiscard]] std::vector<uint8_t> bytes() const;  ///< hexadecimal digits, two a byte

  [[nodiscard]] std::string text_or(const std::string& key, const std::string& fallback) const;
  [[nodiscard]] bool flag_or(const std::string& key, bool fallback) const;
  [[nodiscard]] uint64_t number_or(const std::string& key, uint64_t fallback,
                                   uint64_t max = ~uint64_t{0}) const;

 private:
  const nlohmann::json* value_;
  const std::string* file_;
  std::string pointer_;
};

/// Digits, 0x…, K, M, G; nothing for anything else or what does not fit 64 bits.
std::optional<uint64_t> parse_number(std::string_view text);

}  // namespace sim::scenario
