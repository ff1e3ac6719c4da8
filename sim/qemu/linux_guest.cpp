// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/linux_guest.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <span>

#include "ports/qemu-virt/memory_map.h"
#include "sim/engine/input_error.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/process.hpp"
#include "sim/qemu/run_folder.hpp"

namespace sim::qemu {
namespace {

constexpr uint64_t block = 2 << 20;
constexpr uint64_t max_tree_bytes = block;
/// The rest of a package, and EL2's copy of it, need room, too.
constexpr uint64_t max_files_bytes = PACKAGE_BYTES - block;

uint64_t round_up(uint64_t value) { return (value + block - 1) / block * block; }

/// The header of an arm64 Image. [Linux, arm64 booting]
struct ImageHeader {
  uint32_t code[2];
  uint64_t text_offset;  ///< from a 2 MiB boundary
  uint64_t image_size;   ///< with what is not in the file
  uint64_t flags;
  uint64_t reserved[3];
  char magic[4];
  uint32_t reserved_end;
};
static_assert(sizeof(ImageHeader) == 64);

ImageHeader header_of(const std::vector<std::byte>& kernel, const std::string& file) {
  ImageHeader header{};
  if (kernel.size() >= sizeof header) std::memcpy(&header, kernel.data(), sizeof header);
  if (std::memcmp(header.magic, "ARM\x64", sizeof header.magic) != 0) {
    throw InputError(file, "no arm64 Image (what is compressed must be unpacked first)");
  }
  if ((header.flags & 1U) != 0) throw InputError(file, "a big-endian kernel");
  const bool fits = header.image_size >= kernel.size() && header.image_size <= WORLD_RAM_BYTES;
  if (header.text_offset >= block || !fits) throw InputError(file, "sizes that make no sense");
  return header;
}

std::string in_quotes(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return '"' + quoted + '"';
}

/// An address or a size in two cells.
std::string cells(uint64_t value) {
  return fmt::format("{:#x} {:#x}", value >> 32, value & std::numeric_limits<uint32_t>::max());
}

std::vector<std::byte> compiled_tree(const std::string& source) {
  const RunFolder folder;
  const std::string name = folder.file("guest.dts");
  const std::string blob = folder.file("guest.dtb");
  std::ofstream out(name);
  out << source;
  out.close();
  if (!out) throw InputError(name, "can't be written");
  Process dtc({"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, name}, folder.path(),
              STDERR_FILENO);
  const int status = dtc.wait(false);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw InputError("device tree of the guest", "dtc refuses it");
  }
  return read_bytes(blob);
}

}  // namespace

std::string device_tree_source(const VmSpec& vm, const LinuxFiles& files, uint64_t initrd,
                               uint64_t initrd_bytes) {
  std::string memory;
  for (const RegionSpec& region : vm.memory) {
    if (region.kind != RegionKind::ram_rw) continue;
    memory += fmt::format("  memory@{:x} {{ device_type = \"memory\"; reg = <{} {}>; }};\n",
                          region.ipa, cells(region.ipa), cells(region.size));
  }
  std::string chosen =
      fmt::format("  chosen {{\n    bootargs = {};\n    stdout-path = \"/serial@{:x}\";\n",
                  in_quotes("console=ttyAMA0 panic=-1 " + files.arguments), UART);
  if (initrd_bytes != 0) {
    chosen += fmt::format("    linux,initrd-start = <{}>;\n    linux,initrd-end = <{}>;\n",
                          cells(initrd), cells(initrd + initrd_bytes));
  }
  // Interrupts: type (0 SPI, 1 PPI), number, level that is high.
  return fmt::format(
      R"(/dts-v1/;
/ {{
  #address-cells = <2>;
  #size-cells = <2>;
  interrupt-parent = <&gic>;
  model = "ffa-sim VM";
  compatible = "linux,dummy-virt";
  psci {{ compatible = "arm,psci-1.0", "arm,psci-0.2"; method = "{}"; }};
  cpus {{
    #address-cells = <1>;
    #size-cells = <0>;
    cpu@0 {{ device_type = "cpu"; compatible = "arm,armv8"; reg = <0>; enable-method = "psci"; }};
  }};
{}{}  }};
  gic: interrupt-controller@{:x} {{
    compatible = "arm,gic-v3";
    #interrupt-cells = <3>;
    interrupt-controller;
    reg = <{} 0 0x10000 {} 0 0x20000>;
  }};
  timer {{
    compatible = "arm,armv8-timer";
    interrupts = <1 13 4 1 14 4 1 11 4 1 10 4>;
    always-on;
  }};
  clock: clock {{ compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; }};
  serial@{:x} {{
    compatible = "arm,pl011", "arm,primecell";
    reg = <{} 0 0x1000>;
    interrupts = <0 1 4>;
    clocks = <&clock>, <&clock>;
    clock-names = "uartclk", "apb_pclk";
  }};
}};
)",
      files.hvc ? "hvc" : "smc", memory, chosen, GICD, cells(GICD), cells(GICR), UART, cells(UART));
}

Boot linux_guest(const VmSpec& vm, const LinuxFiles& files) {
  if (!can_run("dtc")) {
    throw MissingTool("dtc",
                      "can't be run; on Debian: apt-get install --no-install-recommends "
                      "device-tree-compiler");
  }
  const auto ram = std::find_if(vm.memory.begin(), vm.memory.end(), [](const RegionSpec& region) {
    return region.kind == RegionKind::ram_rw;
  });
  if (ram == vm.memory.end() || ram->ipa % block != 0) {
    throw InputError(vm.name,
                     "a VM that boots a kernel needs RAM that begins at a multiple of 2 MiB");
  }
  std::vector<std::byte> kernel = read_bytes(files.kernel);
  const ImageHeader header = header_of(kernel, files.kernel);
  std::vector<std::byte> initrd;
  if (!files.initrd.empty()) initrd = read_bytes(files.initrd);
  const uint64_t entry = ram->ipa + header.text_offset;
  const uint64_t tree_at = round_up(entry + header.image_size);
  const uint64_t initrd_at = tree_at + max_tree_bytes;
  if (initrd_at + initrd.size() > ram->ipa + ram->size) {
    throw InputError(
        vm.name,
        fmt::format("its first RAM of {} MiB has no room for kernel and initrd", ram->size >> 20));
  }
  if (kernel.size() + initrd.size() > max_files_bytes) {
    throw InputError(files.kernel, fmt::format("kernel and initrd are larger than {} MiB together",
                                               max_files_bytes >> 20));
  }
  std::vector<std::byte> tree =
      compiled_tree(device_tree_source(vm, files, initrd_at, initrd.size()));
  if (tree.size() > max_tree_bytes) throw InputError("--append", "too long");
  Boot boot{vm.config.id.raw(), entry, tree_at};
  boot.files.push_back({entry, std::move(kernel)});
  boot.files.push_back({tree_at, std::move(tree)});
  if (!initrd.empty()) boot.files.push_back({initrd_at, std::move(initrd)});
  return boot;
}

}  // namespace sim::qemu
