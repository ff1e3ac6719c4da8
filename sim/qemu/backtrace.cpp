// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/backtrace.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "ports/qemu-virt/memory_map.h"
#include "sim/qemu/process.hpp"

namespace sim::qemu {
namespace {

constexpr const char* addr2line = "aarch64-linux-gnu-addr2line";

/// The image that has code at this address; empty: none.
std::string image_at(uint64_t address, const Tools& tools) {
  const auto in = [address](uint64_t base, uint64_t bytes) {
    return address >= base && address - base < bytes;
  };
  std::error_code error;
  const auto built = std::filesystem::canonical(tools.firmware, error).parent_path();
  if (in(EL2_RAM, EL2_RAM_BYTES)) return tools.el2;
  if (in(EL3_RAM, EL3_RAM_BYTES)) return built / "ffa-qemu-el3.elf";
  if (in(SEL1_RAM, SEL1_RAM_BYTES)) return built / "ffa-qemu-sel1.elf";
  if (in(GUEST_IMAGE_IPA, GUEST_IMAGE_BYTES)) return built / "ffa-qemu-el1.elf";
  return {};
}

/// What the program writes; empty if it can't be run or fails.
std::string output_of(const std::vector<std::string>& words) {
  const int output = memfd_create("output", MFD_CLOEXEC);
  if (output < 0) return {};
  std::string text;
  try {
    const bool good = Process(words, "/", output).wait(false) == 0;
    text.resize(good ? static_cast<size_t>(std::max<off_t>(lseek(output, 0, SEEK_END), 0)) : 0);
    text.resize(
        static_cast<size_t>(std::max<ssize_t>(pread(output, text.data(), text.size(), 0), 0)));
  } catch (const std::runtime_error&) {
    text.clear();
  }
  close(output);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string name_of(uint64_t address, bool is_return, const Tools& tools) {
  const std::string image = image_at(address, tools);
  std::error_code error;
  if (image.empty() || !std::filesystem::exists(image, error)) return {};
  // A call is the instruction before the one that it returns to.
  const uint64_t place = is_return ? address - 4 : address;
  return output_of({addr2line, "-e", image, "-fipC", fmt::format("{:#x}", place)});
}

}  // namespace

std::string with_names(const std::string& message, const Tools& tools) {
  std::istringstream lines(message);
  std::string line;
  std::string all;
  while (std::getline(lines, line)) {
    const bool is_return = line.starts_with("  called from 0x");
    if (is_return || line.starts_with("  at          0x")) {
      const std::string text = line.substr(line.find("0x"));
      const std::string name = name_of(std::strtoull(text.c_str(), nullptr, 16), is_return, tools);
      if (!name.empty()) line += " " + name;
    }
    all += (all.empty() ? "" : "\n") + line;
  }
  return all;
}

}  // namespace sim::qemu
