// SPDX-License-Identifier: BSD-3-Clause
// The little protocol of the `memory_user` SP, in the five payload words of a direct request:
// w3-w7, the low halves of x3-x7, or of x4-x8 in DIRECT_REQ2. The scenario compiler and guest
// programs build requests from these numbers; docs/software-sps.md describes them.
#pragma once

#include <cstdint>

namespace spmc_model::sp_protocol {

/// Payload words of a request and of its answer.
inline constexpr unsigned operation_word = 0;    ///< request: Operation
inline constexpr unsigned handle_low_word = 1;   ///< request
inline constexpr unsigned handle_high_word = 2;  ///< request
inline constexpr unsigned offset_word = 3;       ///< read, write: byte offset; retrieve: Access
inline constexpr unsigned value_word = 4;        ///< write: the 32-bit word
inline constexpr unsigned status_word = 0;       ///< answer: 0, or an FF-A status, 32 bits
inline constexpr unsigned result_low_word = 1;   ///< answer: the value, low 32 bits
inline constexpr unsigned result_high_word = 2;  ///< answer: the value, high 32 bits
inline constexpr unsigned payload_words = 5;

/// None is 0 and none looks like a status, so that a lost register is seen.
enum class Operation : uint32_t {
  retrieve = 0x11,         ///< take hold of the region; `Access` says with which rights
  relinquish = 0x12,       ///< let go of it
  read_word = 0x13,        ///< the 32-bit little-endian word at the offset, a multiple of 4
  write_word = 0x14,       ///< write it; needs write access
  checksum = 0x15,         ///< xor of all 64-bit little-endian words of all pages
  count_pages = 0x16,      ///< pages of the region
  count_ranges = 0x17,     ///< address ranges of the region as the SPMC was told them
  message_size = 0x21,     ///< bytes of the indirect message in RX, header and all; 0: none
  message_word = 0x22,     ///< the 32-bit little-endian word of it at the offset
  release_message = 0x23,  ///< RX is free again
};

/// Rights asked for by `retrieve`.
enum class Access : uint32_t {
  granted = 0,  ///< whatever the owner gave
  read_only = 1,
  read_write = 2,
};

}  // namespace spmc_model::sp_protocol
