// SPDX-License-Identifier: BSD-3-Clause
// How real SPMCs differ, one knob a field. A personality is a value of this struct; its numbers are stable row numbers
// of docs/spmc-personalities.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ffa/types.hpp"

namespace spmc_model {

struct Personality {
  std::string_view name = "op-tee";
  ffa::Version max_version = ffa::v1_2;
};

/// The personality of that name, or nothing. Known: "op-tee".
std::optional<Personality> find_personality(std::string_view name);

}  // namespace spmc_model
