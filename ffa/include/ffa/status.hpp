// SPDX-License-Identifier: BSD-3-Clause
// The status codes of FFA_ERROR. [DEN0077A 1.2 table 12.2]
#pragma once

#include <cstdint>

namespace ffa {

/// Carried in w2 of FFA_ERROR, zero-extended. `success` never appears in an FFA_ERROR.
enum class Status : int32_t {
  success = 0,
  not_supported = -1,
  invalid_parameters = -2,
  no_memory = -3,
  busy = -4,
  interrupted = -5,
  denied = -6,
  retry = -7,
  aborted = -8,
  no_data = -9,    // since 1.1
  not_ready = -10  // since 1.3, decoded only
};

/// The status as it stands in w2: 32 bits, zero-extended.
constexpr uint32_t to_word(Status status) { return static_cast<uint32_t>(status); }

/// w2 of a received FFA_ERROR. 0 and unknown codes mean NOT_SUPPORTED: an error can never read as
/// success.
constexpr Status status_from_word(uint32_t word) {
  const auto value = static_cast<int32_t>(word);
  if (value >= -10 && value <= -1) return static_cast<Status>(value);
  return Status::not_supported;
}

}  // namespace ffa
