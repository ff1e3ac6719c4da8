// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "ffa/types.hpp"

namespace sim::scenario {
namespace {

constexpr uint64_t max_private_bytes = 1ULL << 30;

/// A path from the scenario's folder.
std::string path_from(const Node& node) {
  const std::string text = node.text();
  if (text.starts_with("built:")) return text;
  return (std::filesystem::path(node.file()).parent_path() / text).lexically_normal().string();
}

uint64_t page_aligned(const Node& node) {
  const uint64_t value = node.number();
  if (value % ffa::page_size != 0) node.fail("not a multiple of 4 KiB");
  return value;
}

bool overlap(uint64_t begin, uint64_t size, uint64_t other, uint64_t other_size) {
  return begin < other + other_size && other < begin + size;
}

void memory(const Node& list, ImageSpec& image) {
  for (const Node& node : list.elements()) {
    const PrivateMemory part{page_aligned(node.at("address")), page_aligned(node.at("size"))};
    if (part.size == 0 || part.size > max_private_bytes) {
      node.fail_at("size", "from 4 KiB to 1 GiB");
    }
    if (part.address + part.size < part.address) node.fail_at("size", "reaches past the end");
    for (const PrivateMemory& other : image.memory) {
      if (overlap(part.address, part.size, other.address, other.size)) {
        node.fail(fmt::format("overlaps the memory at {:#x}", other.address));
      }
    }
    image.memory.push_back(part);
  }
}

void registers(const Node& node, ImageSpec& image) {
  for (const auto& [name, value] : node.members()) {
    const auto number = parse_number(std::string_view{name}.substr(1));
    if (name[0] != 'x' || !number || *number > 30) {
      value.fail(fmt::format("'{}' is not one of x0 to x30", name));
    }
    const bool manifest = value.is_string() && value.text() == "manifest";
    if (manifest && image.manifest.empty()) value.fail("there is no manifest");
    image.registers.emplace_back(static_cast<uint8_t>(*number),
                                 manifest ? image.manifest_at : value.number());
  }
}

ImageSpec read_image(const Node& node) {
  ImageSpec image;
  image.file = path_from(node.at("file"));
  if (const auto load = node.find("load")) image.load = load->number();
  if (const auto entry = node.find("entry")) image.entry = entry->number();
  if (const auto manifest = node.find("manifest")) {
    image.manifest = path_from(manifest->at("file"));
    image.manifest_at = manifest->at("address").number();
  }
  if (const auto list = node.find("registers")) registers(*list, image);
  if (const auto list = node.find("memory")) memory(*list, image);
  if (const auto uart = node.find("uart")) image.uart = page_aligned(*uart);
  if (const auto call = node.find("console_call")) {
    image.console_call = static_cast<uint32_t>(call->number(0xffffffff));
  }
  image.burst = node.number_or("burst", image.burst, 1ULL << 32);
  if (image.burst == 0) node.fail_at("burst", "is 0");
  return image;
}

/// Nothing that the board has lies where something else is.
void check_places(const Node& node, const ImageSpec& image,
                  const std::vector<RegionSpec>& regions) {
  const auto check = [&](uint64_t begin, uint64_t size, const char* key) {
    for (const RegionSpec& region : regions) {
      if (region.kind == RegionKind::none) continue;
      if (overlap(begin, size, region.ipa, region.size)) {
        node.fail_at(key, fmt::format("overlaps the VM's memory at {:#x}", region.ipa));
      }
    }
  };
  for (const PrivateMemory& part : image.memory) {
    check(part.address, part.size, "memory");
    if (image.uart && overlap(*image.uart, ffa::page_size, part.address, part.size)) {
      node.fail_at("uart", fmt::format("overlaps the memory at {:#x}", part.address));
    }
  }
  if (image.uart) check(*image.uart, ffa::page_size, "uart");
}

/// The key `image`; nothing for none.
std::optional<Node> image_node(const Node& endpoint) {
  const auto node = endpoint.find("image");
  if (!node || node->json().is_null() || (node->is_string() && node->text() == "none")) return {};
  return node;
}

}  // namespace

std::optional<ImageSpec> vm_image(const Node& vm, const VmSpec& spec) {
  const auto node = image_node(vm);
  if (!node) return {};
  if (node->is_string()) {
    if (node->text() != "steps") node->fail("one of none and steps, or a description");
    ImageSpec image;
    image.file = "built:ffa-qemu-el1.elf";
    image.runs_steps = true;
    return image;
  }
  if (node->has("slice")) node->fail_at("slice", "goes with an SP only");
  ImageSpec image = read_image(*node);
  check_places(*node, image, spec.memory);
  return image;
}

std::optional<ImageSpec> sp_image(const Node& sp) {
  const auto node = image_node(sp);
  if (!node) return {};
  if (node->is_string()) {
    if (node->text() != "memory_user") node->fail("one of none and memory_user, or a description");
    ImageSpec image;
    image.file = "built:ffa-endpoint-sp.elf";
    constexpr uint64_t begin = 0x7100000000;
    constexpr uint64_t bytes = 1ULL << 20;
    image.memory.push_back({begin, bytes});
    return image;
  }
  ImageSpec image = read_image(*node);
  if (image.memory.empty()) node->fail("an SP has no memory but what `memory` says");
  image.slice = node->number_or("slice", 0);
  check_places(*node, image, {});
  return image;
}

bool has_images(const WorldSpec& world) {
  const auto has = [](const auto& endpoint) { return endpoint.image.has_value(); };
  return std::any_of(world.vms.begin(), world.vms.end(), has) ||
         std::any_of(world.sps.begin(), world.sps.end(), has);
}

}  // namespace sim::scenario
