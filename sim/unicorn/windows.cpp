// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/windows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ports/unicorn/image_abi.hpp"

namespace sim::unicorn {
namespace {

using ports::unicorn::window_bytes;

constexpr std::byte nothing{0xa5};

uint64_t place_of(uint32_t buffer, uint32_t offset) { return buffer * window_bytes + offset; }

std::string byte_text(uint64_t at) {
  return fmt::format("byte {} of buffer {}", at % window_bytes, at / window_bytes);
}

}  // namespace

void Windows::clear() {
  in_.bytes.clear();
  in_.done.clear();
  out_.bytes.clear();
  out_.done.clear();
}

std::span<std::byte> Windows::ask(uint32_t buffer, uint32_t offset, uint32_t bytes) {
  in_.begin = place_of(buffer, offset);
  in_.bytes.assign(bytes, nothing);
  in_.done.assign(bytes, 0);
  return in_.bytes;
}

std::optional<std::span<const std::byte>> Windows::send(uint32_t buffer, uint32_t offset,
                                                        uint32_t bytes) {
  const bool whole = out_.bytes.size() == bytes &&
                     (bytes == 0 || out_.begin == place_of(buffer, offset)) &&
                     std::find(out_.done.begin(), out_.done.end(), 0) == out_.done.end();
  if (!whole) return std::nullopt;
  sent_.swap(out_.bytes);
  out_.bytes.clear();
  out_.done.clear();
  return sent_;
}

uint64_t Windows::load(uint64_t at, uint32_t bytes, std::optional<Finding>& finding) {
  uint64_t value = 0;
  for (uint32_t n = 0; n < bytes; ++n) {
    const uint64_t index = at + n - in_.begin;
    std::byte byte = nothing;
    const char* wrong = nullptr;
    if (index >= in_.bytes.size()) {
      wrong = " is read, which no copy_in has asked for";
    } else {
      byte = in_.bytes[index];
      if (in_.done[index] != 0) wrong = " is read twice";
      in_.done[index] = 1;
    }
    if (wrong != nullptr && !finding)
      finding = Finding{index >= in_.bytes.size() ? "U01" : "I20", byte_text(at + n) + wrong};
    value |= std::to_integer<uint64_t>(byte) << 8 * n;
  }
  return value;
}

void Windows::store(uint64_t at, uint32_t bytes, uint64_t value, std::optional<Finding>& finding) {
  if (out_.bytes.empty()) out_.begin = at;
  if (at < out_.begin || at / window_bytes != out_.begin / window_bytes) {
    finding = Finding{"U01", byte_text(at) + " is written, but not behind what waits for copy_out"};
    return;
  }
  const uint64_t first = at - out_.begin;
  if (first + bytes > out_.bytes.size()) {
    out_.bytes.resize(first + bytes, nothing);
    out_.done.resize(first + bytes, 0);
  }
  for (uint32_t n = 0; n < bytes; ++n) {
    out_.bytes[first + n] = static_cast<std::byte>(value >> 8 * n);
    out_.done[first + n] = 1;
  }
}

}  // namespace sim::unicorn
