// SPDX-License-Identifier: BSD-3-Clause
// An endpoint's program as a file: what is to lie where when its processor begins. An ELF file or a
// raw image, as the scenario says. Read once, changed by nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/world_spec.hpp"

namespace sim::endpoint {

inline constexpr uint64_t page_bytes = 4096;
/// More than any program of this kind has, bytes.
inline constexpr uint64_t max_piece_bytes = 64ULL << 20;

/// Bytes at an address, and zeros behind them.
struct Piece {
  uint64_t address = 0;
  std::vector<std::byte> bytes;
  uint64_t zeros = 0;
  std::string name;  ///< for people: "segment 2"
  [[nodiscard]] uint64_t size() const { return bytes.size() + zeros; }
};

class Image {
 public:
  /// Throws InputError (file, reason) where a file can't be read, is no AArch64 executable, or does
  /// not fit the board.
  explicit Image(const ImageSpec& spec);

  [[nodiscard]] const std::string& file() const { return file_; }
  /// The manifest among them.
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] uint64_t entry() const { return entry_; }
  /// The address of a symbol of an ELF file that is not stripped.
  [[nodiscard]] std::optional<uint64_t> symbol(const std::string& name) const;

 private:
  void read_elf(const std::vector<std::byte>& bytes);
  void add(Piece piece);

  std::string file_;
  uint64_t entry_ = 0;
  std::vector<Piece> pieces_;
  std::map<std::string, uint64_t> symbols_;
};

/// Why the images of this world can't run here, for people: one is not built, or this program has
/// no emulator. Empty: they can, or there are none.
std::string why_not(const WorldSpec& world);

/// Reads every image of the world, and sees whether it finds its place in its endpoint's memory.
/// Throws InputError (file, reason).
void check_images(const WorldSpec& world);

}  // namespace sim::endpoint
