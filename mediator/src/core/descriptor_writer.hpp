// SPDX-License-Identifier: BSD-3-Clause
// Memory transaction descriptors as the mediator sends them to the SPMC: built from what was parsed
// and from physical extents, never from a guest's bytes, in the layout of the SPMC's version.
// Packed without gaps: header, access descriptors, composite header, ranges. [DEN0140 1.2 §1.11]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>

#include "core/assert.hpp"
#include "core/memory_transaction.hpp"
#include "ffa/types.hpp"
#include "ffa/wire/memory.hpp"

namespace mediator {

/// Physically contiguous pages; fewer than 2^32.
struct PhysicalRun {
  ffa::Pa pa{};
  ffa::PageCount pages{};
  friend constexpr bool operator==(const PhysicalRun&, const PhysicalRun&) = default;
};

/// Joins runs that follow each other and lie next to each other.
class RunMerger {
 public:
  /// Adds a run. Returns an earlier one that is complete now, if there is one.
  constexpr std::optional<PhysicalRun> add(const PhysicalRun& run) {
    if (open_.pages.raw() != 0 &&
        open_.pa.raw() + open_.pages.raw() * ffa::page_size == run.pa.raw()) {
      open_.pages = ffa::PageCount{open_.pages.raw() + run.pages.raw()};
      return std::nullopt;
    }
    const auto done = finish();
    open_ = run;
    return done;
  }
  /// There is a run that may still grow.
  [[nodiscard]] constexpr bool is_open() const { return open_.pages.raw() != 0; }
  /// The last run, if there was any.
  constexpr std::optional<PhysicalRun> finish() {
    if (open_.pages.raw() == 0) return std::nullopt;
    const PhysicalRun run = open_;
    open_ = {};
    return run;
  }

 private:
  PhysicalRun open_{};
};

/// Where the parts of a descriptor lie. All sizes and offsets in bytes.
struct DescriptorLayout {
  uint32_t header_bytes = 0;
  uint32_t access_bytes = 0;  ///< of one access descriptor
  uint32_t composite_offset = 0;
  uint32_t ranges_offset = 0;

  /// Of a component that speaks `version`.
  static constexpr DescriptorLayout make(ffa::Version version, uint32_t receivers) {
    DescriptorLayout layout;
    layout.header_bytes = version < ffa::v1_1 ? sizeof(ffa::wire::MemoryTransactionV1_0)
                                              : sizeof(ffa::wire::MemoryTransactionV1_1);
    layout.access_bytes = version < ffa::v1_2 ? sizeof(ffa::wire::MemoryAccessV1_0)
                                              : sizeof(ffa::wire::MemoryAccessV1_2);
    layout.composite_offset = layout.header_bytes + receivers * layout.access_bytes;
    layout.ranges_offset =
        layout.composite_offset + static_cast<uint32_t>(sizeof(ffa::wire::CompositeMemoryRegion));
    return layout;
  }
  [[nodiscard]] constexpr uint64_t total_bytes(uint64_t ranges) const {
    return ranges_offset + ranges * sizeof(ffa::wire::Constituent);
  }
};

/// One range.
constexpr ffa::wire::Constituent encode_range(const PhysicalRun& run) {
  return {run.pa.raw(), static_cast<uint32_t>(run.pages.raw()), 0};
}

/// A piece of a descriptor on its way into a buffer: what is in front of the ranges, some ranges,
/// or both.
class DescriptorPart {
 public:
  static constexpr size_t max_ranges = 32;
  static constexpr size_t max_head_bytes =
      sizeof(ffa::wire::MemoryTransactionV1_1) +
      MemoryTransaction::max_receivers * sizeof(ffa::wire::MemoryAccessV1_2) +
      sizeof(ffa::wire::CompositeMemoryRegion);

  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): bytes behind length_ are not read
  DescriptorPart() {}
  /// Begins with `transaction` in the layout of `version`, with `ranges` ranges to follow. Words
  /// that the layout has no room for (impdef before 1.2) are left out. `preset`: the handle that
  /// the SPMC shall use, or zero.
  void add_head(const MemoryTransaction& transaction, ffa::Version version, uint32_t ranges,
                ffa::Handle preset = {});
  /// Places for `count` more ranges, `max_ranges` at most, to be written.
  [[nodiscard]] std::span<ffa::wire::Constituent> add_ranges(size_t count) {
    auto* const at = static_cast<std::byte*>(place(count * sizeof(ffa::wire::Constituent)));
    auto* const ranges = std::launder(reinterpret_cast<ffa::wire::Constituent*>(at));
    return {std::assume_aligned<8>(ranges), count};
  }
  void clear() { length_ = 0; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(length_); }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span{bytes_}.first(length_);
  }

 private:
  /// A place for what comes next, to be made there: a copy of it would wait for its fields.
  void* place(size_t bytes) {
    FFA_ASSERT(bytes <= bytes_.size() - length_);
    void* const at = bytes_.data() + length_;
    length_ += bytes;
    return std::assume_aligned<8>(at);
  }

  alignas(8) std::array<
      std::byte,
      max_head_bytes +
          max_ranges * sizeof(ffa::wire::Constituent)> bytes_;  ///< the first length_ are written
  size_t length_ = 0;
};

}  // namespace mediator
