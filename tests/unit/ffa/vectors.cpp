// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.hpp"

#include <fstream>

namespace ffa::test {
namespace {

json read_vectors() {
  std::ifstream file(TEST_DATA_DIR "/ffa-vectors.json");
  if (!file) throw std::runtime_error("cannot read " TEST_DATA_DIR "/ffa-vectors.json");
  return json::parse(file).at("vectors");
}

struct Prefix {
  std::string_view text;
  Kind kind;
};
// The first that fits counts.
constexpr Prefix prefixes[] = {
    {"NEGATIVE: ", Kind::negative},
    {"memory transaction descriptor, ", Kind::memory},
    {"FFA_MEM_RETRIEVE_REQ by the hypervisor", Kind::memory},
    {"FFA_MEM_RETRIEVE_RESP to the hypervisor", Kind::memory},
    {"FFA_MEM_SHARE, ", Kind::memory},
    {"memory relinquish descriptor", Kind::relinquish},
    {"FFA_PARTITION_INFO_GET RX buffer", Kind::partition_info},
    {"partition info, 48-byte", Kind::partition_info},
    {"FFA_PARTITION_INFO_GET_REGS ", Kind::partition_info_regs},
    {"TX buffer of FFA_MSG_SEND2", Kind::partition_message},
    {"endpoint RX/TX descriptor", Kind::endpoint_rxtx},
    {"FFA_NOTIFICATION_INFO_GET ", Kind::notification_info},
    {"registers w0..w7", Kind::registers},
};

uint8_t nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  throw std::invalid_argument("not a hexadecimal digit");
}

}  // namespace

Kind kind_of(const json& vector) {
  const std::string kind = vector.at("kind");
  for (const Prefix& prefix : prefixes) {
    if (kind.starts_with(prefix.text)) return prefix.kind;
  }
  throw std::invalid_argument("vector of unknown kind: " + kind);
}

const json& all_vectors() {
  static const json vectors = read_vectors();
  return vectors;
}

const json& vector_called(const std::string& name) {
  for (const json& vector : all_vectors()) {
    if (vector.at("name") == name) return vector;
  }
  throw std::invalid_argument("no vector called " + name);
}

std::vector<std::string> names_of(Kind kind) {
  std::vector<std::string> names;
  for (const json& vector : all_vectors()) {
    if (kind_of(vector) == kind) names.push_back(vector.at("name"));
  }
  return names;
}

std::vector<std::string> names_with(const char* key) {
  std::vector<std::string> names;
  for (const json& vector : all_vectors()) {
    if (vector.contains(key)) names.push_back(vector.at("name"));
  }
  return names;
}

Bytes from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) throw std::invalid_argument("half a byte");
  Bytes bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
  }
  return bytes;
}

uint64_t number(const json& value) {
  if (value.is_number()) return value.get<uint64_t>();
  const std::string text = value.get<std::string>();
  if (!text.starts_with("0x")) throw std::invalid_argument("not a number: " + text);
  return std::stoull(text.substr(2), nullptr, 16);
}

uint64_t number_or_zero(const json& fields, const char* key) {
  return fields.contains(key) ? number(fields.at(key)) : 0;
}

std::string hex_text(uint64_t value, unsigned digits) {
  std::string text;
  for (; value != 0 || text.size() < digits; value >>= 4) {
    text.insert(text.begin(), "0123456789abcdef"[value & 0xf]);
  }
  return "0x" + text;
}

Uuid uuid_from(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c != '-') digits += c;
  }
  const Bytes bytes = from_hex(digits);
  if (bytes.size() != 16) throw std::invalid_argument("not a UUID: " + text);
  Uuid uuid;
  std::memcpy(uuid.bytes, bytes.data(), 16);
  return uuid;
}

std::string uuid_text(const Uuid& uuid) {
  std::string text;
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex_text(uuid.bytes[i], 2).substr(2);
  }
  return text;
}

Regs regs_from(const json& regs) {
  Regs result;
  for (const auto& [name, value] : regs.items()) {
    if (name.at(0) != 'w' && name.at(0) != 'x') throw std::invalid_argument("register " + name);
    result.x.at(std::stoul(name.substr(1))) = number(value);
  }
  return result;
}

}  // namespace ffa::test
