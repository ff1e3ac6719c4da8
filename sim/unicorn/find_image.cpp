// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <string>

#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim {

std::string find_unicorn_image() {
  const char* const chosen = std::getenv("FFASIM_UNICORN_IMAGE");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  if (const auto image = built_image("ffa-mediator-unicorn.elf")) return *image;
  throw MissingTool(
      "the mediator's AArch64 image",
      std::string("not built; ") + how_to_build_images + ", or name it in FFASIM_UNICORN_IMAGE");
}

}  // namespace sim
