// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <utility>

namespace sim::unicorn {
namespace {

// As the memory that a mediator on the host gets: an uninitialised read shows, a stray write too.
constexpr uint64_t alignment = 64;
constexpr uint64_t border = 64;
constexpr std::byte fresh{0xa5};
constexpr std::byte fence{0x5c};
constexpr size_t max_text = 255;

}  // namespace

Pages::Pages(uint64_t bytes)
    : data_(static_cast<std::byte*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))),
      bytes_(bytes) {
  if (data_ == MAP_FAILED) throw std::bad_alloc();
}

Pages::~Pages() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

Memory::Memory(const Image& image, bool shadowed) : image_(image) {
  if (shadowed) shadow_.emplace();
  for (const Segment& segment : image.segments()) {
    const Region& region =
        add(segment.address, segment.bytes.size(), segment.writable, segment.executable);
    std::memcpy(region.pages.data(), segment.bytes.data(), segment.bytes.size());
  }
  add(heap_begin, heap_bytes, true, false);
}

Region& Memory::add(uint64_t address, uint64_t bytes, bool writable, bool executable) {
  return regions_.emplace(address, Region{address, writable, executable, Pages(bytes)})
      .first->second;
}

void Memory::restore() {
  for (const Segment& segment : image_.segments()) {
    if (!segment.writable) continue;
    std::memcpy(regions_.at(segment.address).pages.data(), segment.bytes.data(),
                segment.bytes.size());
  }
  for (const uint64_t top : used_stacks_)
    std::fill_n(find(top - stack_bytes, stack_bytes, true), stack_bytes, fresh);
  used_stacks_.clear();
}

void Memory::use_stack(uint64_t top) {
  used_stacks_.insert(top);
  if (shadow_) shadow_->set(top - stack_bytes, stack_bytes, ByteState::fresh);
}

uint64_t Memory::deepest_stack() const {
  uint64_t deepest = 0;
  for (const uint64_t top : used_stacks_) {
    const std::byte* const bottom = find(top - stack_bytes, stack_bytes, true);
    const std::byte* const first =
        std::find_if(bottom, bottom + stack_bytes, [](std::byte value) { return value != fresh; });
    deepest = std::max(deepest, static_cast<uint64_t>(bottom + stack_bytes - first));
  }
  return deepest;
}

std::byte* Memory::find(uint64_t address, uint64_t bytes, bool writable) const {
  const auto behind = regions_.upper_bound(address);
  if (behind == regions_.begin()) return nullptr;
  const Region& region = std::prev(behind)->second;
  const uint64_t offset = address - region.address;
  if (offset > region.pages.bytes() || bytes > region.pages.bytes() - offset) return nullptr;
  if (writable && !region.writable) return nullptr;
  return region.pages.data() + offset;
}

std::string Memory::text(uint64_t address) const {
  std::string text;
  while (text.size() < max_text) {
    const std::byte* const at = find(address + text.size(), 1, false);
    if (at == nullptr || *at == std::byte{0}) break;
    text.push_back(static_cast<char>(*at));
  }
  return text;
}

uint64_t Memory::add_stack() {
  const uint64_t bottom = stacks_begin + (2 * stacks_ + 1) * stack_bytes;
  if (bottom + stack_bytes > stacks_end) return 0;
  ++stacks_;
  const Region& stack = add(bottom, stack_bytes, true, false);
  std::fill_n(stack.pages.data(), stack_bytes, fresh);
  return bottom + stack_bytes;
}

uint64_t Memory::allocate(uint64_t bytes) {
  if (bytes > heap_bytes) return 0;
  const uint64_t room = (bytes + alignment - 1) / alignment * alignment + 2 * border;
  // The first hole that is large enough: where a block lies depends on the calls alone.
  uint64_t hole = heap_begin;
  for (const auto& [address, used] : blocks_) {
    if (address - border - hole >= room) break;
    hole = address + (used + alignment - 1) / alignment * alignment + border;
  }
  if (hole + room > heap_begin + heap_bytes) return 0;
  const uint64_t address = hole + border;
  blocks_[address] = bytes;
  std::byte* const at = find(hole, room, true);
  std::fill_n(at, room, fence);
  std::fill_n(at + border, bytes, fresh);
  if (shadow_) shadow_->set(address, bytes, ByteState::fresh);
  return address;
}

void Memory::release(uint64_t address) {
  if (shadow_) shadow_->set(address, blocks_.at(address), ByteState::not_its_own);
  blocks_.erase(address);
}

std::optional<uint64_t> Memory::heap_address(const void* place) const {
  const std::byte* const begin = regions_.at(heap_begin).pages.data();
  const auto* const at = static_cast<const std::byte*>(place);
  if (std::less<>{}(at, begin) || !std::less<>{}(at, begin + heap_bytes)) return std::nullopt;
  return heap_begin + static_cast<uint64_t>(at - begin);
}

bool Memory::border_intact(uint64_t address) const {
  const uint64_t bytes = blocks_.at(address);
  const std::byte* const at = find(address - border, bytes + 2 * border, true);
  const auto is_fence = [](std::byte value) { return value == fence; };
  const std::byte* const behind = at + border + bytes;
  return std::all_of(at, at + border, is_fence) && std::all_of(behind, behind + border, is_fence);
}

}  // namespace sim::unicorn
