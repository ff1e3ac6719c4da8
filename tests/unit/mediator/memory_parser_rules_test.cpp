// SPDX-License-Identifier: BSD-3-Clause
// Each rule on a transaction descriptor: rejected by the smallest edit that breaks it, with the
// status of its row, and accepted by the neighbour that does not.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "memory_test_tools.hpp"

namespace {

using mediator::MemorySend;
using mediator::Rule;
using mediator::RuleTrace;
using memory_test::Bytes;
using memory_test::Descriptor;
using memory_test::Layout;
using memory_test::parse;
using memory_test::put;

constexpr unsigned in_1_0 = 1;
constexpr unsigned in_1_1 = 2;
constexpr unsigned in_1_2 = 4;
constexpr unsigned since_1_1 = in_1_1 | in_1_2;
constexpr unsigned in_all = in_1_0 | since_1_1;

using Edit = std::function<void(const Descriptor&, Bytes&)>;

struct Case {
  Rule rule;  ///< `none`: accepted
  std::string name;
  unsigned layouts;
  Edit edit;
  MemorySend kind = MemorySend::share;
  size_t receivers = 2;
};

Edit at(size_t offset, uint64_t value, size_t width) {
  return [=](const Descriptor&, Bytes& image) { put(image, offset, value, width); };
}
Edit in_access(size_t n, size_t offset, uint64_t value, size_t width) {
  return
      [=](const Descriptor& d, Bytes& image) { put(image, d.access_at(n) + offset, value, width); };
}
Edit in_composite(size_t offset, uint64_t value, size_t width) {
  return
      [=](const Descriptor& d, Bytes& image) { put(image, d.composite() + offset, value, width); };
}
Edit in_range(size_t n, size_t offset, uint64_t value, size_t width) {
  return
      [=](const Descriptor& d, Bytes& image) { put(image, d.range_at(n) + offset, value, width); };
}
/// The composite offset of every receiver, so that they still agree.
Edit composite_offset(std::function<uint64_t(const Descriptor&)> value) {
  return [value](const Descriptor& d, Bytes& image) {
    for (size_t n = 0; n < d.borrowers.size(); ++n) put(image, d.access_at(n) + 4, value(d), 4);
  };
}
Edit both(Edit first, Edit second) {
  return [=](const Descriptor& d, Bytes& image) {
    first(d, image);
    second(d, image);
  };
}
Edit cut(size_t bytes) {
  return [=](const Descriptor&, Bytes& image) { image.resize(bytes); };
}
const Edit nothing = [](const Descriptor&, Bytes&) {};

std::vector<Case> header_cases() {
  using enum Rule;
  return {
      {none, "as built", in_all, nothing},
      {mem_header_complete, "empty", in_all, cut(0)},
      {mem_header_complete, "31 bytes", in_1_0, cut(31)},
      {mem_header_complete, "47 bytes", since_1_1, cut(47)},
      {mem_access_complete, "32 bytes", in_1_0, cut(32)},
      {mem_access_complete, "48 bytes", since_1_1, cut(48)},
      {mem_sender_is_caller, "sender 2", in_all, at(0, 2, 2)},
      {mem_sender_is_caller, "sender 0", in_all, at(0, 0, 2)},
      {mem_sender_is_caller, "secure sender", in_all, at(0, 0x8001, 2)},
      {mem_header_reserved, "byte 3", in_1_0, at(3, 1, 1)},
      {mem_header_reserved, "word 24", in_1_0, at(24, 0x80000000, 4)},
      {mem_header_reserved, "byte 36", since_1_1, at(36, 1, 1)},
      {mem_header_reserved, "byte 41", since_1_1, at(41, 0x10, 1)},
      {mem_header_reserved, "byte 47", since_1_1, at(47, 0x80, 1)},
      {mem_handle_zero, "handle 1", in_all, at(8, 1, 8)},
      {mem_handle_zero, "handle bit 63", in_all, at(8, uint64_t{1} << 63, 8)},
      {none, "any tag", in_all, at(16, ~uint64_t{0}, 8)},
      {mem_attributes_no_ns, "NS", in_all, at(2, 0x6f, 1)},
      {mem_attributes_reserved, "bit 7", in_all, at(2, 0xaf, 1)},
      {mem_attributes_reserved, "bit 15", since_1_1, at(2, 0x802f, 2)},
      {mem_attributes_specified, "type not specified", in_all, at(2, 0, 1)},
      {mem_attributes_specified, "type not specified, bits below set", in_all, at(2, 0x0f, 1)},
      {mem_attributes_specified, "type reserved", in_all, at(2, 0x3f, 1)},
      {mem_attributes_not_device, "device nGnRnE", in_all, at(2, 0x10, 1)},
      {mem_attributes_write_back, "non-cacheable", in_all, at(2, 0x27, 1)},
      {mem_attributes_write_back, "outer shareable", in_all, at(2, 0x2e, 1)},
      {mem_attributes_write_back, "not shareable", in_all, at(2, 0x2c, 1)},
      {mem_flags_no_zero, "zero", in_all, at(4, 1, 4)},
      {mem_flags_no_time_slice, "time slice", in_all, at(4, 2, 4)},
      {mem_flags_no_type, "own type", in_all, at(4, 1U << 3, 4)},
      {mem_flags_no_type, "type donate", in_all, at(4, 3U << 3, 4)},
      {mem_flags_reserved, "zero after relinquish", in_all, at(4, 1U << 2, 4)},
      {mem_flags_reserved, "alignment hint", in_all, at(4, 1U << 5, 4)},
      {mem_flags_reserved, "bypass", in_all, at(4, 1U << 10, 4)},
      {mem_flags_reserved, "bit 31", in_all, at(4, 1U << 31, 4)},
  };
}

std::vector<Case> access_cases() {
  using enum Rule;
  std::vector<Case> cases = {
      {mem_access_size, "size 32 before 1.2", in_1_1, at(24, 32, 4)},
      {mem_access_offset_aligned, "offset 49", since_1_1, at(32, 49, 4)},
      {mem_access_offset_aligned, "offset 56", since_1_1, at(32, 56, 4)},
      {mem_access_offset_behind_header, "offset 0", since_1_1, at(32, 0, 4)},
      {mem_access_offset_behind_header, "offset 32", since_1_1, at(32, 32, 4)},
      {mem_access_complete, "offset wraps", since_1_1, at(32, 0xfffffff0, 4)},
      {mem_access_count, "count 0", in_all, at(28, 0, 4)},
      {mem_access_complete, "count 100", in_all, at(28, 100, 4)},
      {mem_access_complete, "count times size wraps", in_all, at(28, 0x10000000, 4)},
      {mem_access_complete, "count max", in_all, at(28, 0xffffffff, 4)},
      {none, "4 receivers", in_all, nothing, MemorySend::share, 4},
      {mem_access_within_limit, "5 receivers", in_all, nothing, MemorySend::share, 5},
      {mem_access_flags, "non-retrieval", in_all, in_access(1, 3, 1, 1)},
      {mem_access_flags, "flags bit 7", in_all, in_access(0, 3, 0x80, 1)},
      {mem_access_reserved, "last reserved byte", in_1_0 | in_1_1, in_access(1, 15, 1, 1)},
      {mem_access_reserved, "first reserved byte", in_1_0 | in_1_1, in_access(0, 8, 1, 1)},
      {mem_access_reserved, "first reserved byte", in_1_2, in_access(0, 24, 1, 1)},
      {mem_access_reserved, "last reserved byte", in_1_2, in_access(1, 31, 1, 1)},
      {none, "any impdef", in_1_2, in_access(1, 8, ~uint64_t{0}, 8)},
      {mem_permissions_reserved, "bit 4", in_all, in_access(1, 2, 0x12, 1)},
      {mem_permissions_reserved, "bit 7", in_all, in_access(0, 2, 0x81, 1)},
      {mem_permissions_data, "not specified", in_all, in_access(0, 2, 0, 1)},
      {mem_permissions_data, "reserved", in_all, in_access(1, 2, 3, 1)},
      {none, "read-only", in_all, in_access(0, 2, 1, 1)},
      {mem_permissions_instruction, "not executable", in_all, in_access(0, 2, 0x6, 1)},
      {mem_permissions_instruction, "executable", in_all, in_access(1, 2, 0xa, 1)},
      {mem_permissions_instruction, "reserved", in_all, in_access(1, 2, 0xd, 1)},
      {mem_receiver_not_sender, "to itself", in_all, in_access(1, 0, 1, 2)},
      {mem_receiver_once, "twice", in_all, in_access(1, 0, 0x8001, 2)},
      {mem_composite_same, "second differs", in_all, in_access(1, 4, 0x100, 4)},
      {mem_composite_same, "second zero", in_all, in_access(1, 4, 0, 4)},
  };
  for (const uint64_t size : {0U, 8U, 15U, 17U, 24U, 48U, 255U, 256U, 0xfffffff0U}) {
    cases.push_back({mem_access_size, "size " + std::to_string(size), since_1_1, at(24, size, 4)});
  }
  return cases;
}

std::vector<Case> composite_cases() {
  using enum Rule;
  const auto moved = [](int64_t by) {
    return composite_offset(
        [by](const Descriptor& d) { return d.composite() + static_cast<uint64_t>(by); });
  };
  return {
      {mem_composite_aligned, "8 further", in_all, moved(8)},
      {mem_composite_aligned, "1 further", in_all, moved(1)},
      {mem_composite_behind_access, "in the access array", in_all, moved(-16)},
      {mem_composite_behind_access, "zero", in_all, composite_offset([](auto&) { return 0; })},
      {mem_composite_complete, "at the end", in_all,
       composite_offset([](const Descriptor& d) { return d.size(); })},
      {mem_composite_complete, "wraps", in_all, composite_offset([](auto&) { return 0xfffffff0; })},
      {mem_composite_reserved, "reserved", in_all, in_composite(8, 1, 8)},
      {mem_composite_reserved, "reserved, last byte", in_all, in_composite(15, 0x80, 1)},
      {mem_range_count, "no ranges", in_all, in_composite(4, 0, 4)},
      {mem_page_count, "no pages", in_all, in_composite(0, 0, 4)},
      {mem_ranges_within_total, "4 of 3 ranges", in_all, in_composite(4, 4, 4)},
      {mem_ranges_within_total, "count wraps", in_all, in_composite(4, 0x10000003, 4)},
      {mem_ranges_within_total, "count max", in_all, in_composite(4, 0xffffffff, 4)},
      {mem_no_trailing_bytes, "2 of 3 ranges", in_all, in_composite(4, 2, 4)},
      {mem_range_not_empty, "first empty", in_all, in_range(0, 8, 0, 4)},
      {mem_range_not_empty, "last empty", in_all, in_range(2, 8, 0, 4)},
      {mem_range_aligned, "byte 1", in_all, in_range(1, 0, 0x40010001, 8)},
      {mem_range_aligned, "byte 0x800", in_all, in_range(1, 0, 0x40010800, 8)},
      {mem_range_end, "last page", in_all, in_range(1, 0, 0xfffffffffffff000, 8)},
      {none, "last page but one", in_all, in_range(1, 0, 0xffffffffffffe000, 8)},
      {mem_range_end, "wraps", in_all,
       both(in_range(1, 0, 0xffffffff00000000, 8), in_range(1, 8, 0xffffffff, 4))},
      {none, "reserved word of a range", in_all, in_range(1, 12, 0xffffffff, 4)},
      {mem_page_sum, "one page fewer", in_all, in_composite(0, 6, 4)},
      {mem_page_sum, "one page more", in_all, in_composite(0, 8, 4)},
      {mem_page_sum, "sum wraps to the total", in_all,
       both(in_range(0, 8, 0x80000001, 4), in_range(1, 8, 0x80000002, 4))},
  };
}

std::vector<Case> kind_cases() {
  using enum Rule;
  const auto lend = MemorySend::lend;
  const auto donate = MemorySend::donate;
  const Edit unspecified = at(2, 0, 1);
  return {
      {mem_attributes_unspecified, "loan to one, given", in_all, nothing, lend, 1},
      {none, "loan to one", in_all, unspecified, lend, 1},
      {none, "loan to two", in_all, nothing, lend, 2},
      {mem_attributes_specified, "loan to two, not given", in_all, unspecified, lend, 2},
      {none, "loan that zeroes", in_all, at(4, 1, 4), lend, 2},
      {mem_flags_no_time_slice, "sliced loan", in_all, at(4, 3, 4), lend, 2},
      {mem_permissions_data, "loan without access", in_all, in_access(0, 2, 0, 1), lend, 2},
      {mem_attributes_unspecified, "donation, given", in_all, in_access(0, 2, 0, 1), donate, 1},
      {none, "donation", in_all, both(unspecified, in_access(0, 2, 0, 1)), donate, 1},
      {mem_permissions_data, "donation with access", in_all, unspecified, donate, 1},
      {mem_donate_one_receiver, "donation to two", in_all, unspecified, donate, 2},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& part : {header_cases(), access_cases(), composite_cases(), kind_cases()}) {
    cases.insert(cases.end(), part.begin(), part.end());
  }
  return cases;
}

struct Seen {
  std::set<Rule> accepted;
  std::set<Rule> rejected;
};

void run(const Case& test, Layout layout, size_t access_bytes, Seen& seen) {
  SCOPED_TRACE(test.name + ", " + name_of(layout));
  Descriptor descriptor{.layout = layout, .access_bytes = access_bytes};
  descriptor.borrowers.resize(test.receivers);
  for (size_t n = 2; n < test.receivers; ++n) {
    descriptor.borrowers[n] = {static_cast<uint16_t>(0x8001 + n), 2, {n, 0}};
  }
  Bytes image = descriptor.build();
  test.edit(descriptor, image);
  RuleTrace rules;
  const auto parsed = parse(image, version_of(layout), rules, test.kind);
  EXPECT_EQ(parsed.ok(), test.rule == Rule::none);
  EXPECT_EQ(rule_info(rules.rejected()).id, std::string(rule_info(test.rule).id));
  if (!parsed.ok()) {
    EXPECT_EQ(parsed.error(), rule_info(test.rule).status);
    seen.rejected.insert(test.rule);
  }
  for (uint16_t rule = 1; rule < static_cast<uint16_t>(Rule::count); ++rule) {
    if (rules.accepted(static_cast<Rule>(rule))) seen.accepted.insert(static_cast<Rule>(rule));
  }
}

TEST(MemoryParser, EachRuleAcceptsAndRejectsAtItsBoundary) {
  Seen seen;
  for (const Case& test : all_cases()) {
    for (const Layout layout : memory_test::all_layouts) {
      if ((test.layouts & (1U << static_cast<unsigned>(layout))) == 0) continue;
      run(test, layout, 0, seen);
    }
  }
  EXPECT_EQ(seen.accepted, seen.rejected);
  // Every rule on descriptors: from the header's first to the sum of the ranges.
  for (auto rule = static_cast<uint16_t>(Rule::mem_header_complete);
       rule <= static_cast<uint16_t>(Rule::mem_page_sum); ++rule) {
    const auto info = rule_info(static_cast<Rule>(rule));
    EXPECT_TRUE(seen.rejected.contains(static_cast<Rule>(rule))) << info.id;
    EXPECT_TRUE(seen.accepted.contains(static_cast<Rule>(rule))) << info.id;
  }
}

TEST(MemoryParser, ShortAccessDescriptorsAreAllowedSince1_2) {
  Seen seen;
  run({Rule::none, "16-byte access descriptors", in_1_2, nothing}, Layout::v1_2, 16, seen);
}

TEST(MemoryParser, StatusesThatAreAChoiceOfThisProject) {
  const auto status = [](Rule rule) { return mediator::rule_info(rule).status; };
  EXPECT_EQ(status(Rule::mem_sender_is_caller), ffa::Status::denied);
  EXPECT_EQ(status(Rule::mem_attributes_no_ns), ffa::Status::invalid_parameters);
  EXPECT_EQ(status(Rule::mem_attributes_specified), ffa::Status::invalid_parameters);
  EXPECT_EQ(status(Rule::mem_attributes_not_device), ffa::Status::denied);
  EXPECT_EQ(status(Rule::mem_attributes_write_back), ffa::Status::denied);
  EXPECT_EQ(status(Rule::mem_access_within_limit), ffa::Status::no_memory);
  EXPECT_EQ(status(Rule::mem_no_trailing_bytes), ffa::Status::invalid_parameters);
  EXPECT_EQ(status(Rule::mem_send_tx_mapped), ffa::Status::denied);
  EXPECT_EQ(status(Rule::mem_send_one_fragment), ffa::Status::not_supported);
}

TEST(MemoryParser, NoMoreReceiversThanItHasRoomForWhateverTheLimit) {
  Descriptor descriptor;
  descriptor.borrowers.clear();
  for (uint16_t n = 0; n < 17; ++n) {
    descriptor.borrowers.push_back({static_cast<uint16_t>(0x8001 + n), 2, {}});
  }
  RuleTrace rules;
  EXPECT_FALSE(parse(descriptor.build(), ffa::v1_1, rules, MemorySend::share, 255).ok());
  EXPECT_EQ(rules.rejected(), Rule::mem_access_within_limit);
  descriptor.borrowers.pop_back();
  EXPECT_TRUE(parse(descriptor.build(), ffa::v1_1, rules, MemorySend::share, 255).ok());
}

}  // namespace
