// SPDX-License-Identifier: BSD-3-Clause
// Where the file of an image lies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/engine/world_spec.hpp"

namespace sim::endpoint {

inline constexpr std::string_view built_prefix = "built:";

/// Nothing: it is one of the `aarch64` tree's, and has not been built.
std::optional<std::string> find_image(const ImageSpec& spec);
/// The same. Throws MissingTool.
std::string path_of(const ImageSpec& spec);

}  // namespace sim::endpoint
