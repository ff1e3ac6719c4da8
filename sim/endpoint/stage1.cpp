// SPDX-License-Identifier: BSD-3-Clause
#include "sim/endpoint/stage1.hpp"

#include <fmt/format.h>

#include <cstring>

#include "sim/endpoint/image.hpp"

namespace sim::endpoint {
namespace {

// TCR_EL1
constexpr uint64_t t0sz_mask = 0x3f;
constexpr unsigned t1sz_shift = 16;
constexpr uint64_t epd0 = 1ULL << 7;
constexpr uint64_t epd1 = 1ULL << 23;
constexpr unsigned tg0_shift = 14;
constexpr unsigned tg1_shift = 30;

constexpr uint64_t entry_bytes = 8;
constexpr uint64_t max_entries = 1ULL << 20;  // of all tables together that are looked at
constexpr uint64_t address_bits = 48;

/// Bits of an address within a page; 0: reserved. The two halves name them differently.
unsigned granule(uint64_t tcr, bool high) {
  const uint64_t field = tcr >> (high ? tg1_shift : tg0_shift) & 3;
  if (high) return field == 2 ? 12 : field == 1 ? 14 : field == 3 ? 16 : 0;
  return field == 0 ? 12 : field == 2 ? 14 : field == 1 ? 16 : 0;
}

class Walk {
 public:
  Walk(AddressSpace& memory, unsigned page_bits) : memory_(memory), page_bits_(page_bits) {}

  /// Every entry of a table whose first one maps `base`, and that `bits` of an address choose.
  std::optional<std::string> table(uint64_t at, uint64_t base, unsigned low, unsigned bits) {
    for (uint64_t n = 0; n < 1ULL << bits; ++n) {
      if (++entries_ > max_entries) return "its tables have no end";
      const auto entry = read(at + n * entry_bytes);
      if (!entry) return fmt::format("its table at {:#x} lies in no memory", at);
      if (const auto why = one(*entry, base + (n << low), low)) return why;
    }
    return {};
  }

 private:
  std::optional<std::string> one(uint64_t entry, uint64_t address, unsigned low) {
    constexpr uint64_t valid = 1;
    constexpr uint64_t table_or_page = 2;
    if ((entry & valid) == 0) return {};
    const bool leaf_level = low == page_bits_;
    const bool further = (entry & table_or_page) != 0;
    if (leaf_level && !further) return {};  // reserved: as good as invalid
    const uint64_t all = (1ULL << address_bits) - 1;
    if (further && !leaf_level) {
      const uint64_t next = entry & all & ~((1ULL << page_bits_) - 1);
      const unsigned bits = page_bits_ - 3;
      return table(next, address, low - bits, bits);
    }
    const uint64_t to = entry & all & ~((1ULL << low) - 1);
    if (to == address) return {};
    return fmt::format("it maps {:#x} to {:#x}, and only a flat mapping can be left out", address,
                       to);
  }

  std::optional<uint64_t> read(uint64_t address) {
    const uint64_t begin = address / page_bytes * page_bytes;
    if (!page_ || begin != page_begin_) {
      page_ = memory_.page(begin);
      page_begin_ = begin;
    }
    if (!page_) return {};
    uint64_t value = 0;
    std::memcpy(&value, page_->bytes + (address - begin), sizeof value);
    return value;
  }

  AddressSpace& memory_;
  unsigned page_bits_;
  uint64_t entries_ = 0;
  std::optional<AddressSpace::Page> page_;
  uint64_t page_begin_ = 0;
};

std::optional<std::string> half(AddressSpace& memory, const Stage1& stage1, bool high) {
  const uint64_t size = stage1.tcr >> (high ? t1sz_shift : 0) & t0sz_mask;
  const unsigned page_bits = granule(stage1.tcr, high);
  constexpr uint64_t least_size = 64 - address_bits;
  if (page_bits == 0 || size < least_size || size > 39) {
    return fmt::format("TCR_EL1 {:#x} says nothing that is known", stage1.tcr);
  }
  const auto width = static_cast<unsigned>(64 - size);
  const unsigned bits = page_bits - 3;
  unsigned low = page_bits;  // of the bits of an address below those that choose in this table
  while (low + bits < width) low += bits;
  const uint64_t ttbr = high ? stage1.ttbr1 : stage1.ttbr0;
  constexpr uint64_t base_mask = ((1ULL << address_bits) - 1) & ~1ULL;
  const uint64_t base = high ? ~uint64_t{0} << width : 0;
  return Walk{memory, page_bits}.table(ttbr & base_mask, base, low, width - low);
}

}  // namespace

std::optional<std::string> why_not_flat(AddressSpace& memory, const Stage1& stage1) {
  if ((stage1.tcr & epd0) == 0) {
    if (const auto why = half(memory, stage1, false)) return why;
  }
  // Nothing that is mapped in the upper half is mapped to itself.
  if ((stage1.tcr & epd1) == 0 && stage1.ttbr1 != 0) return half(memory, stage1, true);
  return {};
}

}  // namespace sim::endpoint
