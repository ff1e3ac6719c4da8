// SPDX-License-Identifier: BSD-3-Clause
// An input that lies in a file: a crash, or one of a corpus.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace fuzz {

/// All its bytes. Nothing: the file can't be read.
inline std::optional<std::vector<uint8_t>> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return {};
  return std::vector<uint8_t>(text.begin(), text.end());
}

}  // namespace fuzz
