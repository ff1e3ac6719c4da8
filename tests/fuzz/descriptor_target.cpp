// SPDX-License-Identifier: BSD-3-Clause
// Memory transaction descriptors and retrieve requests of each version: the mediator's parser says
// what the SPMC model's reading of the same bytes asks for, rule and fields; what it writes for an
// SPMC of any version reads the same; where a descriptor is cut changes nothing.
// Input: byte 0: version (1:0), kind (3:2, 3: a retrieve request), the VM's limit of receivers less
// 1 (7:4); byte 1: where to cut, and how many ranges the fragment lacks (7:5); the descriptor.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/descriptor_writer.hpp"
#include "core/memory_transaction.hpp"
#include "core/retrieve_request.hpp"
#include "tests/fuzz/descriptor_oracle.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using fuzz::fail;
using fuzz::ModelReading;
using fuzz::must;
using mediator::MemoryTransaction;
using mediator::Rule;
using mediator::SendContext;
using mediator::Snapshot;
using Bytes = std::span<const std::byte>;

constexpr ffa::EndpointId caller{1};
constexpr std::array versions{ffa::v1_0, ffa::v1_1, ffa::v1_2};
constexpr uint64_t most_ranges = 64;

std::string name(Rule rule) { return mediator::rule_table[static_cast<size_t>(rule)].id; }

void must_be_rule(Rule found, Rule expected) {
  if (found == expected) return;
  fail("the mediator says " + name(found) + ", by the model's reading it is " + name(expected));
}

/// A parse with each range that is there, and their sum where all are: what the handler does with
/// them before it looks at any page.
MemoryTransaction parse(Bytes fragment, const SendContext& context, Rule& rejected) {
  mediator::RuleTrace rules;
  MemoryTransaction transaction;
  const auto check = [&]() -> mediator::Outcome<void> {
    FFA_CHECK(transaction.read(Snapshot{fragment}, context, rules));
    uint64_t sum = 0;
    for (uint32_t n = 0; n < transaction.ranges.count(); ++n) {
      FFA_CHECK(mediator::check_range(transaction.ranges.defect_or_range(n), rules));
      sum += transaction.ranges[n].pages().raw();
    }
    if (transaction.ranges.count() != transaction.range_count) return {};
    return rules.require(Rule::mem_page_sum, sum == transaction.total_pages.raw());
  };
  const auto outcome = check();
  rejected = rules.rejected();
  must(outcome.ok() == (rejected == Rule::none), "a rule rejects, and nothing else does");
  must(outcome.ok() || outcome.error() == rule_info(rejected).status, "the status is the rule's");
  return transaction;
}

void must_agree(const MemoryTransaction& transaction, const ModelReading& reading) {
  must(transaction.sender == reading.header.sender, "same sender");
  must(transaction.attributes.raw() == reading.header.attributes, "same attributes");
  must(transaction.flags.raw() == reading.header.flags, "same flags");
  must(transaction.tag == reading.header.tag, "same tag");
  must(transaction.total_pages.raw() == reading.composite.total_pages, "same total of pages");
  must(transaction.range_count == reading.composite.ranges, "same number of ranges");
  must(transaction.receiver_count == reading.accesses.size(), "same number of receivers");
  bool writable = false;
  for (uint32_t n = 0; n < transaction.receiver_count; ++n) {
    const auto& receiver = transaction.receivers[n];
    const auto& access = reading.accesses[n];
    must(receiver.id == access.endpoint, "same receiver");
    must(receiver.permissions.raw() == access.permissions, "same permissions");
    must(receiver.impdef == access.impdef, "same IMPLEMENTATION DEFINED words");
    writable = writable || (access.permissions & 3) != 1;
  }
  must(transaction.writable() == writable, "writable if a receiver may write");
  must(transaction.ranges.count() == reading.ranges.size(), "same ranges are there");
  for (uint32_t n = 0; n < transaction.ranges.count(); ++n) {
    must(transaction.ranges[n].base().raw() == reading.ranges[n].address.raw(), "same address");
    must(transaction.ranges[n].pages().raw() == reading.ranges[n].pages, "same pages");
  }
}

/// Same meaning, whatever the layouts; words that one of them has no room for are let be.
void must_mean_the_same(const MemoryTransaction& a, const MemoryTransaction& b, bool impdef) {
  must(a.sender == b.sender && a.attributes == b.attributes && a.flags == b.flags &&
           a.tag == b.tag && a.total_pages == b.total_pages && a.range_count == b.range_count,
       "the same header in another version");
  must(a.receiver_count == b.receiver_count, "the same receivers in another version");
  for (uint32_t n = 0; n < a.receiver_count; ++n) {
    must(a.receivers[n].id == b.receivers[n].id, "the same receiver in another version");
    must(a.receivers[n].permissions == b.receivers[n].permissions,
         "the same permissions in another version");
    must(!impdef || a.receivers[n].impdef == b.receivers[n].impdef,
         "the same IMPLEMENTATION DEFINED words");
  }
}

/// What the mediator writes for an SPMC of each version is the same transaction to it and to the
/// model, to the strictest of its personalities.
void round_trip(const MemoryTransaction& transaction, SendContext context) {
  for (const ffa::Version version : versions) {
    std::array<std::byte, mediator::DescriptorPart::max_head_bytes + 16 * most_ranges> image;
    mediator::DescriptorPart part;
    part.add_head(transaction, version, transaction.range_count);
    size_t length = part.size();
    std::copy_n(part.bytes().begin(), length, image.begin());
    for (uint32_t n = 0; n < transaction.range_count; ++n) {
      part.clear();
      const auto range = transaction.ranges[n];
      part.add_ranges(1)[0] = mediator::encode_range({ffa::Pa{range.base().raw()}, range.pages()});
      std::copy_n(part.bytes().begin(), part.size(), image.begin() + length);
      length += part.size();
    }
    const auto layout = mediator::DescriptorLayout::make(version, transaction.receiver_count);
    must(length == layout.total_bytes(transaction.range_count), "as long as its layout says");
    context.version = version;
    context.total_length_bytes = length;
    const Bytes written = std::span{image}.first(length);
    Rule rejected = Rule::none;
    const MemoryTransaction again = parse(written, context, rejected);
    must_be_rule(rejected, Rule::none);
    must_mean_the_same(transaction, again, version >= ffa::v1_2);
    must_agree(again, fuzz::read_send(written, context));
    must(spmc_model::read_header(written, version, {}).ok(), "an SPMC reads what is written");
    for (uint32_t n = 0; n < again.range_count; ++n) {
      must(again.ranges[n] == transaction.ranges[n], "the same range in another version");
    }
  }
}

/// A first fragment that ends behind any range, the rest in pieces: the same transaction.
void cut(Bytes whole, const MemoryTransaction& transaction, const SendContext& context,
         uint32_t place) {
  const uint32_t first = place % (transaction.range_count + 1);
  const uint32_t piece = 1 + place % 3;
  const size_t ranges_at = whole.size() - size_t{16} * transaction.range_count;
  Rule rejected = Rule::none;
  const auto part = parse(whole.first(ranges_at + size_t{16} * first), context, rejected);
  must_be_rule(rejected, Rule::none);
  must_mean_the_same(transaction, part, true);
  must(part.ranges.count() == first, "the ranges that the first fragment holds");
  uint32_t n = 0;
  for (; n < first; ++n) must(part.ranges[n] == transaction.ranges[n], "same range, cut");
  while (n < transaction.range_count) {
    const uint32_t count = std::min(piece, transaction.range_count - n);
    const mediator::ConstituentView view{
        Snapshot{whole.subspan(ranges_at + size_t{16} * n, size_t{16} * count)}};
    for (uint32_t k = 0; k < view.count(); ++k, ++n) {
      must(view[k] == transaction.ranges[n], "same range in a later fragment");
    }
  }
}

void run_send(Bytes fragment, SendContext context, uint32_t place) {
  context.total_length_bytes = fragment.size() + uint64_t{16} * (place >> 5);
  const ModelReading reading = fuzz::read_send(fragment, context);
  Rule rejected = Rule::none;
  const MemoryTransaction transaction = parse(fragment, context, rejected);
  must_be_rule(rejected, reading.rule);
  if (rejected != Rule::none) return;
  must_agree(transaction, reading);
  if (transaction.range_count > most_ranges) return;
  if (transaction.ranges.count() != transaction.range_count) return;
  round_trip(transaction, context);
  cut(fragment, transaction, context, place);
}

void run_retrieve(Bytes request, ffa::Version version) {
  const ModelReading reading = fuzz::read_retrieve(request, version, caller);
  mediator::RuleTrace rules;
  const auto parsed = mediator::parse_retrieve(Snapshot{request}, version, caller, rules);
  must_be_rule(rules.rejected(), reading.rule);
  must(parsed.ok() == (reading.rule == Rule::none), "a rule rejects, and nothing else does");
  if (!parsed.ok()) return;
  must(parsed->sender == reading.header.sender && parsed->handle == reading.header.handle &&
           parsed->tag == reading.header.tag,
       "same sender, handle and tag");
  must(parsed->attributes.raw() == reading.header.attributes, "same attributes");
  must(parsed->flags.raw() == reading.header.flags, "same flags");
  must(parsed->has_impdef == (reading.header.access_size == 32), "words where there is room");
  must(parsed->receiver_count == reading.accesses.size(), "same number of receivers");
  for (uint32_t n = 0; n < parsed->receiver_count; ++n) {
    const auto& access = reading.accesses[n];
    must(parsed->receivers[n] == access.endpoint, "same receiver");
    if (access.endpoint != caller) continue;
    must(parsed->permissions.raw() == access.permissions, "the caller's permissions");
    must(parsed->impdef == access.impdef, "the caller's IMPLEMENTATION DEFINED words");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return -1;
  fuzz::Input input{{data, size}};
  const uint32_t how = input.byte();
  const uint32_t place = input.byte();
  // A copy of the input's own size, which lies as the mediator's buffers do.
  const Bytes rest = std::as_bytes(input.bytes(size));
  const std::vector<std::byte> bytes{rest.begin(), rest.end()};
  const ffa::Version version = versions[std::min<size_t>(how & 3, 2)];
  if ((how >> 2 & 3) == 3) {
    run_retrieve(bytes, version);
    return 0;
  }
  run_send(bytes,
           {.kind = static_cast<mediator::MemorySend>(how >> 2 & 3),
            .caller = caller,
            .version = version,
            .max_receivers = 1 + (how >> 4)},
           place);
  return 0;
}
