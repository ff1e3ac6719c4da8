// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RETRIEVE_REQ and FFA_MEM_FRAG_RX of SPs: the request against what the owner sent, and the
// response, of which as much goes into the SP's RX buffer as fits. [DEN0077A 1.0 §5.12, §11.4,
// §12.2, DEN0140 1.2 chapters 1 and 2]
#include "src/bytes.hpp"
#include "src/chapters.hpp"
#include "src/response.hpp"

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Result;
using ffa::Status;

constexpr uint32_t data_access_bits = 0x3;
constexpr uint32_t instruction_bits = 0xc;
constexpr uint32_t memory_type_bits = 0x3f;

namespace flag {
constexpr uint32_t zero = 1U << 0;
constexpr uint32_t zero_after = 1U << 2;
constexpr uint32_t type_bits = 3;
constexpr uint32_t alignment_hint = 0x3e0;
constexpr uint32_t bypass = 1U << 10;
constexpr uint32_t known = 0x7fd;  // bit 1, time slicing, is for an SPMC that can pause
}  // namespace flag

/// Nothing of a request is above its limit but what is judged here.
constexpr DescriptorLimits no_limits{.attributes = ~0U,
                                     .flags = ~0U,
                                     .access_size = ~0U,
                                     .access_count = ~0U,
                                     .access_offset = ~0U,
                                     .access_alignment = 16};

/// A request and whom it concerns.
struct Request {
  SpmcStorage& s;
  size_t sp;
  std::span<const std::byte> bytes;
  TransactionHeader header;
  Region* region = nullptr;
  AccessEntry own{};

  [[nodiscard]] const Personality& knobs() const { return s.personality; }
  [[nodiscard]] Borrowing& borrowing() const { return region->borrowings[sp]; }
  [[nodiscard]] ffa::Version version() const { return s.sps[sp].version; }
  [[nodiscard]] bool has(uint32_t flags) const { return (header.flags & flags) != 0; }
  /// The SPMC decides about execution: the memory is shared, or lent to several.
  [[nodiscard]] bool never_executable() const {
    return !region->lent() || region->borrower_count > 1;
  }
};

Result<void> require(bool condition, Status otherwise) {
  if (!condition) return Error{otherwise};
  return {};
}
Result<void> require(bool condition) { return require(condition, Status::invalid_parameters); }

Result<void> check_rx(const SpmcStorage& s, size_t sp) {
  FFA_CHECK(require(s.sps[sp].rx != SpRx::unmapped, s.personality.sp_rx_unmapped));
  return require(s.sps[sp].rx == SpRx::free, s.personality.sp_rx_full);
}

/// The request is one whole header with its access entries and nothing else.
Result<TransactionHeader> read_request(const SpmcStorage& s, size_t sp, const Call& call) {
  FFA_CHECK(require(call.zero_from(3) && call.w(1) == call.w(2)));
  FFA_CHECK(check_rx(s, sp));
  const auto& tx = s.sp_buffers[sp].tx;
  FFA_CHECK(require(call.w(1) <= tx.size()));
  const auto bytes = std::span<const std::byte>{tx}.first(call.w(1));
  FFA_TRY(const TransactionHeader header, read_header(bytes, s.sps[sp].version, no_limits));
  FFA_CHECK(require(header.access_count != 0 &&
                    header.access_size == access_bytes(s.sps[sp].version) &&
                    header.access_offset >= header_bytes(s.sps[sp].version)));
  const uint64_t end = header.access_offset + uint64_t{header.access_size} * header.access_count;
  FFA_CHECK(require(bytes.size() == end));
  return header;
}

Result<void> find_transaction(Request& r) {
  r.region = find_region(r.s, r.header.handle);
  FFA_CHECK(require(r.region != nullptr && r.region->state == RegionState::complete));
  FFA_CHECK(require(r.header.sender == r.region->sender, r.knobs().wrong_owner_in_retrieve));
  FFA_CHECK(require(r.header.tag == r.region->tag));
  return require(r.borrowing().granted != DataAccess::none, Status::denied);
}

Result<void> check_attributes(const Request& r) {
  FFA_CHECK(require((r.header.attributes & ~memory_type_bits) == 0));
  const uint32_t type = r.header.attributes & memory_type_bits;
  const uint32_t sent = r.region->attributes != 0 ? r.region->attributes : 0x2f;
  return require(type == 0 || type == sent, Status::denied);
}

Result<void> check_flags(const Request& r) {
  const bool v1_0 = r.version() < ffa::v1_1;
  FFA_CHECK(require((r.header.flags & ~(v1_0 ? flag::known & ~flag::bypass : flag::known)) == 0));
  const uint32_t type = r.header.flags >> transaction_type_shift & flag::type_bits;
  FFA_CHECK(require(type == 0 || type == static_cast<uint32_t>(r.region->kind) + 1));
  FFA_CHECK(require(!r.has(flag::alignment_hint)));
  FFA_CHECK(require(r.region->lent() || !r.has(flag::zero | flag::zero_after)));
  const bool may_zero = (r.region->flags & flag::zero) != 0;
  FFA_CHECK(require(!r.has(flag::zero) || may_zero, Status::denied));
  return require(!r.has(flag::bypass) || r.region->borrower_count > 1);
}

/// The same borrowers as the owner's, each once; with the bypass flag the SP's own entry alone.
Result<void> check_borrowers(Request& r) {
  const ffa::EndpointId self = r.s.sps[r.sp].config.id;
  const uint32_t count = r.has(flag::bypass) ? 1 : r.region->borrower_count;
  FFA_CHECK(require(r.header.access_count == count));
  uint32_t seen = 0;
  bool own_seen = false;
  for (uint32_t i = 0; i < count; ++i) {
    FFA_TRY(const AccessEntry entry, read_access(r.bytes, r.header, i));
    const size_t sp = find_sp(r.s, entry.endpoint);
    FFA_CHECK(require(sp != no_index, Status::denied));
    FFA_CHECK(require(r.region->borrowings[sp].granted != DataAccess::none));
    FFA_CHECK(require((seen & 1U << sp) == 0));
    FFA_CHECK(require(entry.composite_offset == 0));
    seen |= 1U << sp;
    if (entry.endpoint != self) continue;
    own_seen = true;
    r.own = entry;
  }
  FFA_CHECK(require(own_seen && r.own.flags == 0));
  const bool has_impdef = r.header.access_size > access_bytes(ffa::v1_1);
  return require(!has_impdef || r.own.impdef == r.borrowing().impdef);
}

Result<void> check_permissions(const Request& r) {
  const uint32_t data = r.own.permissions & data_access_bits;
  FFA_CHECK(require(data == 1 || data == 2));
  FFA_CHECK(require(data <= static_cast<uint32_t>(r.borrowing().granted), Status::denied));
  FFA_CHECK(require(data == 2 || !r.has(flag::zero_after), Status::denied));
  if (!r.knobs().instruction_access_judged) return {};
  const uint32_t instruction = r.own.permissions & ~data_access_bits;
  // What comes from the normal world is never code of the secure world.
  FFA_CHECK(require((instruction & ~not_executable) == 0));
  return require((instruction == 0) == r.never_executable());
}

Result<void> check_request(Request& r) {
  FFA_CHECK(find_transaction(r));
  FFA_CHECK(check_attributes(r));
  FFA_CHECK(check_flags(r));
  FFA_CHECK(check_borrowers(r));
  FFA_CHECK(check_permissions(r));
  return require(r.borrowing().retrievals < r.knobs().retrieve_limit, Status::denied);
}

/// What an SP is told: its own access, the type that its memory has.
ResponseHead head_for(const SpmcStorage& s, size_t sp, const Region& region) {
  const ffa::Version version = s.sps[sp].version;
  const Borrowing& borrowing = region.borrowings[sp];
  const uint32_t type = region.attributes != 0 ? region.attributes : 0x2f;
  const uint32_t sent = borrowing.permissions & instruction_bits;
  const uint32_t instruction = s.personality.instruction_access_judged ? not_executable : sent;
  const AccessEntry own{
      .endpoint = s.sps[sp].config.id,
      .permissions = static_cast<uint8_t>(static_cast<uint32_t>(borrowing.held) | instruction),
      .flags = 0,
      .composite_offset = 0,
      .impdef = borrowing.impdef};
  const TransactionHeader header{
      .sender = region.sender,
      .attributes = version < ffa::v1_1 ? type : type | non_secure_attribute,
      .flags = (static_cast<uint32_t>(region.kind) + 1) << transaction_type_shift,
      .handle = region.handle,
      .tag = region.tag,
      .access_size = 0,
      .access_count = 0,
      .access_offset = 0};
  return {version, header, std::span{&own, 1}, region};
}

/// The next part goes into RX, which the SP has then. Its length.
uint32_t give_part(SpmcStorage& s, size_t sp, const Region& region, uint32_t begin) {
  auto& rx = s.sp_buffers[sp].rx;
  rx = {};
  const ResponseHead head = head_for(s, sp, region);
  const uint32_t end = write_response(s, head, region, begin, rx);
  s.sps[sp].rx = SpRx::full;
  s.sps[sp].response = {end < response_bytes(head, region), region.handle, begin, end};
  return end - begin;
}

}  // namespace

Answer handle_retrieve(SpmcStorage& s, size_t sp, const Call& call) {
  const auto header = read_request(s, sp, call);
  if (!header.ok()) return error(header.error());
  const std::span<const std::byte> tx{s.sp_buffers[sp].tx};
  Request request{s, sp, tx.first(call.w(1)), *header};
  const auto checked = check_request(request);
  if (!checked.ok()) return error(checked.error());
  Region& region = *request.region;
  Borrowing& borrowing = region.borrowings[sp];
  if (request.has(flag::zero)) zero_pages(s, region);
  borrowing.held = static_cast<DataAccess>(request.own.permissions & data_access_bits);
  ++borrowing.retrievals;
  borrowing.zero_when_given_up = request.has(flag::zero_after);
  const uint32_t length = give_part(s, sp, region, 0);
  const uint32_t total = response_bytes(head_for(s, sp, region), region);
  return reply(ffa::fid32(ffa::Fid::mem_retrieve_resp), total, length);
}

Answer handle_fragment_request(SpmcStorage& s, size_t sp, const Call& call) {
  const OpenResponse& response = s.sps[sp].response;
  const Region* const region = find_region(s, ffa::Handle{call.pair(1)});
  if (region == nullptr || !response.open || response.handle != region->handle) {
    return error(Status::invalid_parameters);
  }
  const auto rx = check_rx(s, sp);
  if (!rx.ok()) return error(rx.error());
  if (call.w(4) != 0 || !may_ask_for(s.personality, response, call.w(3))) {
    return error(Status::invalid_parameters);
  }
  const uint32_t length = give_part(s, sp, *region, call.w(3));
  return reply(ffa::fid32(ffa::Fid::mem_frag_tx), region->handle.low(), region->handle.high(),
               length);
}

Answer handle_relinquish(SpmcStorage& s, size_t sp, const Call& call) {
  constexpr uint64_t handle_at = 0;
  constexpr uint64_t flags_at = 8;
  constexpr uint64_t count_at = 12;
  constexpr uint64_t first_id_at = 16;
  if (!call.zero_from(1)) return error(Status::invalid_parameters);
  const std::span<const std::byte> tx{s.sp_buffers[sp].tx};
  Region* const region = find_region(s, ffa::Handle{get_le(tx, handle_at, 8)});
  const ffa::EndpointId named{static_cast<uint16_t>(get_le(tx, first_id_at, 2))};
  if (region == nullptr || region->state != RegionState::complete || get_le(tx, count_at, 4) != 1 ||
      named != s.sps[sp].config.id) {
    return error(Status::invalid_parameters);
  }
  Borrowing& borrowing = region->borrowings[sp];
  if (borrowing.held == DataAccess::none) return error(Status::denied);
  const OpenResponse& response = s.sps[sp].response;
  if (response.open && response.handle == region->handle) return error(Status::invalid_parameters);
  const uint64_t flags = get_le(tx, flags_at, 4);
  const bool zero = (flags & flag::zero) != 0;
  if ((flags & ~uint64_t{flag::zero}) != 0 || (zero && !s.personality.relinquish_zeroes) ||
      (zero && !region->lent())) {
    return error(Status::invalid_parameters);
  }
  if (zero && borrowing.held != DataAccess::read_write) return error(Status::denied);
  if (borrowing.retrievals > 1) {
    --borrowing.retrievals;
    return success();
  }
  if (zero || borrowing.zero_when_given_up) zero_pages(s, *region);
  end_hold(borrowing);
  return success();
}

}  // namespace spmc_model
