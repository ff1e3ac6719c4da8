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
  /// A call begins: nothing is asked for, nothing was read.
  void clear();
  /// Somebody may have written to a buffer as the protocol has it: its bytes may be read again.
  void refill(uint32_t buffer);
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
  /// Of all windows, from their beginning.
  struct Range {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  /// The first of some bytes that the call has read before; from now on it has read all of them.
  std::optional<uint64_t> note_read(uint64_t at, uint32_t bytes);

  uint64_t in_begin_ = 0;
  std::vector<std::byte> in_;
  std::vector<Range> read_;
  uint64_t out_begin_ = 0;
  std::vector<std::byte> out_;
  std::vector<uint8_t> written_;
  std::vector<std::byte> sent_;
};

}  // namespace sim::unicorn
