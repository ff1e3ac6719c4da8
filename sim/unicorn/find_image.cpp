// SPDX-License-Identifier: BSD-3-Clause
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "sim/engine/input_error.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim {

std::string find_unicorn_image() {
  const char* const chosen = std::getenv("FFASIM_UNICORN_IMAGE");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  // build/bin/ffa-sim, or build/<preset>/bin/ffa-sim.
  for (const char* build : {"..", "../.."}) {
    const std::filesystem::path image =
        (program.parent_path() / build / "aarch64/bin/ffa-mediator-unicorn.elf").lexically_normal();
    if (std::filesystem::exists(image, error)) return image.string();
  }
  throw MissingTool("the mediator's AArch64 image",
                    "not built; do 'cmake --preset aarch64 && cmake --build build/aarch64' (needs "
                    "g++-aarch64-linux-gnu), or name it in FFASIM_UNICORN_IMAGE");
}

}  // namespace sim
