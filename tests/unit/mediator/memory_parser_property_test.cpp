// SPDX-License-Identifier: BSD-3-Clause
// What holds for the parser whatever the bytes: nothing is read outside, what is accepted is
// consistent, the version of a descriptor does not change its meaning.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "memory_test_tools.hpp"

namespace {

using mediator::MemoryTransaction;
using mediator::RuleTrace;
using memory_test::Bytes;
using memory_test::Descriptor;
using memory_test::Layout;
using memory_test::Numbers;
using memory_test::parse;
using memory_test::put;

/// Whatever was accepted must be consistent in itself.
void expect_consistent(const MemoryTransaction& transaction, size_t image_size) {
  EXPECT_EQ(transaction.sender, ffa::EndpointId{1});
  EXPECT_EQ(transaction.ranges.count(), transaction.range_count);
  EXPECT_LE(transaction.range_count * 16 + 64, image_size);
  uint64_t pages = 0;
  for (uint32_t n = 0; n < transaction.range_count; ++n) {
    const auto range = transaction.ranges[n];
    EXPECT_EQ(range.base().raw() % ffa::page_size, 0U);
    EXPECT_GT(range.end(), range.base());
    pages += range.pages().raw();
  }
  EXPECT_EQ(pages, transaction.total_pages.raw());
  EXPECT_GE(transaction.receiver_count, 1U);
  EXPECT_LE(transaction.receiver_count, 4U);
  for (uint32_t n = 0; n < transaction.receiver_count; ++n) {
    for (uint32_t m = 0; m < n; ++m) {
      EXPECT_NE(transaction.receivers[n].id, transaction.receivers[m].id);
    }
  }
}

void expect_same_meaning(const MemoryTransaction& a, const MemoryTransaction& b, bool impdef) {
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.attributes, b.attributes);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.tag, b.tag);
  EXPECT_EQ(a.total_pages, b.total_pages);
  ASSERT_EQ(a.receiver_count, b.receiver_count);
  for (uint32_t n = 0; n < a.receiver_count; ++n) {
    EXPECT_EQ(a.receivers[n].id, b.receivers[n].id);
    EXPECT_EQ(a.receivers[n].permissions, b.receivers[n].permissions);
    if (impdef) {
      EXPECT_EQ(a.receivers[n].impdef, b.receivers[n].impdef);
    }
  }
  ASSERT_EQ(a.range_count, b.range_count);
  for (uint32_t n = 0; n < a.range_count; ++n) EXPECT_EQ(a.ranges[n], b.ranges[n]);
}

/// The bytes at the end of an allocation, so that a sanitizer sees every read behind them.
struct Exact {
  explicit Exact(std::span<const std::byte> from)
      : size(from.size()), bytes(std::make_unique<std::byte[]>(from.size())) {
    std::copy(from.begin(), from.end(), bytes.get());
  }
  size_t size;
  std::unique_ptr<std::byte[]> bytes;
};

mediator::Outcome<MemoryTransaction> parse_exact(const Exact& image, ffa::Version version,
                                                 uint64_t total, RuleTrace& rules) {
  return memory_test::parse_whole(mediator::Snapshot{{image.bytes.get(), image.size}},
                                  {.caller = ffa::EndpointId{1},
                                   .version = version,
                                   .max_receivers = 4,
                                   .total_length_bytes = total},
                                  rules);
}

TEST(MemoryParser, FieldsArriveAndShortLayoutsHaveNoImpdef) {
  for (const Layout layout : memory_test::all_layouts) {
    const Descriptor descriptor{.layout = layout};
    RuleTrace rules;
    const Bytes image = descriptor.build();
    const auto parsed = parse(image, version_of(layout), rules);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->attributes.raw(), 0x2f);
    EXPECT_EQ(parsed->flags.raw(), 0U);
    EXPECT_EQ(parsed->tag, 0x1122334455667788U);
    EXPECT_EQ(parsed->total_pages.raw(), 7U);
    ASSERT_EQ(parsed->receiver_count, 2U);
    EXPECT_EQ(parsed->receivers[1].id, ffa::EndpointId{0x8002});
    EXPECT_EQ(parsed->receivers[1].permissions.data(), ffa::DataAccess::read_only);
    const bool has_impdef = layout == Layout::v1_2;
    EXPECT_EQ(parsed->receivers[0].impdef[1], has_impdef ? 0xb1b2b3b4b5b6b7b8U : 0U);
    EXPECT_EQ(parsed->receivers[1].impdef[0], has_impdef ? 0xc1c2c3c4c5c6c7c8U : 0U);
    ASSERT_EQ(parsed->range_count, 3U);
    EXPECT_EQ(parsed->ranges[2].base(), ffa::Ipa{0x40020000});
    EXPECT_EQ(parsed->ranges[2].pages(), ffa::PageCount{4});
    EXPECT_TRUE(parsed->writable());
    expect_consistent(*parsed, image.size());
  }
}

TEST(MemoryParser, ASendToReadersOnlyIsNotWritable) {
  Descriptor descriptor;
  descriptor.borrowers[0].permissions = 1;
  RuleTrace rules;
  const Bytes image = descriptor.build();
  EXPECT_FALSE(parse(image, ffa::v1_1, rules)->writable());
}

TEST(MemoryParser, TheVersionDoesNotChangeTheMeaning) {
  for (size_t borrowers = 1; borrowers <= 4; ++borrowers) {
    Descriptor descriptor;
    for (size_t n = 2; n < borrowers; ++n) {
      descriptor.borrowers.push_back({static_cast<uint16_t>(0x8100 + n), 2, {n, n + 9}});
    }
    descriptor.borrowers.resize(borrowers);
    descriptor.layout = Layout::v1_0;
    const Bytes v1_0 = descriptor.build();
    descriptor.layout = Layout::v1_1;
    const Bytes v1_1 = descriptor.build();
    descriptor.layout = Layout::v1_2;
    const Bytes v1_2 = descriptor.build();
    descriptor.access_bytes = 16;
    const Bytes v1_2_short = descriptor.build();
    RuleTrace rules;
    const auto reference = parse(v1_0, ffa::v1_0, rules);
    ASSERT_TRUE(reference.ok());
    for (const auto& [image, version] : {std::pair{v1_1, ffa::v1_1}, std::pair{v1_2, ffa::v1_2},
                                         std::pair{v1_2_short, ffa::v1_2}}) {
      const auto parsed = parse(image, version, rules);
      ASSERT_TRUE(parsed.ok());
      expect_same_meaning(*reference, *parsed, image.size() == v1_2_short.size());
    }
  }
}

TEST(MemoryParser, EveryTruncationIsRejectedWithoutReadingBehindIt) {
  for (const Layout layout : memory_test::all_layouts) {
    const Bytes whole = Descriptor{.layout = layout}.build();
    for (size_t length = 0; length < whole.size(); ++length) {
      const Exact image{std::span{whole}.first(length)};
      for (const size_t total : {length, whole.size()}) {
        RuleTrace rules;
        const auto parsed = parse_exact(image, version_of(layout), total, rules);
        // A fragment may end between ranges; then the sum can't be the total yet.
        EXPECT_FALSE(parsed.ok()) << length << " of " << whole.size();
        EXPECT_EQ(parsed.error(), ffa::Status::invalid_parameters);
      }
    }
  }
}

TEST(MemoryParser, AFirstFragmentGivesTheRangesThatItHolds) {
  const Descriptor descriptor{.layout = Layout::v1_2};
  const Bytes whole = descriptor.build();
  for (size_t present = 0; present <= 3; ++present) {
    const Exact image{std::span{whole}.first(descriptor.range_at(present))};
    RuleTrace rules;
    const auto parsed =
        mediator::parse_transaction(mediator::Snapshot{{image.bytes.get(), image.size}},
                                    {.caller = ffa::EndpointId{1},
                                     .version = ffa::v1_2,
                                     .max_receivers = 4,
                                     .total_length_bytes = whole.size()},
                                    rules);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->ranges.count(), present);
    EXPECT_EQ(parsed->range_count, 3U);
  }
}

TEST(MemoryParser, SingleBitFlipsAreRejectedOrConsistent) {
  for (const Layout layout : memory_test::all_layouts) {
    const Bytes whole = Descriptor{.layout = layout}.build();
    unsigned accepted = 0;
    for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
      Exact image{whole};
      image.bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      RuleTrace rules;
      const auto parsed = parse_exact(image, version_of(layout), whole.size(), rules);
      if (!parsed.ok()) continue;
      ++accepted;
      expect_consistent(*parsed, whole.size());
    }
    EXPECT_GT(accepted, 64U) << "a tag has any value";
  }
}

TEST(MemoryParser, RandomFieldsAreRejectedOrConsistent) {
  static constexpr uint64_t values[] = {
      0,          1,      2,      3,          15,         16,         17,
      24,         31,     32,     48,         49,         64,         80,
      96,         112,    0x80,   0xff,       0x100,      0xfff,      0x1000,
      0x7fffffff, 0x8001, 0x8000, 0x10000000, 0xfffffff0, 0xffffffff, ~uint64_t{0}};
  Numbers numbers{20};
  unsigned accepted = 0;
  for (int round = 0; round < 60000; ++round) {
    const Layout layout = memory_test::all_layouts[numbers.below(3)];
    Bytes bytes = Descriptor{.layout = layout}.build();
    const uint64_t edits = 1 + numbers.below(3);
    for (uint64_t n = 0; n < edits; ++n) {
      const size_t width = size_t{1} << numbers.below(4);
      put(bytes, numbers.below(bytes.size() / width) * width,
          values[numbers.below(std::size(values))], width);
    }
    RuleTrace rules;
    const Exact image{bytes};
    const auto parsed = parse_exact(image, version_of(layout), bytes.size(), rules);
    if (!parsed.ok()) continue;
    ++accepted;
    expect_consistent(*parsed, bytes.size());
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
