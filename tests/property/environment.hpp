// SPDX-License-Identifier: BSD-3-Clause
// What the environment says about a campaign.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>

namespace property {

/// A number of the environment. Throws where the variable is set to something else.
inline uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (end == text || *end != 0)
    throw std::runtime_error(fmt::format("{}={}: no number", name, text));
  return value;
}

}  // namespace property
