// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/tools.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/qemu/process.hpp"

namespace sim::qemu {
namespace {

namespace fs = std::filesystem;

/// Longer than any case takes on a busy machine.
constexpr int usual_time_limit_s = 120;

}  // namespace

std::string find_image(const char* name) {
  const std::string set = from_environment("FFASIM_QEMU_IMAGES");
  std::error_code error;
  const std::string chosen = set.empty() ? name : (fs::absolute(set) / name).string();
  if (set.empty()) {
    if (const auto built = built_image(name)) return *built;
  } else if (fs::is_regular_file(chosen, error)) {
    return chosen;
  }
  throw MissingTool(chosen, std::string("not there; ") + how_to_build_images +
                                ", or name the folder in FFASIM_QEMU_IMAGES");
}

namespace {

int find_time_limit_s() {
  const std::string text = from_environment("FFASIM_QEMU_TIMEOUT");
  if (text.empty()) return usual_time_limit_s;
  const bool number = text.size() <= 6 &&
                      text.find_first_not_of("0123456789") == std::string::npos &&
                      text.find_first_not_of('0') != std::string::npos;
  if (!number) throw InputError("FFASIM_QEMU_TIMEOUT", "not a number of seconds from 1 to 999999");
  return std::stoi(text);
}

}  // namespace

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Tools find_tools() {
  Tools tools;
  tools.qemu = from_environment("FFASIM_QEMU");
  if (tools.qemu.empty()) tools.qemu = "qemu-system-aarch64";
  if (!can_run(tools.qemu)) {
    throw MissingTool(tools.qemu,
                      "can't be run; on Debian: apt-get install --no-install-recommends "
                      "qemu-system-arm");
  }
  tools.time_limit_s = find_time_limit_s();
  tools.firmware = find_image("ffa-qemu-firmware.bin");
  tools.el2 = find_image("ffa-qemu-el2.elf");
  char magic[4] = {};
  std::ifstream(tools.el2, std::ios::binary).read(magic, sizeof magic);
  if (std::memcmp(magic, "\177ELF", sizeof magic) != 0) {
    throw InputError(tools.el2, "not an ELF file");
  }
  return tools;
}

}  // namespace sim::qemu
