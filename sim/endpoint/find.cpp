// SPDX-License-Identifier: BSD-3-Clause
#include "sim/endpoint/find.hpp"

#include "sim/endpoint/image.hpp"
#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::endpoint {
namespace {
constexpr const char* how_to_build =
    "not built; do 'cmake --preset aarch64 && cmake --build build/aarch64' (needs "
    "g++-aarch64-linux-gnu)";
}  // namespace

std::optional<std::string> find_image(const ImageSpec& spec) {
  if (!spec.file.starts_with(built_prefix)) return spec.file;
  return built_image(spec.file.substr(built_prefix.size()));
}

std::string path_of(const ImageSpec& spec) {
  if (const auto found = find_image(spec)) return *found;
  throw MissingTool("the endpoint's image " + spec.file.substr(built_prefix.size()), how_to_build);
}

}  // namespace sim::endpoint
