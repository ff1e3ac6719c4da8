// SPDX-License-Identifier: BSD-3-Clause
// A memory transaction, whatever version its descriptor was written in: one parser per layout
// normalises into one type, so that nothing else knows versions. Parsers read a private copy only
// and check every rule on the descriptor itself; what depends on other state (who the receivers
// are, who holds the pages) is the handlers' to check. [DEN0077A 1.0 §5.11, §5.12, DEN0140 1.2
// §1.11]
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/assert.hpp"
#include "core/page_range.hpp"
#include "core/snapshot.hpp"
#include "ffa/memory_attributes.hpp"
#include "ffa/types.hpp"
#include "ffa/wire/memory.hpp"
#include "mediator/rules.hpp"

namespace mediator {

/// Which of the three sends a descriptor came with: they differ in what a sender may say.
enum class MemorySend : uint8_t { share, lend, donate };

/// One receiver and the access that it gets.
struct Receiver {
  ffa::EndpointId id{};
  ffa::AccessPermissions permissions{};
  std::array<uint64_t, 2> impdef{};  ///< IMPLEMENTATION DEFINED; zero where the layout has none
  friend constexpr bool operator==(const Receiver&, const Receiver&) = default;
};

/// The ranges that a fragment holds.
class ConstituentView {
 public:
  constexpr ConstituentView() = default;
  /// `bytes` is a whole number of constituents.
  constexpr explicit ConstituentView(Snapshot bytes) : bytes_(bytes) {}
  [[nodiscard]] constexpr uint32_t count() const {
    return static_cast<uint32_t>(bytes_.size() / sizeof(ffa::wire::Constituent));
  }
  [[nodiscard]] ffa::Result<PageRange, RangeDefect> defect_or_range(uint32_t index) const {
    using ffa::wire::Constituent;
    const auto& wire = bytes_.at<Constituent>(uint64_t{index} * sizeof(Constituent));
    return PageRange::make(ffa::Ipa{wire.address}, ffa::PageCount{wire.page_count});
  }
  /// A range that was found to be one before.
  [[nodiscard]] PageRange operator[](uint32_t index) const {
    const auto range = defect_or_range(index);
    FFA_ASSERT(range.ok());
    return *range;
  }

 private:
  Snapshot bytes_;
};

/// What the parser has to know besides the bytes.
struct SendContext {
  MemorySend kind = MemorySend::share;
  ffa::EndpointId caller{};
  ffa::Version version{};           ///< negotiated by the caller: selects the layout
  uint32_t max_receivers = 0;       ///< the caller's limit
  uint64_t total_length_bytes = 0;  ///< of the whole descriptor
};

struct MemoryTransaction {
  /// More receivers than this are refused whatever a VM's limit says.
  static constexpr uint32_t max_receivers = 16;

  constexpr MemoryTransaction() {}
  /// Parses the first fragment, which holds everything but perhaps some of the ranges; `ranges`
  /// refers to its bytes. Where it is refused, what was read so far means nothing.
  Outcome<void> read(const Snapshot& fragment, const SendContext& context, RuleTrace& rules);

  ffa::EndpointId sender{};
  ffa::MemoryAttributes attributes{};
  ffa::MemoryFlags flags{};
  uint64_t tag = 0;
  uint32_t receiver_count = 0;
  union {
    std::array<Receiver, max_receivers> receivers;  ///< `receiver_count` of them are written
  };
  ffa::PageCount total_pages{};
  uint32_t range_count = 0;  ///< of the whole descriptor
  ConstituentView ranges{};  ///< those in the fragment that was parsed

  [[nodiscard]] constexpr std::span<const Receiver> receiver_list() const {
    return std::span{receivers}.first(receiver_count);
  }
  /// True if a receiver may write.
  [[nodiscard]] constexpr bool writable() const {
    for (const Receiver& receiver : receiver_list()) {
      if (receiver.permissions.data() != ffa::DataAccess::read_only) return true;
    }
    return false;
  }
};

/// MemoryTransaction::read() as a value.
Outcome<MemoryTransaction> parse_transaction(const Snapshot& fragment, const SendContext& context,
                                             RuleTrace& rules);

/// One range, checked for itself. Rules: mem_range_not_empty, mem_range_aligned, mem_range_end.
inline Outcome<void> check_range(const ffa::Result<PageRange, RangeDefect>& range,
                                 RuleTrace& rules) {
  const auto is = [&range](RangeDefect defect) { return !range && range.error() == defect; };
  FFA_CHECK(rules.require(Rule::mem_range_not_empty, !is(RangeDefect::empty)));
  FFA_CHECK(rules.require(Rule::mem_range_aligned, !is(RangeDefect::unaligned)));
  return rules.require(Rule::mem_range_end, !is(RangeDefect::wraps));
}

}  // namespace mediator
