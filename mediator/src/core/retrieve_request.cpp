// SPDX-License-Identifier: BSD-3-Clause
#include "core/retrieve_request.hpp"

#include "core/descriptor_reader.hpp"

namespace mediator {
namespace {

using ffa::MemoryFlags;

Outcome<void> check_layout(const TransactionHeader& header, const Snapshot& request,
                           ffa::Version version, RuleTrace& rules) {
  const bool offset_ok = header.access_offset % 16 == 0 && header.access_offset >= header.bytes;
  FFA_CHECK(rules.require(Rule::retr_header_reserved, !header.reserved_set));
  FFA_CHECK(rules.require(Rule::retr_access_size, is_access_size(header.access_size, version)));
  FFA_CHECK(rules.require(Rule::retr_access_offset, offset_ok));
  FFA_CHECK(rules.require(Rule::retr_access_count, header.access_count != 0));
  FFA_CHECK(rules.require(Rule::retr_access_within_limit,
                          header.access_count <= MemoryTransaction::max_receivers));
  return rules.require(Rule::retr_length, header.access_end() == request.size());
}

Outcome<void> check_access(const AccessEntry& access, RuleTrace& rules) {
  FFA_CHECK(rules.require(Rule::retr_access_reserved, !access.reserved_set));
  FFA_CHECK(rules.require(Rule::retr_access_flags, access.flags == ffa::AccessFlags{}));
  FFA_CHECK(rules.require(Rule::retr_no_addresses, access.composite_offset == 0));
  return rules.require(Rule::retr_permissions_reserved,
                       !access.receiver.permissions.has_reserved_bits() &&
                           access.receiver.permissions.data() != ffa::DataAccess::reserved);
}

bool names(const RetrieveRequest& request, ffa::EndpointId id) {
  for (uint32_t n = 0; n < request.receiver_count; ++n) {
    if (request.receivers[n] == id) return true;
  }
  return false;
}

/// The receivers that the owner named, all of them; or, where it named several, the caller alone
/// and the flag that says so.
Outcome<void> check_receivers(const RetrieveRequest& request, ffa::Version version,
                              std::span<const ShareReceiver> receivers, RuleTrace& rules) {
  const bool bypass = request.flags.bypass_borrower_check();
  const bool allowed = version >= ffa::v1_1 && receivers.size() > 1 && request.receiver_count == 1;
  FFA_CHECK(rules.require(Rule::retr_bypass, !bypass || allowed));
  bool same = bypass || request.receiver_count == receivers.size();
  for (const ShareReceiver& receiver : receivers) {
    same = same && (bypass || names(request, receiver.given.id));
  }
  return rules.require(Rule::retr_receivers, same);
}

/// A loan to one borrower is the only case in which the borrower decides on execution. The memory
/// is never executable here.
Outcome<void> check_permissions(const RetrieveRequest& request, MemorySend kind, bool several,
                                ffa::DataAccess given, RuleTrace& rules) {
  using ffa::InstructionAccess;
  const InstructionAccess instruction = request.permissions.instruction();
  const bool owner_decides = kind == MemorySend::share || several;
  const bool more = request.permissions.data() == ffa::DataAccess::read_write &&
                    given != ffa::DataAccess::read_write;
  FFA_CHECK(rules.require(Rule::retr_permissions_data, !more));
  FFA_CHECK(rules.require(Rule::retr_instruction_unspecified,
                          !owner_decides || instruction == InstructionAccess::not_specified));
  FFA_CHECK(rules.require(Rule::retr_instruction_specified,
                          owner_decides || instruction == InstructionAccess::not_executable ||
                              instruction == InstructionAccess::executable));
  return rules.require(Rule::retr_not_executable, instruction != InstructionAccess::executable);
}

Outcome<void> check_flags(MemoryFlags flags, const ShareTerms& terms, bool writes,
                          RuleTrace& rules) {
  const bool any_zero = flags.zero() || flags.zero_after_relinquish();
  const bool shared = terms.kind == MemorySend::share;
  FFA_CHECK(rules.require(Rule::retr_flags_reserved, !flags.has_reserved_bits()));
  FFA_CHECK(rules.require(Rule::retr_flags_no_time_slice, !flags.time_slice()));
  FFA_CHECK(rules.require(Rule::retr_zero_not_shared, !any_zero || !shared));
  FFA_CHECK(rules.require(Rule::retr_zero_allowed, !flags.zero() || terms.flags.zero()));
  FFA_CHECK(
      rules.require(Rule::retr_zero_after_writable, !flags.zero_after_relinquish() || writes));
  const auto type = shared ? ffa::TransactionType::share : ffa::TransactionType::lend;
  const bool type_fits = flags.type() == ffa::TransactionType::any || flags.type() == type;
  FFA_CHECK(rules.require(Rule::retr_type, type_fits));
  const bool hint = flags.alignment_hint_valid() || flags.alignment_hint() != 0;
  return rules.require(Rule::retr_no_alignment_hint, !hint);
}

Outcome<void> check_attributes(ffa::MemoryAttributes attributes, RuleTrace& rules) {
  FFA_CHECK(rules.require(Rule::retr_attributes_no_ns, !attributes.ns()));
  FFA_CHECK(rules.require(Rule::retr_attributes_reserved, !attributes.has_reserved_bits()));
  return rules.require(Rule::retr_attributes, attributes == ffa::MemoryAttributes{} ||
                                                  attributes == ffa::normal_write_back_inner);
}

}  // namespace

Outcome<RetrieveRequest> parse_retrieve(const Snapshot& request, ffa::Version version,
                                        ffa::EndpointId caller, RuleTrace& rules) {
  const auto header = read_header(request, version);
  FFA_CHECK(rules.require(Rule::retr_header_complete, header.has_value()));
  FFA_CHECK(check_layout(*header, request, version, rules));
  RetrieveRequest parsed{.sender = header->sender,
                         .attributes = header->attributes,
                         .flags = header->flags,
                         .handle = ffa::Handle{header->handle},
                         .tag = header->tag,
                         .has_impdef = header->access_size == sizeof(ffa::wire::MemoryAccessV1_2)};
  for (uint32_t n = 0; n < header->access_count; ++n) {  // bound: max_receivers, checked before
    const AccessEntry access = read_access(*header, request, n);
    FFA_CHECK(check_access(access, rules));
    FFA_CHECK(rules.require(Rule::retr_receiver_once, !names(parsed, access.receiver.id)));
    parsed.receivers[n] = access.receiver.id;
    parsed.receiver_count = n + 1;
    if (access.receiver.id != caller) continue;
    parsed.permissions = access.receiver.permissions;
    parsed.impdef = access.receiver.impdef;
  }
  FFA_CHECK(rules.require(Rule::retr_names_caller, names(parsed, caller)));
  return parsed;
}

Outcome<Grant> check_retrieve(const RetrieveRequest& request, ffa::Version version,
                              const ShareTerms& terms, std::span<const ShareReceiver> receivers,
                              uint32_t own, RuleTrace& rules) {
  const Receiver& given = receivers[own].given;
  const ffa::DataAccess asked = request.permissions.data();
  const ffa::DataAccess data =
      asked == ffa::DataAccess::not_specified ? given.permissions.data() : asked;
  FFA_CHECK(rules.require(Rule::retr_tag, request.tag == terms.tag));
  FFA_CHECK(check_receivers(request, version, receivers, rules));
  FFA_CHECK(check_permissions(request, terms.kind, receivers.size() > 1, given.permissions.data(),
                              rules));
  FFA_CHECK(check_flags(request.flags, terms, data == ffa::DataAccess::read_write, rules));
  FFA_CHECK(check_attributes(request.attributes, rules));
  FFA_CHECK(
      rules.require(Rule::retr_impdef, !request.has_impdef || request.impdef == given.impdef));
  FFA_CHECK(rules.require(Rule::retr_once, !receivers[own].holds));
  return Grant{
      .permissions = ffa::AccessPermissions::make(data, ffa::InstructionAccess::not_executable),
      .zero_after = request.flags.zero_after_relinquish()};
}

std::optional<uint32_t> find_receiver(std::span<const ShareReceiver> receivers, ffa::EndpointId id,
                                      uint32_t incarnation) {
  for (uint32_t n = 0; n < receivers.size(); ++n) {
    if (receivers[n].given.id == id && receivers[n].incarnation == incarnation) return n;
  }
  return std::nullopt;
}

}  // namespace mediator
