// SPDX-License-Identifier: BSD-3-Clause
// Which register of which call means what, for words.cpp.
#pragma once

#include <cstdint>
#include <span>

namespace ffa_trace {

/// How a register, or a pair of them, reads. `…_if_set`: left out where zero.
enum class Kind : uint8_t {
  version,
  query,  ///< FFA_FEATURES: a function id or a feature id
  decimal,
  decimal_if_set,
  bytes,
  hex,
  hex_if_set,
  address,
  address_if_set,
  endpoint,  ///< bits 15:0
  endpoint_if_set,
  high_endpoint_if_set,  ///< bits 31:16
  sender_receiver,       ///< sender in 31:16, receiver in 15:0
  endpoint_vcpu,         ///< endpoint in 31:16, vCPU in 15:0
  vcpu_endpoint,         ///< vCPU in 31:16, endpoint in 15:0
  handle,                ///< two words, low first
  bitmap,                ///< two words, low first
  bitmap_if_set,
  uuid_words,   ///< four words
  uuid_dwords,  ///< two registers
  status,
  characters,      ///< FFA_CONSOLE_LOG: the rest of the registers
  start_index_tag  ///< index in 15:0, tag in 31:16
};

struct Bit {
  uint8_t number;
  const char* name;
};

struct Field {
  uint8_t reg;
  Kind kind;
  const char* label;
  std::span<const Bit> bits{};  ///< of a hexadecimal one: what its bits are called
};

/// One function number's registers.
struct Layout {
  uint8_t number;
  std::span<const Field> fields;
};

/// Nothing for a number without arguments worth naming, or unknown.
std::span<const Field> call_fields(uint32_t number);
/// The results in FFA_SUCCESS as the answer to a call with this number.
std::span<const Field> success_fields(uint32_t number);
/// The properties of a partition. [DEN0077A 1.2 table 6.2]
std::span<const Bit> property_bits();

}  // namespace ffa_trace
