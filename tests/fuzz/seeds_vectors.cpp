// SPDX-License-Identifier: BSD-3-Clause
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/fuzz/seeds.hpp"

namespace fuzz {

namespace {

using nlohmann::json;

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (size_t n = 0; n + 1 < hex.size(); n += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(n, 2), nullptr, 16)));
  }
  return bytes;
}

/// The first byte of the target `descriptor`, but for the version; nothing: no such image.
std::optional<uint8_t> kind_of(const std::string& kind) {
  constexpr uint8_t several = 3 << 4;
  if (kind.find("FFA_MEM_SHARE") != std::string::npos || kind.starts_with("NEGATIVE")) {
    return several;
  }
  if (kind.find("FFA_MEM_LEND") != std::string::npos) return several | 1 << 2;
  if (kind.find("FFA_MEM_DONATE") != std::string::npos) return several | 2 << 2;
  if (kind.find("FFA_MEM_RETRIEVE") != std::string::npos) return several | 3 << 2;
  return {};
}

}  // namespace

void add_vectors(const std::string& file, Seeds& seeds) {
  std::ifstream stream(file);
  const json vectors = json::parse(stream);
  for (const json& vector : vectors.at("vectors")) {
    const auto kind = kind_of(vector.at("kind").get<std::string>());
    if (!kind || !vector.contains("hex")) continue;
    const auto version = vector.at("abi_version").get<std::string>();
    const Bytes image = from_hex(vector.at("hex").get<std::string>());
    constexpr size_t longest = 512;
    if (image.size() > longest) continue;  // more of the same ranges
    for (const uint8_t place : std::initializer_list<uint8_t>{0, 1, 7}) {
      Bytes seed{static_cast<uint8_t>(*kind | (version.back() - '0')), place};
      seed.insert(seed.end(), image.begin(), image.end());
      seeds["descriptor"].insert(seed);
    }
  }
}

}  // namespace fuzz
