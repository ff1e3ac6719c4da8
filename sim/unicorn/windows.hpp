// SPDX-License-Identifier: BSD-3-Clause
// Foreign memory as the image sees it: the bytes of mapped buffers that one call has asked for, and
// those that it has written and not sent yet. What the emulated processor loads and stores in the
// windows of ports/unicorn/image_abi.hpp ends here, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sim::unicorn {

/// A breach of an invariant, for people.
struct Finding {
  std::string invariant;
  std::string text;
};

class Windows {
 public:
  /// A call begins: nothing is asked for.
  void clear();
  /// The image asks for bytes of a buffer; they are to be put into what comes back.
  std::span<std::byte> ask(uint32_t buffer, uint32_t offset, uint32_t bytes);
  /// What the image has written there; it counts as sent. Valid until the next one is sent.
  /// Nothing: not all of it was written.
  std::optional<std::span<const std::byte>> send(uint32_t buffer, uint32_t offset, uint32_t bytes);

  /// Up to 8 bytes, little-endian, at `at` from the beginning of all windows. A byte that was not
  /// asked for reads as 0xa5.
  uint64_t load(uint64_t at, uint32_t bytes, std::optional<Finding>& finding);
  void store(uint64_t at, uint32_t bytes, uint64_t value, std::optional<Finding>& finding);

 private:
  /// A piece of one buffer; of a load those that were read, of a store those that were written.
  struct Piece {
    uint64_t begin = 0;  ///< from the beginning of all windows
    std::vector<std::byte> bytes;
    std::vector<uint8_t> done;
  };
  Piece in_;
  Piece out_;
  std::vector<std::byte> sent_;
};

}  // namespace sim::unicorn
