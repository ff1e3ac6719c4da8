// SPDX-License-Identifier: BSD-3-Clause
// Reads tests/data/ffa-vectors.json: descriptor images, register images and register traces with
// the fields they stand for, written down independently of this library and checked against other
// implementations.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace ffa::test {

using nlohmann::json;
using Bytes = std::vector<uint8_t>;

/// What a vector shows; every vector is of exactly one kind, and each kind has one parameterised
/// test.
enum class Kind {
  memory,
  relinquish,
  partition_info,
  partition_info_regs,
  partition_message,
  endpoint_rxtx,
  notification_info,
  registers,
  negative
};

/// Throws for a vector of no known kind.
Kind kind_of(const json& vector);

const json& all_vectors();
const json& vector_called(const std::string& name);
std::vector<std::string> names_of(Kind kind);
std::vector<std::string> names_with(const char* key);

Bytes from_hex(std::string_view hex);
inline Bytes image_of(const json& vector) { return from_hex(vector.at("hex").get<std::string>()); }

/// A JSON number or "0x…" text.
uint64_t number(const json& value);
/// `fields[key]` as a number, or 0 where the vector is silent.
uint64_t number_or_zero(const json& fields, const char* key);
/// "0x002f" for (0x2f, 4).
std::string hex_text(uint64_t value, unsigned digits);

Uuid uuid_from(const std::string& text);
std::string uuid_text(const Uuid& uuid);

/// {"w0": …} or {"x0": …}; registers that are not named are zero.
Regs regs_from(const json& regs);

/// Copies a wire struct out of an image; throws where the image ends early.
template <class T>
T load(const Bytes& image, size_t offset) {
  if (offset > image.size() || sizeof(T) > image.size() - offset) {
    throw std::out_of_range("image too short");
  }
  T value;
  std::memcpy(&value, image.data() + offset, sizeof(T));
  return value;
}

/// Copies a wire struct into an image, which grows with zeros as needed.
template <class T>
void store(Bytes& image, size_t offset, const T& value) {
  if (image.size() < offset + sizeof(T)) image.resize(offset + sizeof(T));
  std::memcpy(image.data() + offset, &value, sizeof(T));
}

inline std::string test_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace ffa::test
