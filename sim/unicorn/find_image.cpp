// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>

#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim {

std::string find_unicorn_image() {
  const char* const chosen = std::getenv("FFASIM_UNICORN_IMAGE");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  if (const auto image = built_image("ffa-mediator-unicorn.elf")) return *image;
  throw MissingTool("the mediator's AArch64 image",
                    "not built; do 'cmake --preset aarch64 && cmake --build build/aarch64' (needs "
                    "g++-aarch64-linux-gnu), or name it in FFASIM_UNICORN_IMAGE");
}

}  // namespace sim
