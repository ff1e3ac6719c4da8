// SPDX-License-Identifier: BSD-3-Clause
// A run of whole pages in a VM's address space. Alignment, emptiness and wrap-around are checked
// here and nowhere else. Used by the parser, the ownership map and the RX/TX handlers.
#pragma once

#include "ffa/result.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// Why an address and a page count are not a PageRange.
enum class RangeDefect : uint8_t { empty, unaligned, wraps };

/// At least one page, page-aligned, and its end is an address too: [base, end).
class PageRange {
 public:
  constexpr PageRange() = default;

  /// `pages` in 4 KiB units. The end must not exceed 2^64 - 1.
  static constexpr ffa::Result<PageRange, RangeDefect> make(ffa::Ipa base, ffa::PageCount pages) {
    if (pages.raw() == 0) return ffa::Error{RangeDefect::empty};
    if ((base.raw() & ffa::page_mask) != 0) return ffa::Error{RangeDefect::unaligned};
    if (pages.raw() > (~uint64_t{0} - base.raw()) / ffa::page_size) {
      return ffa::Error{RangeDefect::wraps};
    }
    return PageRange{base, pages};
  }

  [[nodiscard]] constexpr ffa::Ipa base() const { return base_; }
  [[nodiscard]] constexpr ffa::PageCount pages() const { return pages_; }
  /// The first address behind the range.
  [[nodiscard]] constexpr ffa::Ipa end() const { return at(pages_); }
  /// The address `pages` pages into the range; at most end().
  [[nodiscard]] constexpr ffa::Ipa at(ffa::PageCount pages) const {
    return ffa::Ipa{base_.raw() + pages.raw() * ffa::page_size};
  }
  [[nodiscard]] constexpr bool overlaps(const PageRange& other) const {
    return base_ < other.end() && other.base_ < end();
  }
  friend constexpr bool operator==(const PageRange&, const PageRange&) = default;

 private:
  friend class OwnershipMap;  // gives back what was a range before
  constexpr PageRange(ffa::Ipa base, ffa::PageCount pages) : base_(base), pages_(pages) {}
  ffa::Ipa base_{};
  ffa::PageCount pages_{};
};

}  // namespace mediator
