// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/buffers.hpp"

#include <algorithm>
#include <utility>

namespace sim {

uint32_t Buffers::add(MappedBuffer buffer) {
  const uint32_t id = next_++;
  buffers_.emplace(id, std::move(buffer));
  return id;
}

const MappedBuffer* Buffers::find(uint32_t id) const {
  const auto it = buffers_.find(id);
  return it == buffers_.end() ? nullptr : &it->second;
}

bool Buffers::maps(uint16_t vm, uint64_t ipa_page, uint64_t pages) const {
  return std::any_of(buffers_.begin(), buffers_.end(), [&](const auto& entry) {
    const MappedBuffer& buffer = entry.second;
    return buffer.vm == vm && buffer.ipa_page < ipa_page + pages &&
           ipa_page < buffer.ipa_page + buffer.pages;
  });
}

uint32_t Buffers::count(uint16_t vm) const {
  return static_cast<uint32_t>(std::count_if(
      buffers_.begin(), buffers_.end(), [&](const auto& entry) { return entry.second.vm == vm; }));
}

void Buffers::remove_all(uint16_t vm) {
  std::erase_if(buffers_, [&](const auto& entry) { return entry.second.vm == vm; });
}

}  // namespace sim
