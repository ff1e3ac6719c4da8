// SPDX-License-Identifier: BSD-3-Clause
#include "sim/endpoint/find.hpp"

#include "sim/endpoint/image.hpp"
#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::endpoint {

std::optional<std::string> find_image(const ImageSpec& spec) {
  if (!spec.file.starts_with(built_prefix)) return spec.file;
  return built_image(spec.file.substr(built_prefix.size()));
}

std::string path_of(const ImageSpec& spec) {
  if (const auto found = find_image(spec)) return *found;
  throw MissingTool("the endpoint's image " + spec.file.substr(built_prefix.size()),
                    std::string("not built; ") + how_to_build_images);
}

}  // namespace sim::endpoint
