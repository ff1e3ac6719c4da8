// SPDX-License-Identifier: BSD-3-Clause
// Where the AArch64 images and the libraries lie that were built with the running program.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace sim {

/// What people have to do to get the images.
inline constexpr const char* how_to_build_images =
    "do 'cmake --preset aarch64 && cmake --build build/aarch64' (needs g++-aarch64-linux-gnu)";

/// The file `name` in aarch64/bin of the build tree that the program is in, as build/bin/… or
/// build/<preset>/bin/…; nothing where it has not been built.
inline std::optional<std::string> built_image(const std::string& name) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const char* build : {"..", "../.."}) {
    const std::filesystem::path image =
        (program.parent_path() / build / "aarch64/bin" / name).lexically_normal();
    if (std::filesystem::is_regular_file(image, error)) return image.string();
  }
  return std::nullopt;
}

/// The file `name` in lib of the build tree that the program is in; nothing where there is none.
inline std::optional<std::string> built_library(const std::string& name) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto library = (program.parent_path() / "../lib" / name).lexically_normal();
  if (!std::filesystem::is_regular_file(library, error)) return std::nullopt;
  return library.string();
}

}  // namespace sim
