// SPDX-License-Identifier: BSD-3-Clause
#include "core/memory_transaction.hpp"

#include "core/descriptor_reader.hpp"

namespace mediator {
namespace {

namespace wire = ffa::wire;

/// The composite header, and where the ranges begin.
struct Body {
  wire::CompositeMemoryRegion composite{};
  uint64_t ranges_offset = 0;
};

/// True if the sender, not the receiver's retrieval, decides attributes: more than one end has to
/// agree on them.
bool sender_gives_attributes(MemorySend kind, uint64_t receivers) {
  return kind == MemorySend::share || (kind == MemorySend::lend && receivers > 1);
}

Outcome<void> check_attributes(const TransactionHeader& header, const SendContext& context,
                               RuleTrace& rules) {
  const ffa::MemoryAttributes attributes = header.attributes;
  FFA_CHECK(rules.require(Rule::mem_attributes_no_ns, !attributes.ns()));
  FFA_CHECK(rules.require(Rule::mem_attributes_reserved, !attributes.has_reserved_bits()));
  if (!sender_gives_attributes(context.kind, header.access_count)) {
    return rules.require(Rule::mem_attributes_unspecified, attributes == ffa::MemoryAttributes{});
  }
  FFA_CHECK(rules.require(Rule::mem_attributes_specified,
                          attributes.type() == ffa::MemoryType::normal ||
                              attributes.type() == ffa::MemoryType::device));
  FFA_CHECK(
      rules.require(Rule::mem_attributes_not_device, attributes.type() != ffa::MemoryType::device));
  return rules.require(Rule::mem_attributes_write_back, attributes == ffa::normal_write_back_inner);
}

Outcome<void> check_flags(ffa::MemoryFlags flags, MemorySend kind, RuleTrace& rules) {
  FFA_CHECK(rules.require(Rule::mem_flags_no_zero, kind != MemorySend::share || !flags.zero()));
  FFA_CHECK(rules.require(Rule::mem_flags_no_time_slice, !flags.time_slice()));
  FFA_CHECK(rules.require(Rule::mem_flags_no_type, flags.type() == ffa::TransactionType::any));
  return rules.require(Rule::mem_flags_reserved, !flags.exceeds(ffa::MemoryFlags::zero_bit |
                                                                ffa::MemoryFlags::time_slice_bit |
                                                                ffa::MemoryFlags::type_mask));
}

Outcome<void> check_header(const TransactionHeader& header, const SendContext& context,
                           RuleTrace& rules) {
  FFA_CHECK(rules.require(Rule::mem_sender_is_caller, header.sender == context.caller));
  FFA_CHECK(rules.require(Rule::mem_header_reserved, !header.reserved_set));
  FFA_CHECK(rules.require(Rule::mem_handle_zero, header.handle == 0));
  FFA_CHECK(check_attributes(header, context, rules));
  return check_flags(header.flags, context.kind, rules);
}

Outcome<void> check_access_array(const TransactionHeader& header, const Snapshot& fragment,
                                 const SendContext& context, RuleTrace& rules) {
  const bool known_size = is_access_size(header.access_size, context.version);
  const uint32_t limit = context.max_receivers < MemoryTransaction::max_receivers
                             ? context.max_receivers
                             : MemoryTransaction::max_receivers;
  FFA_CHECK(rules.require(Rule::mem_access_size, known_size));
  FFA_CHECK(rules.require(Rule::mem_access_offset_aligned, header.access_offset % 16 == 0));
  FFA_CHECK(
      rules.require(Rule::mem_access_offset_behind_header, header.access_offset >= header.bytes));
  FFA_CHECK(rules.require(Rule::mem_access_count, header.access_count != 0));
  FFA_CHECK(rules.require(
      Rule::mem_access_complete,
      fragment.contains(header.access_offset, header.access_count * header.access_size)));
  FFA_CHECK(rules.require(Rule::mem_access_within_limit, header.access_count <= limit));
  return rules.require(Rule::mem_donate_one_receiver,
                       context.kind != MemorySend::donate || header.access_count == 1);
}

Outcome<void> check_access(const AccessEntry& access, const SendContext& context,
                           RuleTrace& rules) {
  const ffa::AccessPermissions permissions = access.receiver.permissions;
  const bool given = permissions.data() == ffa::DataAccess::read_only ||
                     permissions.data() == ffa::DataAccess::read_write;
  const bool data_ok = context.kind == MemorySend::donate
                           ? permissions.data() == ffa::DataAccess::not_specified
                           : given;
  FFA_CHECK(rules.require(Rule::mem_access_reserved, !access.reserved_set));
  FFA_CHECK(rules.require(Rule::mem_access_flags, access.flags == ffa::AccessFlags{}));
  FFA_CHECK(rules.require(Rule::mem_permissions_reserved, !permissions.has_reserved_bits()));
  FFA_CHECK(rules.require(Rule::mem_permissions_data, data_ok));
  FFA_CHECK(rules.require(Rule::mem_permissions_instruction,
                          permissions.instruction() == ffa::InstructionAccess::not_specified));
  return rules.require(Rule::mem_receiver_not_sender, access.receiver.id != context.caller);
}

/// Fills `receivers` from all access descriptors. The one place that they all name.
Outcome<uint64_t> read_access_array(std::span<Receiver> receivers, const TransactionHeader& header,
                                    const Snapshot& fragment, const SendContext& context,
                                    RuleTrace& rules) {
  uint64_t composite_offset = 0;
  for (uint32_t n = 0; n < header.access_count; ++n) {  // bound: max_receivers, checked before
    const AccessEntry access = read_access(header, fragment, n);
    FFA_CHECK(check_access(access, context, rules));
    bool known = false;
    for (const Receiver& before : receivers.first(n)) {
      known = known || before.id == access.receiver.id;
    }
    FFA_CHECK(rules.require(Rule::mem_receiver_once, !known));
    FFA_CHECK(rules.require(Rule::mem_composite_same,
                            n == 0 || access.composite_offset == composite_offset));
    composite_offset = access.composite_offset;
    receivers[n] = access.receiver;
  }
  return composite_offset;
}

Outcome<Body> read_composite(uint64_t offset, const TransactionHeader& header,
                             const Snapshot& fragment, const SendContext& context,
                             RuleTrace& rules) {
  FFA_CHECK(rules.require(Rule::mem_composite_aligned, offset % 16 == 0));
  FFA_CHECK(rules.require(Rule::mem_composite_behind_access, offset >= header.access_end()));
  FFA_CHECK(rules.require(Rule::mem_composite_complete,
                          fragment.contains(offset, sizeof(wire::CompositeMemoryRegion))));
  const Body body{.composite = fragment.at<wire::CompositeMemoryRegion>(offset),
                  .ranges_offset = offset + sizeof(wire::CompositeMemoryRegion)};
  const uint64_t end =
      body.ranges_offset + uint64_t{body.composite.range_count} * sizeof(wire::Constituent);
  FFA_CHECK(rules.require(Rule::mem_composite_reserved, body.composite.reserved_8 == 0));
  FFA_CHECK(rules.require(Rule::mem_range_count, body.composite.range_count != 0));
  FFA_CHECK(rules.require(Rule::mem_page_count, body.composite.total_page_count != 0));
  FFA_CHECK(rules.require(Rule::mem_ranges_within_total, end <= context.total_length_bytes));
  FFA_CHECK(rules.require(Rule::mem_no_trailing_bytes, end == context.total_length_bytes));
  return body;
}

}  // namespace

Outcome<void> MemoryTransaction::read(const Snapshot& fragment, const SendContext& context,
                                      RuleTrace& rules) {
  const auto found = read_header(fragment, context.version);
  FFA_CHECK(rules.require(Rule::mem_header_complete, found.has_value()));
  const TransactionHeader& header = *found;
  FFA_CHECK(check_header(header, context, rules));
  FFA_CHECK(check_access_array(header, fragment, context, rules));
  FFA_TRY(const uint64_t composite_offset,
          read_access_array(receivers, header, fragment, context, rules));
  FFA_TRY(const Body body, read_composite(composite_offset, header, fragment, context, rules));
  const uint64_t present = (fragment.size() - body.ranges_offset) / sizeof(wire::Constituent);
  sender = header.sender;
  attributes = header.attributes;
  flags = header.flags;
  tag = header.tag;
  receiver_count = static_cast<uint32_t>(header.access_count);
  total_pages = ffa::PageCount{body.composite.total_page_count};
  range_count = body.composite.range_count;
  ranges = ConstituentView{fragment.slice(body.ranges_offset, present * sizeof(wire::Constituent))};
  return {};
}

Outcome<MemoryTransaction> parse_transaction(const Snapshot& fragment, const SendContext& context,
                                             RuleTrace& rules) {
  MemoryTransaction transaction;
  FFA_CHECK(transaction.read(fragment, context, rules));
  return transaction;
}

}  // namespace mediator
