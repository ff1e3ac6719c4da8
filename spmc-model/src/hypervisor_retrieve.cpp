// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RETRIEVE_REQ and FFA_MEM_FRAG_RX of the hypervisor: it asks what a region consists of, by
// its handle alone, and changes nothing by it. [DEN0077A 1.2 §17.4.3]
#include "src/chapters.hpp"
#include "src/response.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

/// All is zero but the handle; TF-A only wants no entries.
bool is_sound(const TransactionHeader& header, HypervisorRetrieve how) {
  if (header.access_count != 0) return false;
  if (how == HypervisorRetrieve::one_entry) return true;
  return header.sender.raw() == 0 && header.attributes == 0 && header.flags == 0 &&
         header.tag == 0 && header.access_size == 0 && header.access_offset == 0;
}

ResponseHead head_for(const SpmcStorage& s, const Region& region) {
  std::array<AccessEntry, max_sps> entries{};
  TransactionHeader header{.sender = region.sender,
                           .attributes = s.version < ffa::v1_1 ? 0 : non_secure_attribute,
                           .flags = 0,
                           .handle = region.handle,
                           .tag = 0,
                           .access_size = 0,
                           .access_count = 0,
                           .access_offset = 0};
  if (s.personality.hypervisor_retrieve == HypervisorRetrieve::one_entry) {
    return {s.version, header, std::span{entries}.first(1), region};
  }
  for (uint32_t i = 0; i < region.borrower_count; ++i) {
    const size_t sp = region.order[i];
    entries[i] = {.endpoint = s.sps[sp].config.id,
                  .permissions = region.borrowings[sp].permissions,
                  .flags = 0,
                  .composite_offset = 0,
                  .impdef = region.borrowings[sp].impdef};
  }
  header.attributes |= region.attributes;
  header.flags = (static_cast<uint32_t>(region.kind) + 1) << transaction_type_shift;
  header.tag = region.tag;
  return {s.version, header, std::span{entries}.first(region.borrower_count), region};
}

Status check_rx(const SpmcStorage& s) {
  if (s.rxtx.bytes == 0) return s.personality.sp_rx_unmapped;
  return s.rxtx.rx_owned_by_normal_world ? s.personality.sp_rx_full : Status::success;
}

/// The next part goes into the hypervisor's RX. Its length; 0: RX is not there.
uint32_t give_part(SpmcStorage& s, const Region& region, uint32_t begin) {
  const std::span<std::byte> to{s.message.data(), s.rxtx.bytes};
  for (std::byte& byte : to) byte = {};
  const ResponseHead head = head_for(s, region);
  const uint32_t end = write_response(s, head, region, begin, to);
  if (!s.memory->write(s.rxtx.rx, to.first(end - begin))) return 0;
  s.rxtx.rx_owned_by_normal_world = true;
  s.rxtx.response = {end < response_bytes(head, region), region.handle, begin, end};
  return end - begin;
}

}  // namespace

Answer handle_hypervisor_retrieve(SpmcStorage& s, const Call& call) {
  constexpr DescriptorLimits no_limits{.attributes = ~0U,
                                       .flags = ~0U,
                                       .access_size = ~0U,
                                       .access_count = ~0U,
                                       .access_offset = ~0U,
                                       .access_alignment = 1};
  const uint32_t length = call.w(1);
  if (!call.zero_from(3) || length != call.w(2) || length > s.rxtx.bytes) {
    return error(Status::invalid_parameters);
  }
  const Status rx = check_rx(s);
  if (rx != Status::success) return error(rx);
  const std::span<std::byte> copy{s.message.data(), length};
  if (!s.memory->read(s.rxtx.tx, copy)) return error(Status::invalid_parameters);
  const auto header = read_header(copy, s.version, no_limits);
  if (!header.ok() || !is_sound(*header, s.personality.hypervisor_retrieve)) {
    return error(Status::invalid_parameters);
  }
  const Region* const region = find_region(s, header->handle);
  if (region == nullptr || region->state != RegionState::complete) {
    return error(Status::invalid_parameters);
  }
  const uint32_t given = give_part(s, *region, 0);
  if (given == 0) return error(Status::aborted);
  return reply(ffa::fid32(ffa::Fid::mem_retrieve_resp),
               response_bytes(head_for(s, *region), *region), given);
}

Answer handle_hypervisor_fragment_request(SpmcStorage& s, const Call& call) {
  const OpenResponse& response = s.rxtx.response;
  const Region* const region = find_region(s, ffa::Handle{call.pair(1)});
  if (region == nullptr || !response.open || response.handle != region->handle) {
    return error(Status::invalid_parameters);
  }
  const Status rx = check_rx(s);
  if (rx != Status::success) return error(rx);
  const bool named = call.w(4) == 0 || high_id(call.w(4)) == region->sender;
  if (!named || !may_ask_for(s.personality, response, call.w(3))) {
    return error(Status::invalid_parameters);
  }
  const uint32_t given = give_part(s, *region, call.w(3));
  if (given == 0) return error(Status::aborted);
  Answer answer =
      reply(ffa::fid32(ffa::Fid::mem_frag_tx), region->handle.low(), region->handle.high(), given);
  if (s.personality.hypervisor_retrieve == HypervisorRetrieve::one_entry) {
    answer.out.x[4] = call.w(4);
  }
  return answer;
}

}  // namespace spmc_model
