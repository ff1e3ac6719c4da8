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
  in_.clear();
  read_.clear();
  out_.clear();
  written_.clear();
}

void Windows::refill(uint32_t buffer) {
  std::erase_if(read_,
                [buffer](const Range& range) { return range.begin / window_bytes == buffer; });
}

std::span<std::byte> Windows::ask(uint32_t buffer, uint32_t offset, uint32_t bytes) {
  in_begin_ = place_of(buffer, offset);
  in_.assign(bytes, nothing);
  return in_;
}

std::optional<std::span<const std::byte>> Windows::send(uint32_t buffer, uint32_t offset,
                                                        uint32_t bytes) {
  const bool whole = out_.size() == bytes &&
                     (bytes == 0 || out_begin_ == place_of(buffer, offset)) &&
                     std::find(written_.begin(), written_.end(), 0) == written_.end();
  if (!whole) return std::nullopt;
  sent_.swap(out_);
  out_.clear();
  written_.clear();
  return sent_;
}

// Most loads go on behind the one before, so that a copy is one range.
std::optional<uint64_t> Windows::note_read(uint64_t at, uint32_t bytes) {
  std::optional<uint64_t> again;
  for (const Range& range : read_) {
    const uint64_t first = std::max(at, range.begin);
    if (first < std::min(at + bytes, range.end)) again = std::min(again.value_or(first), first);
  }
  if (!read_.empty() && read_.back().end == at && at % window_bytes != 0) {
    read_.back().end += bytes;
  } else {
    read_.push_back({at, at + bytes});
  }
  return again;
}

uint64_t Windows::load(uint64_t at, uint32_t bytes, std::optional<Finding>& finding) {
  uint64_t value = 0;
  for (uint32_t n = 0; n < bytes; ++n) {
    const uint64_t index = at + n - in_begin_;
    if (index >= in_.size() && !finding) {
      finding = Finding{"U01", byte_text(at + n) + " is read, which no copy_in has asked for"};
    }
    const std::byte byte = index < in_.size() ? in_[index] : nothing;
    value |= std::to_integer<uint64_t>(byte) << 8 * n;
  }
  if (finding) return value;
  if (const auto again = note_read(at, bytes))
    finding = Finding{"I20", byte_text(*again) + " is read twice"};
  return value;
}

void Windows::store(uint64_t at, uint32_t bytes, uint64_t value, std::optional<Finding>& finding) {
  if (out_.empty()) out_begin_ = at;
  if (at < out_begin_ || at / window_bytes != out_begin_ / window_bytes) {
    finding = Finding{"U01", byte_text(at) + " is written, but not behind what waits for copy_out"};
    return;
  }
  const uint64_t first = at - out_begin_;
  if (first + bytes > out_.size()) {
    out_.resize(first + bytes, nothing);
    written_.resize(first + bytes, 0);
  }
  for (uint32_t n = 0; n < bytes; ++n) {
    out_[first + n] = static_cast<std::byte>(value >> 8 * n);
    written_[first + n] = 1;
  }
}

}  // namespace sim::unicorn
