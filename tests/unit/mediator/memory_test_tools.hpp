// SPDX-License-Identifier: BSD-3-Clause
// What the memory tests share: a builder of transaction descriptors with offsets of its own (so
// that a wrong wire struct can't agree with itself), and a fixed source of numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/memory_transaction.hpp"
#include "core/ownership_map.hpp"
#include "ffa/types.hpp"

namespace memory_test {

using Bytes = std::vector<std::byte>;

inline void put(Bytes& image, size_t offset, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) {
    image.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
  }
}
inline uint64_t get(const Bytes& image, size_t offset, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value |= uint64_t(image.at(offset + i)) << (8 * i);
  return value;
}
inline Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// The three layouts that a guest may use.
enum class Layout { v1_0, v1_1, v1_2 };
inline constexpr Layout all_layouts[] = {Layout::v1_0, Layout::v1_1, Layout::v1_2};
inline ffa::Version version_of(Layout layout) {
  if (layout == Layout::v1_0) return ffa::v1_0;
  return layout == Layout::v1_1 ? ffa::v1_1 : ffa::v1_2;
}
inline std::string name_of(Layout layout) {
  return std::string("1.") + std::to_string(static_cast<int>(layout));
}

struct Borrower {
  uint16_t id;
  uint8_t permissions;
  uint64_t impdef[2];
};

/// What a send and a retrieve request begin with: header and access entries, by offsets of their
/// own.
struct Head {
  Layout layout;
  uint16_t sender, attributes;
  uint32_t flags;
  uint64_t handle, tag;
  size_t access_bytes;     ///< of an entry
  uint64_t composite = 0;  ///< its offset, in each entry

  size_t size() const { return layout == Layout::v1_0 ? 32 : 48; }
  void put_in(Bytes& image, const std::vector<Borrower>& borrowers) const {
    put(image, 0, sender, 2);
    put(image, 2, attributes, layout == Layout::v1_0 ? 1 : 2);
    put(image, 4, flags, 4);
    put(image, 8, handle, 8);
    put(image, 16, tag, 8);
    put(image, 28, borrowers.size(), 4);
    if (layout != Layout::v1_0) {
      put(image, 24, access_bytes, 4);
      put(image, 32, size(), 4);
    }
    for (size_t n = 0; n < borrowers.size(); ++n) {
      const size_t at = size() + n * access_bytes;
      put(image, at, borrowers[n].id, 2);
      put(image, at + 2, borrowers[n].permissions, 1);
      put(image, at + 4, composite, 4);
      if (access_bytes < 32) continue;
      put(image, at + 8, borrowers[n].impdef[0], 8);
      put(image, at + 16, borrowers[n].impdef[1], 8);
    }
  }
};

/// A send with two receivers and three ranges, no value twice. Fields are what goes on the wire.
struct Descriptor {
  Layout layout = Layout::v1_1;
  size_t access_bytes = 0;  ///< 0: what the layout usually has
  uint16_t sender = 1;
  uint16_t attributes = 0x2f;
  uint32_t flags = 0;
  uint64_t tag = 0x1122334455667788;
  std::vector<Borrower> borrowers{{0x8001, 2, {0xa1a2a3a4a5a6a7a8, 0xb1b2b3b4b5b6b7b8}},
                                  {0x8002, 1, {0xc1c2c3c4c5c6c7c8, 0xd1d2d3d4d5d6d7d8}}};
  std::vector<std::pair<uint64_t, uint32_t>> ranges{
      {0x40001000, 2}, {0x40010000, 1}, {0x40020000, 4}};

  Head head() const { return {layout, sender, attributes, flags, 0, tag, access(), composite()}; }
  size_t header() const { return layout == Layout::v1_0 ? 32 : 48; }
  size_t access() const {
    return access_bytes != 0 ? access_bytes : (layout == Layout::v1_2 ? 32 : 16);
  }
  size_t access_at(size_t n) const { return header() + n * access(); }
  size_t composite() const { return access_at(borrowers.size()); }
  size_t range_at(size_t n) const { return composite() + 16 + 16 * n; }
  size_t size() const { return range_at(ranges.size()); }
  uint32_t pages() const {
    uint32_t sum = 0;
    for (const auto& range : ranges) sum += range.second;
    return sum;
  }

  Bytes build() const {
    Bytes image(size());
    head().put_in(image, borrowers);
    put(image, composite(), pages(), 4);
    put(image, composite() + 4, ranges.size(), 4);
    for (size_t n = 0; n < ranges.size(); ++n) {
      put(image, range_at(n), ranges[n].first, 8);
      put(image, range_at(n) + 8, ranges[n].second, 4);
    }
    return image;
  }
};

/// A whole descriptor in one fragment: the transaction, then each range for itself, then their sum.
inline mediator::Outcome<mediator::MemoryTransaction> parse_whole(
    const mediator::Snapshot& descriptor, const mediator::SendContext& context,
    mediator::RuleTrace& rules) {
  FFA_TRY(const auto transaction, mediator::parse_transaction(descriptor, context, rules));
  uint64_t sum = 0;
  for (uint32_t n = 0; n < transaction.ranges.count(); ++n) {
    const auto range = transaction.ranges.defect_or_range(n);
    FFA_CHECK(mediator::check_range(range, rules));
    sum += range->pages().raw();
  }
  FFA_CHECK(rules.require(mediator::Rule::mem_page_sum, sum == transaction.total_pages.raw()));
  return transaction;
}

/// A parse of a whole descriptor, as caller 1 with the given version.
inline mediator::Outcome<mediator::MemoryTransaction> parse(
    const Bytes& image, ffa::Version version, mediator::RuleTrace& rules,
    mediator::MemorySend kind = mediator::MemorySend::share, uint32_t max_receivers = 4) {
  return parse_whole(mediator::Snapshot{image},
                     {.kind = kind,
                      .caller = ffa::EndpointId{1},
                      .version = version,
                      .max_receivers = max_receivers,
                      .total_length_bytes = image.size()},
                     rules);
}

/// The same numbers on every machine and in every build.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mix = state_;
    mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9;
    mix = (mix ^ (mix >> 27)) * 0x94d049bb133111eb;
    return mix ^ (mix >> 31);
  }
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t state_;
};

/// `count` pages from page number `first` on.
inline mediator::PageRange pages(uint64_t first, uint64_t count) {
  return *mediator::PageRange::make(ffa::Ipa{first * ffa::page_size}, ffa::PageCount{count});
}

/// Storage of an ownership map of `ranges` ranges.
struct OwnershipStorage {
  explicit OwnershipStorage(size_t ranges, size_t lists = 16)
      : spans(ranges), slots(mediator::OwnershipMap::slots_needed(ranges, lists)) {}
  std::vector<mediator::OwnershipMap::Span> spans;
  std::vector<mediator::OwnershipMap::Slot> slots;
};
/// OwnershipMap::claim(): the range, or why it was refused.
inline ffa::Result<mediator::RangeIndex, mediator::RangeConflict> claim_in(
    mediator::OwnershipMap& map, const mediator::PageRange& range, mediator::RangeHolder holder,
    mediator::RangeIndex previous = mediator::no_range) {
  const mediator::RangeIndex claimed = map.claim(range, holder, previous);
  if (claimed == mediator::no_range) return ffa::Error{map.conflict()};
  return claimed;
}

}  // namespace memory_test
