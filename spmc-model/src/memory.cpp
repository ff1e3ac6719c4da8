// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_SHARE, FFA_MEM_LEND, FFA_MEM_DONATE, FFA_MEM_FRAG_TX and FFA_MEM_RECLAIM at the physical
// instance, in the order of checks that docs/spmc-personalities.md gives. [DEN0140 1.2 chapters 1
// and 2]
#include "src/bytes.hpp"
#include "src/chapters.hpp"
#include "src/descriptor.hpp"
#include "src/regions.hpp"

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Result;
using ffa::Status;

constexpr uint8_t read_write = 2;
constexpr uint8_t data_permission_bits = 3;

/// Where a fragment lies and how much of a descriptor it is.
struct Source {
  ffa::Pa buffer;
  uint32_t buffer_bytes;  ///< of a dynamically allocated buffer; 0: the TX buffer
  uint32_t total_bytes;
  uint32_t fragment_bytes;
};

struct Borrowers {
  std::array<Borrowing, max_sps> by_sp{};
  std::array<uint8_t, max_sps> order{};
  uint32_t count = 0;
  uint32_t composite_offset = 0;
};

Answer handle_reply(ffa::Handle handle) { return success(handle.low(), handle.high()); }

Answer want_more(const SpmcStorage& s, const Region& region) {
  Answer answer = reply(ffa::fid32(ffa::Fid::mem_frag_rx), region.handle.low(),
                        region.handle.high(), region.next_offset);
  if (s.personality.request_names_sender) answer.out.x[4] = uint64_t{region.sender.raw()} << 16;
  return answer;
}

/// The one copy of the fragment; nothing is read from the sender's buffer after that.
Result<std::span<const std::byte>> copy_in(SpmcStorage& s, ffa::Pa from, uint32_t bytes) {
  if (bytes > s.message.size()) return Error{Status::no_memory};
  const std::span<std::byte> to{s.message.data(), bytes};
  if (bytes != 0 && !s.memory->read(from, to)) return Error{Status::invalid_parameters};
  return std::span<const std::byte>{to};
}

Result<Source> find_source(SpmcStorage& s, const Call& call) {
  const uint32_t total = call.w(1);
  const uint32_t fragment = call.w(2);
  if (!call.zero_from(5) || fragment > total) return Error{Status::invalid_parameters};
  const ffa::Pa address{call.x(3)};
  const uint32_t pages = call.w(4);
  if (address.raw() == 0) {
    if (pages != 0) return Error{Status::invalid_parameters};
    if (s.rxtx.bytes == 0 || fragment > s.rxtx.bytes) return Error{s.personality.tx_unusable};
    return Source{s.rxtx.tx, 0, total, fragment};
  }
  if (!s.personality.dynamic_buffer) return Error{Status::invalid_parameters};
  const uint64_t room = uint64_t{pages} * ffa::page_size;
  const uint64_t in_page = address.raw() & ffa::page_mask;
  if (room < in_page || room - in_page < fragment) return Error{Status::invalid_parameters};
  if (pages > max_buffer_pages) return Error{Status::no_memory};
  const ffa::Pa first_page{address.raw() - in_page};
  if (!is_normal_memory(s, first_page, room)) return Error{Status::invalid_parameters};
  return Source{address, static_cast<uint32_t>(room - in_page), total, fragment};
}

Result<DataAccess> data_access(const SpmcStorage& s, uint8_t permissions, SendKind kind) {
  if (kind == SendKind::donate) {
    // The receiver owns it then; the sender leaves the access open.
    if ((permissions & data_permission_bits) != 0) return Error{Status::invalid_parameters};
    return DataAccess::read_write;
  }
  if (s.personality.permissions && permissions != *s.personality.permissions) {
    return Error{Status::invalid_parameters};
  }
  switch (permissions & data_permission_bits) {
    case 1:
      return DataAccess::read_only;
    case read_write:
      return DataAccess::read_write;
    default:
      return Error{Status::invalid_parameters};
  }
}

/// Every SP of the configuration that is named is a borrower; what other receivers mean is the
/// personality's. At least one must be.
Result<Borrowers> find_borrowers(const SpmcStorage& s, std::span<const std::byte> fragment,
                                 const TransactionHeader& header, SendKind kind) {
  const Personality& p = s.personality;
  const bool too_many = p.max_borrowers != 0 && header.access_count > p.max_borrowers;
  if (too_many || (kind == SendKind::donate && header.access_count != 1)) {
    return Error{Status::invalid_parameters};
  }
  Borrowers borrowers;
  for (uint32_t i = 0; i < header.access_count; ++i) {
    FFA_TRY(const AccessEntry entry, read_access(fragment, header, i));
    const size_t sp = find_sp(s, entry.endpoint);
    const bool twice = sp != no_index && borrowers.by_sp[sp].granted != DataAccess::none;
    if (p.unknown_borrower && sp == no_index) return Error{*p.unknown_borrower};
    if (p.unknown_borrower && twice) return Error{Status::invalid_parameters};
    if (sp == no_index || twice) continue;
    Borrowing& borrowing = borrowers.by_sp[sp];
    FFA_TRY(borrowing.granted, data_access(s, entry.permissions, kind));
    borrowing.permissions = entry.permissions;
    borrowing.impdef = entry.impdef;
    if (borrowers.count != 0 && entry.composite_offset != borrowers.composite_offset) {
      return Error{Status::invalid_parameters};
    }
    borrowers.composite_offset = entry.composite_offset;
    borrowers.order[borrowers.count++] = static_cast<uint8_t>(sp);
  }
  if (borrowers.count == 0) return Error{Status::invalid_parameters};
  return borrowers;
}

Result<void> check_overlaps(const SpmcStorage& s, const Region& region, const RangeEntry& range) {
  const Personality& p = s.personality;
  if (p.overlap_in_transaction && touches(s, region, range.address, range.pages)) {
    return Error{*p.overlap_in_transaction};
  }
  const std::optional<Status> twice = region.lent() ? p.page_lent_twice : p.page_shared_twice;
  if (!twice) return {};
  for (const uint16_t index : std::span{s.region_order}.first(s.regions_used)) {
    const Region& other = s.regions[index];
    if (&other == &region) continue;
    if (other.lent() != region.lent() && !p.page_in_any_object) continue;
    if (touches(s, other, range.address, range.pages)) return Error{*twice};
  }
  return {};
}

Result<void> add_range(SpmcStorage& s, Region& region, const RangeEntry& range) {
  if (range.pages > region.total_pages - region.received_pages) {
    return Error{Status::invalid_parameters};
  }
  if (s.personality.unaligned_range && (range.address.raw() & ffa::page_mask) != 0) {
    return Error{*s.personality.unaligned_range};
  }
  if (!is_normal_memory(s, range.address, uint64_t{range.pages} * ffa::page_size)) {
    return Error{Status::invalid_parameters};
  }
  FFA_CHECK(check_overlaps(s, region, range));
  s.ranges[region.first_range + region.received_ranges] = Range{range.address, range.pages};
  ++region.received_ranges;
  region.received_pages += range.pages;
  return {};
}

/// All ranges of a region that were only stored as they came.
Result<void> check_stored(SpmcStorage& s, Region& region) {
  region.received_ranges = 0;
  region.received_pages = 0;
  for (uint32_t i = 0; i < region.total_ranges; ++i) {
    const Range stored = s.ranges[region.first_range + i];
    FFA_CHECK(add_range(s, region, {stored.address, stored.pages}));
  }
  return {};
}

/// Takes the whole ranges at the start of `bytes`; what is left of a range is asked for again. The
/// region is complete with its last range.
Result<void> add_ranges(SpmcStorage& s, Region& region, std::span<const std::byte> bytes) {
  const uint32_t wanted = region.total_ranges - region.received_ranges;
  const uint64_t sent = bytes.size() / range_entry_bytes;
  if (bytes.size() % range_entry_bytes != 0 && !s.personality.partial_range_asked_again) {
    return Error{Status::invalid_parameters};
  }
  const bool surplus = sent > wanted || region.has_surplus;
  const bool goes_on = surplus && s.personality.surplus_never_completes;
  if (surplus && !goes_on && !s.personality.surplus_ignored) {
    return Error{Status::invalid_parameters};
  }
  const uint32_t taken = sent < wanted ? static_cast<uint32_t>(sent) : wanted;
  const uint32_t most = s.personality.max_fragments;
  if (++region.fragments > most && most != 0) {
    region.state = RegionState::refused;
    return Error{Status::no_memory};
  }
  if (goes_on) {
    region.has_surplus = true;
    region.next_offset += static_cast<uint32_t>(bytes.size());
    return {};
  }
  for (uint32_t i = 0; i < taken; ++i) {
    const RangeEntry range = read_range(bytes, uint64_t{i} * range_entry_bytes);
    if (s.personality.ranges_checked_when_complete) {
      s.ranges[region.first_range + region.received_ranges++] = Range{range.address, range.pages};
    } else {
      FFA_CHECK(add_range(s, region, range));
    }
  }
  region.next_offset += taken * range_entry_bytes;
  if (region.received_ranges != region.total_ranges) return {};
  region.state = RegionState::refused;  // until all of it was found good
  if (s.personality.ranges_checked_when_complete) FFA_CHECK(check_stored(s, region));
  if (region.received_pages != region.total_pages) return Error{Status::invalid_parameters};
  region.state = RegionState::complete;
  return {};
}

Result<void> check_transaction(const SpmcStorage& s, const TransactionHeader& header,
                               SendKind kind) {
  if (!is_known_guest(s, header.sender)) return Error{s.personality.unknown_sender};
  const std::optional<uint16_t> attributes =
      kind == SendKind::share ? s.personality.share_attributes : s.personality.lend_attributes;
  if (attributes && header.attributes != *attributes) return Error{s.personality.wrong_attributes};
  return {};
}

Result<Region*> begin_transaction(SpmcStorage& s, const Source& source, SendKind kind) {
  FFA_TRY(const auto fragment, copy_in(s, source.buffer, source.fragment_bytes));
  FFA_TRY(const TransactionHeader header,
          read_header(fragment, s.version, s.personality.descriptor));
  FFA_CHECK(check_transaction(s, header, kind));
  FFA_TRY(const Borrowers borrowers, find_borrowers(s, fragment, header, kind));
  FFA_TRY(const Composite composite, read_composite(fragment, borrowers.composite_offset));
  const uint64_t length =
      composite.first_range_offset + uint64_t{composite.ranges} * range_entry_bytes;
  if (length > source.total_bytes) return Error{Status::invalid_parameters};
  if (s.personality.exact_length && length != source.total_bytes) {
    return Error{Status::invalid_parameters};
  }
  if (composite.total_pages > max_region_pages) return Error{Status::no_memory};
  FFA_TRY(Region* const region, add_region(s, header.sender, header.handle, composite.ranges));
  region->kind = kind;
  region->tag = header.tag;
  region->attributes = header.attributes;
  region->flags = header.flags;
  region->total_pages = composite.total_pages;
  region->borrower_count = borrowers.count;
  region->order = borrowers.order;
  region->borrowings = borrowers.by_sp;
  region->next_offset = composite.first_range_offset;
  region->buffer = source.buffer;
  region->buffer_bytes = source.buffer_bytes;
  const auto added = add_ranges(s, *region, fragment.subspan(composite.first_range_offset));
  if (!added.ok()) {
    free_region(s, *region);
    return Error{added.error()};
  }
  return region;
}

Answer region_reply(const SpmcStorage& s, const Region& region) {
  return region.state == RegionState::complete ? handle_reply(region.handle) : want_more(s, region);
}

bool fragment_is_the_owners(const SpmcStorage& s, const Region& region, const Call& call) {
  const bool looks =
      s.personality.fragment_names_sender && (tracks_vms(s) || !s.personality.guests_tracked);
  return !looks || high_id(call.w(4)) == region.sender;
}

}  // namespace

Answer handle_memory_send(SpmcStorage& s, const Call& call, SendKind kind) {
  const Result<Source> source = find_source(s, call);
  if (!source.ok()) return error(source.error());
  const Result<Region*> region = begin_transaction(s, *source, kind);
  return region.ok() ? region_reply(s, **region) : error(region.error());
}

Answer handle_fragment(SpmcStorage& s, const Call& call) {
  Region* const region = find_region(s, ffa::Handle{call.pair(1)});
  if (region == nullptr || region->state != RegionState::receiving ||
      !fragment_is_the_owners(s, *region, call)) {
    return error(Status::invalid_parameters);
  }
  const uint32_t length = call.w(3);
  const bool dynamic = region->buffer_bytes != 0;
  if (length > (dynamic ? region->buffer_bytes : s.rxtx.bytes)) {
    if (s.personality.too_long_fragment_frees) free_region(s, *region);
    return error(Status::invalid_parameters);
  }
  const auto bytes = copy_in(s, dynamic ? region->buffer : s.rxtx.tx, length);
  const Result<void> added = bytes.ok() ? add_ranges(s, *region, *bytes) : Error{bytes.error()};
  if (added.ok()) return region_reply(s, *region);
  const bool ended = region->state == RegionState::refused;
  if (ended || s.personality.bad_fragment_frees) free_region(s, *region);
  return error(added.error());
}

Answer handle_reclaim(SpmcStorage& s, const Call& call) {
  const bool zero = s.personality.reclaim_zeroes && call.w(3) == 1;
  if (!call.zero_from(zero ? 4 : 3)) return error(Status::invalid_parameters);
  const ffa::Handle handle{call.pair(1)};
  Region* region = find_region(s, handle);
  if (region == nullptr) region = find_left_region(s, handle);
  if (region == nullptr || region->state != RegionState::complete) {
    return error(Status::invalid_parameters);
  }
  if (holders(*region) != 0) return error(Status::denied);
  if (zero) zero_pages(s, *region);
  free_region(s, *region);
  return success();
}

}  // namespace spmc_model
