// SPDX-License-Identifier: BSD-3-Clause
// Transactions as descriptors: one meaning in each layout, wherever its parts stand and however it
// is cut; and what the mediator writes for an SPMC of each version reads as the same. Descriptors
// are built and read here by the scenarios' table of offsets.
#include <algorithm>
#include <cstring>

#include "core/descriptor_writer.hpp"
#include "core/memory_transaction.hpp"
#include "laws.hpp"
#include "sim/scenario/descriptor.hpp"

namespace sim::scenario {

inline void showValue(const DescriptorPlan& plan, std::ostream& out) {
  out << fmt::format("tag {:#x}", plan.tag);
  for (const DescriptorReceiver& receiver : plan.receivers) {
    out << fmt::format(", to {:#x} ({})", receiver.id, receiver.permissions);
  }
  for (const DescriptorRange& range : plan.ranges) {
    out << fmt::format(", [{:#x}, {} pages]", range.address, range.pages);
  }
}

}  // namespace sim::scenario

namespace laws::descriptors {
namespace {

using mediator::MemoryTransaction;
using mediator::Snapshot;
using sim::scenario::DescriptorPlan;
using sim::scenario::DescriptorRange;
using sim::scenario::DescriptorReceiver;
using Bytes = std::vector<uint8_t>;

constexpr uint16_t sender = 0x2101;
constexpr uint32_t most_receivers = 6;

/// A share that is right in itself: up to six receivers, up to 40 ranges anywhere.
DescriptorPlan any_share() {
  const auto receiver = [](uint16_t id, bool writes, uint64_t low, uint64_t high) {
    return DescriptorReceiver{
        .id = id, .permissions = static_cast<uint8_t>(writes ? 2 : 1), .impdef = {low, high}};
  };
  const auto range = [](uint64_t page, uint32_t pages) {
    return DescriptorRange{page * ffa::page_size, pages};
  };
  DescriptorPlan plan;
  plan.sender = sender;
  plan.tag = *any_word();
  const auto ids = *rc::gen::unique<std::vector<uint16_t>>(
      *rc::gen::inRange<size_t>(1, most_receivers + 1), rc::gen::inRange<uint16_t>(0x8001, 0x8fff));
  for (const uint16_t id : ids) {
    plan.receivers.push_back(receiver(id, *rc::gen::arbitrary<bool>(), *any_word(), *any_word()));
  }
  plan.ranges = *list_of<DescriptorRange>(
      1, 40,
      rc::gen::apply(range, rc::gen::inRange<uint64_t>(0, uint64_t{1} << 36),
                     rc::gen::inRange<uint32_t>(1, 1 << 20)));
  return plan;
}

/// The bytes as the mediator may read them: on a multiple of 8.
Snapshot snapshot(const Bytes& bytes) { return Snapshot{std::as_bytes(std::span{bytes})}; }

mediator::Outcome<MemoryTransaction> parse(const Bytes& bytes, ffa::Version version,
                                           uint64_t total) {
  mediator::RuleTrace rules;
  return mediator::parse_transaction(snapshot(bytes),
                                     {.caller = ffa::EndpointId{sender},
                                      .version = version,
                                      .max_receivers = most_receivers,
                                      .total_length_bytes = total},
                                     rules);
}

std::vector<DescriptorRange> ranges_of(const mediator::ConstituentView& view) {
  std::vector<DescriptorRange> ranges;
  for (uint32_t n = 0; n < view.count(); ++n) {
    ranges.push_back({view[n].base().raw(), static_cast<uint32_t>(view[n].pages().raw())});
  }
  return ranges;
}

uint64_t pages_of(const DescriptorPlan& plan) {
  uint64_t pages = 0;
  for (const DescriptorRange& range : plan.ranges) pages += range.pages;
  return pages;
}

/// All but the ranges.
void assert_head(const MemoryTransaction& transaction, const DescriptorPlan& plan, bool impdef) {
  RC_ASSERT(transaction.sender.raw() == plan.sender);
  RC_ASSERT(transaction.attributes.raw() == plan.attributes);
  RC_ASSERT(transaction.flags.raw() == plan.flags);
  RC_ASSERT(transaction.tag == plan.tag);
  RC_ASSERT(transaction.total_pages.raw() == pages_of(plan));
  RC_ASSERT(transaction.range_count == plan.ranges.size());
  RC_ASSERT(transaction.receiver_count == plan.receivers.size());
  for (size_t n = 0; n < plan.receivers.size(); ++n) {
    const mediator::Receiver& is = transaction.receivers[n];
    RC_ASSERT(is.id.raw() == plan.receivers[n].id);
    RC_ASSERT(is.permissions.raw() == plan.receivers[n].permissions);
    RC_ASSERT(is.impdef[0] == (impdef ? plan.receivers[n].impdef[0] : 0U));
    RC_ASSERT(is.impdef[1] == (impdef ? plan.receivers[n].impdef[1] : 0U));
  }
}

/// A layout that a component of some version may write.
struct Layout {
  ffa::Version version;
  bool wide;  ///< access descriptors of 32 bytes
};
const std::vector<Layout> layouts = {
    {ffa::v1_0, false}, {ffa::v1_1, false}, {ffa::v1_2, false}, {ffa::v1_2, true}};

void lay_out(DescriptorPlan& plan, const Layout& layout) {
  plan.layout = layout.version;
  plan.access_size = layout.wide ? 32 : 16;
}

RC_GTEST_PROP(Descriptors, MeanTheSameInEachLayout, ()) {
  DescriptorPlan plan = any_share();
  for (const Layout& layout : layouts) {
    lay_out(plan, layout);
    const Bytes bytes = build_descriptor(plan);
    const auto transaction = parse(bytes, layout.version, bytes.size());
    RC_ASSERT(transaction.ok());
    assert_head(*transaction, plan, layout.wide);
    RC_ASSERT(ranges_of(transaction->ranges) == plan.ranges);
  }
}

RC_GTEST_PROP(Descriptors, MeanTheSameHoweverTheyAreCut, ()) {
  DescriptorPlan plan = any_share();
  lay_out(plan, *rc::gen::elementOf(layouts));
  const Bytes bytes = build_descriptor(plan);
  const size_t ranges_at = bytes.size() - plan.ranges.size() * 16;
  const auto cuts = *list_of<size_t>(0, 8, rc::gen::inRange<size_t>(0, plan.ranges.size() + 1));
  std::vector<size_t> ends;
  for (const size_t cut : cuts) ends.push_back(ranges_at + 16 * cut);
  ends.push_back(bytes.size());
  std::sort(ends.begin(), ends.end());
  const Bytes head(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(ends.front()));
  const auto transaction = parse(head, plan.layout, bytes.size());
  RC_ASSERT(transaction.ok());
  assert_head(*transaction, plan, *plan.access_size == 32);
  std::vector<DescriptorRange> ranges = ranges_of(transaction->ranges);
  for (size_t n = 1; n < ends.size(); ++n) {
    const mediator::ConstituentView more{snapshot(bytes).slice(ends[n - 1], ends[n] - ends[n - 1])};
    for (const DescriptorRange& range : ranges_of(more)) ranges.push_back(range);
  }
  RC_ASSERT(ranges == plan.ranges);
}

void put_field(Bytes& bytes, const DescriptorPlan& plan, const std::string& path, uint64_t value) {
  const auto place = find_field(plan, path);
  RC_ASSERT(place.has_value());
  sim::scenario::put(bytes, place->offset, place->width, value);
}

/// Since 1.1 a header says where its parts are. What lies between them is nobody's.
RC_GTEST_PROP(Descriptors, MeanTheSameWhereverTheirPartsStand, ()) {
  DescriptorPlan plan = any_share();
  lay_out(plan, *rc::gen::elementOf(std::vector<Layout>(layouts.begin() + 1, layouts.end())));
  Bytes bytes = build_descriptor(plan);
  const auto gap = [] {
    return Bytes(16 * *rc::gen::inRange<size_t>(0, 4), *rc::gen::arbitrary<uint8_t>());
  };
  const Bytes before_access = gap();
  const Bytes before_composite = gap();
  const size_t access_at = 48;
  const size_t composite_at = access_at + plan.receivers.size() * *plan.access_size;
  put_field(bytes, plan, "header.emad_offset", access_at + before_access.size());
  for (size_t n = 0; n < plan.receivers.size(); ++n) {
    put_field(bytes, plan, fmt::format("receivers[{}].composite_offset", n),
              composite_at + before_access.size() + before_composite.size());
  }
  bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(composite_at), before_composite.begin(),
               before_composite.end());
  bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(access_at), before_access.begin(),
               before_access.end());
  const auto transaction = parse(bytes, plan.layout, bytes.size());
  RC_ASSERT(transaction.ok());
  assert_head(*transaction, plan, *plan.access_size == 32);
  RC_ASSERT(ranges_of(transaction->ranges) == plan.ranges);
}

/// What is written for an SPMC of `version`, part by part.
Bytes written(const MemoryTransaction& transaction, ffa::Version version, ffa::Handle preset) {
  Bytes bytes;
  const auto take = [&bytes](const mediator::DescriptorPart& part) {
    for (const std::byte byte : part.bytes()) bytes.push_back(static_cast<uint8_t>(byte));
  };
  mediator::DescriptorPart part;
  part.add_head(transaction, version, transaction.range_count, preset);
  for (uint32_t n = 0; n < transaction.range_count;) {
    const uint32_t count =
        std::min<uint32_t>(transaction.range_count - n, *rc::gen::inRange<uint32_t>(1, 33));
    for (ffa::wire::Constituent& range : part.add_ranges(count)) {
      const mediator::PageRange from = transaction.ranges[n++];
      range = mediator::encode_range({ffa::Pa{from.base().raw()}, from.pages()});
    }
    take(part);
    part.clear();
  }
  return bytes;
}

RC_GTEST_PROP(Descriptors, AreReadAsTheyWereWritten, ()) {
  DescriptorPlan plan = any_share();
  const Layout from = *rc::gen::elementOf(layouts);
  lay_out(plan, from);
  const Bytes bytes = build_descriptor(plan);
  const auto transaction = parse(bytes, from.version, bytes.size());
  RC_ASSERT(transaction.ok());
  const ffa::Handle preset{*rc::gen::arbitrary<bool>() ? *any_word() : 0};
  for (const ffa::Version version : {ffa::v1_0, ffa::v1_1, ffa::v1_2}) {
    const Bytes out = written(*transaction, version, preset);
    RC_ASSERT(out.size() == mediator::DescriptorLayout::make(version, transaction->receiver_count)
                                .total_bytes(transaction->range_count));
    const auto facts = sim::scenario::read_descriptor(out, version);
    RC_ASSERT(facts.has_value());
    const DescriptorPlan& read = facts->plan;
    RC_ASSERT(read.sender == plan.sender);
    RC_ASSERT(read.attributes == plan.attributes);
    RC_ASSERT(read.flags == plan.flags);
    RC_ASSERT(read.tag == plan.tag);
    RC_ASSERT(read.handle == preset.raw());
    RC_ASSERT(facts->total_page_count == pages_of(plan));
    RC_ASSERT(facts->range_count == plan.ranges.size());
    RC_ASSERT(read.ranges == plan.ranges);
    RC_ASSERT(read.receivers.size() == plan.receivers.size());
    const bool impdef = from.wide && version >= ffa::v1_2;
    for (size_t n = 0; n < plan.receivers.size(); ++n) {
      RC_ASSERT(read.receivers[n].id == plan.receivers[n].id);
      RC_ASSERT(read.receivers[n].permissions == plan.receivers[n].permissions);
      RC_ASSERT(read.receivers[n].impdef[1] == (impdef ? plan.receivers[n].impdef[1] : 0U));
    }
    // A send without a handle is what the mediator itself reads.
    if (preset.raw() != 0) continue;
    const auto again = parse(out, version, out.size());
    RC_ASSERT(again.ok());
    assert_head(*again, plan, impdef);
  }
}

}  // namespace
}  // namespace laws::descriptors
