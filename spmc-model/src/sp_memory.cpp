// SPDX-License-Identifier: BSD-3-Clause
#include "src/sp_memory.hpp"

#include "src/bytes.hpp"
#include "src/chapters.hpp"
#include "src/descriptor.hpp"
#include "src/regions.hpp"

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Fid;
using ffa::Result;
using ffa::Status;
using sp_protocol::Field;

constexpr uint8_t not_executable = 4;

ffa::Status status_of(const Answer& answer) {
  if (answer.out.w(0) != ffa::fid32(Fid::error)) return Status::success;
  return static_cast<Status>(static_cast<int32_t>(answer.out.w(2)));
}

Call make_call(Fid function, uint64_t x1 = 0, uint64_t x2 = 0, uint64_t x3 = 0) {
  Call call{.in = {}, .function = ffa::fid32(function), .smc64 = false};
  call.in.x[0] = call.function;
  call.in.x[1] = x1;
  call.in.x[2] = x2;
  call.in.x[3] = x3;
  return call;
}

/// What was prepared for `field`, or what is right.
uint64_t value_of(const SpState& sp, Field field, uint64_t right) {
  for (uint32_t i = 0; i < sp.prepared_count; ++i) {
    if (sp.prepared[i].field == field) return sp.prepared[i].value;
  }
  return right;
}
uint32_t word_of(const SpState& sp, Field field, uint32_t right) {
  return static_cast<uint32_t>(value_of(sp, field, right));
}

/// What is prepared counts for one request.
class PreparedOnce {
 public:
  explicit PreparedOnce(SpState& sp) : sp_(sp) {}
  ~PreparedOnce() { sp_.prepared_count = 0; }
  PreparedOnce(const PreparedOnce&) = delete;
  PreparedOnce& operator=(const PreparedOnce&) = delete;

 private:
  SpState& sp_;
};

/// What the SP learned of a region from its owner, beside the SPMC: nothing if there is none.
Region told_of(SpmcStorage& s, size_t sp, ffa::Handle handle) {
  const Region* const found = find_region(s, handle);
  if (found != nullptr && found->borrower_count != 0) return *found;
  Region unknown{};
  unknown.borrower_count = 1;
  unknown.order[0] = static_cast<uint8_t>(sp);
  return unknown;
}

uint8_t wanted_permissions(const Region& region, const Personality& personality,
                           DataAccess access) {
  const bool own = region.kind != SendKind::share && region.borrower_count == 1;
  const bool names_execution = own && personality.instruction_access_judged;
  return static_cast<uint8_t>(static_cast<uint8_t>(access) |
                              (names_execution ? not_executable : 0));
}

/// Writes the request for what `region` is into TX. Its length.
uint32_t write_request(SpmcStorage& s, size_t sp, const Region& region, ffa::EndpointId owner,
                       ffa::Handle handle, DataAccess access) {
  const SpState& self = s.sps[sp];
  auto& tx = s.sp_buffers[sp].tx;
  tx = {};
  const bool own_only = value_of(self, Field::own_only, 0) != 0;
  const uint32_t listed = own_only ? 1 : region.borrower_count;
  const uint32_t count = word_of(self, Field::entries, listed);
  const TransactionHeader header{
      .sender = ffa::EndpointId{static_cast<uint16_t>(value_of(self, Field::sender, owner.raw()))},
      .attributes = word_of(self, Field::attributes, 0),
      .flags = word_of(self, Field::flags, 0),
      .handle = ffa::Handle{value_of(self, Field::handle, handle.raw())},
      .tag = value_of(self, Field::tag, region.tag),
      .access_size = access_bytes(self.version),
      .access_count = count,
      .access_offset = header_bytes(self.version)};
  write_header(tx, self.version, header);
  for (uint32_t i = 0; i < count && i < max_sps; ++i) {
    const size_t borrower = own_only || i >= listed ? sp : region.order[i];
    const Borrowing& borrowing = region.borrowings[borrower];
    AccessEntry entry{.endpoint = s.sps[borrower].config.id,
                      .permissions = borrowing.permissions,
                      .flags = 0,
                      .composite_offset = 0,
                      .impdef = borrowing.impdef};
    if (borrower == sp) {
      const uint8_t right = wanted_permissions(region, s.personality, access);
      entry.endpoint = ffa::EndpointId{
          static_cast<uint16_t>(word_of(self, Field::own_id, entry.endpoint.raw()))};
      entry.permissions = static_cast<uint8_t>(word_of(self, Field::permissions, right));
      entry.flags = static_cast<uint8_t>(word_of(self, Field::entry_flags, 0));
      entry.composite_offset = word_of(self, Field::composite, 0);
      entry.impdef[0] = value_of(self, Field::impdef, entry.impdef[0]);
    }
    write_access(tx, header, i, entry);
  }
  return header.access_offset + count * header.access_size;
}

/// Reads a response as its fragments come and compares it with what the SPMC was told.
class ResponseReader {
 public:
  ResponseReader(SpmcStorage& s, size_t sp, ffa::Handle handle)
      : s_(s), sp_(sp), handle_(handle), region_(find_region(s, handle)) {}

  /// The next fragment, of `length` bytes in RX. False: it can't be right.
  bool take(uint32_t length) {
    const auto& rx = s_.sp_buffers[sp_].rx;
    if (region_ == nullptr || length > rx.size()) return false;
    const auto bytes = std::span<const std::byte>{rx}.first(length);
    const uint32_t first = taken_ == 0 ? read_head(bytes) : 0;
    if (taken_ == 0 && first == 0) return false;
    const auto told = ranges_of(s_, *region_);
    for (uint64_t at = first; at + range_entry_bytes <= length; at += range_entry_bytes) {
      const RangeEntry range = read_range(bytes, at);
      if (ranges_ >= told.size() || told[ranges_].address != range.address ||
          told[ranges_].pages != range.pages) {
        return false;
      }
      ++ranges_;
    }
    taken_ += length;
    ++fragments_;
    return true;
  }
  [[nodiscard]] uint32_t taken() const { return taken_; }
  [[nodiscard]] bool whole() const {
    return region_ != nullptr && ranges_ == region_->total_ranges;
  }
  [[nodiscard]] uint64_t seen() const {
    using namespace sp_protocol::response_shift;
    return header_.attributes | uint64_t{entry_.permissions} << permissions |
           uint64_t{header_.access_size} << entry_bytes | uint64_t{header_.flags} << flags |
           uint64_t{fragments_} << fragments;
  }

 private:
  /// Where the ranges begin; 0: it is not the response that the SP asked for.
  uint32_t read_head(std::span<const std::byte> bytes) {
    constexpr DescriptorLimits any{.attributes = 0xffff,
                                   .flags = ~0U,
                                   .access_size = 0xff,
                                   .access_count = 1,
                                   .access_offset = 0xffff,
                                   .access_alignment = 16};
    const auto header = read_header(bytes, s_.sps[sp_].version, any);
    if (!header.ok() || header->handle != handle_ || header->tag != region_->tag) return 0;
    const auto entry = read_access(bytes, *header, 0);
    if (!entry.ok() || entry->endpoint != s_.sps[sp_].config.id) return 0;
    const auto composite = read_composite(bytes, entry->composite_offset);
    if (!composite.ok() || composite->total_pages != region_->total_pages ||
        composite->ranges != region_->total_ranges) {
      return 0;
    }
    header_ = *header;
    entry_ = *entry;
    return composite->first_range_offset;
  }

  SpmcStorage& s_;
  size_t sp_;
  ffa::Handle handle_;
  const Region* region_;
  TransactionHeader header_{};
  AccessEntry entry_{};
  uint32_t taken_ = 0;
  uint32_t ranges_ = 0;
  uint32_t fragments_ = 0;
};

/// Everything behind the first fragment.
Result<void> read_rest(SpmcStorage& s, size_t sp, ffa::Handle handle, uint32_t total,
                       ResponseReader& reader) {
  const SpState& self = s.sps[sp];
  while (reader.taken() < total) {  // bound: each fragment has at least one byte
    const ffa::Handle asked{value_of(self, Field::frag_handle, handle.raw())};
    const uint32_t offset = word_of(self, Field::frag_offset, reader.taken());
    const Answer next =
        call_spmc(s, sp, make_call(Fid::mem_frag_rx, asked.low(), asked.high(), offset));
    if (status_of(next) != Status::success) return Error{status_of(next)};
    if (next.out.w(3) == 0 || !reader.take(next.out.w(3))) return Error{Status::aborted};
    call_spmc(s, sp, make_call(Fid::rx_release));
  }
  return {};
}

}  // namespace

Answer call_spmc(SpmcStorage& s, size_t sp, const Call& call) {
  SpState& self = s.sps[sp];
  switch (call.function) {
    case ffa::fid32(Fid::version): {
      const ffa::Version asked{call.w(1)};
      const bool known = asked >= ffa::v1_0 && asked <= s.personality.max_version;
      if (!known) return reply(ffa::to_word(Status::not_supported));
      self.version = asked;
      return reply(s.personality.max_version.raw());
    }
    case ffa::fid32(Fid::rx_release):
      if (self.rx != SpRx::full) return error(Status::denied);
      self.rx = SpRx::free;
      self.rx_bytes = 0;
      return success();
    case ffa::fid32(Fid::rxtx_unmap):
      if (self.rx == SpRx::unmapped) return error(Status::invalid_parameters);
      self.rx = SpRx::unmapped;
      return success();
    case ffa::fid64(Fid::rxtx_map):
      if (self.rx != SpRx::unmapped) return error(Status::denied);
      self.rx = SpRx::free;
      return success();
    case ffa::fid32(Fid::mem_retrieve_req):
      return handle_retrieve(s, sp, call);
    case ffa::fid32(Fid::mem_frag_rx):
      return handle_fragment_request(s, sp, call);
    case ffa::fid32(Fid::mem_relinquish):
      return handle_relinquish(s, sp, call);
    default:
      return error(Status::not_supported);
  }
}

Result<void> retrieve_region(SpmcStorage& s, size_t sp, ffa::EndpointId owner, ffa::Handle handle,
                             DataAccess access) {
  SpState& self = s.sps[sp];
  const PreparedOnce once{self};
  const Region told = told_of(s, sp, handle);
  const uint32_t length = write_request(s, sp, told, owner, handle, access);
  const Answer answer =
      call_spmc(s, sp,
                make_call(Fid::mem_retrieve_req, word_of(self, Field::total_length, length),
                          word_of(self, Field::fragment_length, length)));
  if (status_of(answer) != Status::success) return Error{status_of(answer)};
  ResponseReader reader{s, sp, handle};
  if (!reader.take(answer.out.w(2))) return Error{Status::aborted};
  const bool keeps = value_of(self, Field::keep_rx, 0) != 0;
  if (!keeps) call_spmc(s, sp, make_call(Fid::rx_release));
  if (value_of(self, Field::first_only, 0) != 0) return {};
  FFA_CHECK(read_rest(s, sp, handle, answer.out.w(1), reader));
  if (!reader.whole() || reader.taken() != answer.out.w(1)) return Error{Status::aborted};
  self.last_response = reader.seen();
  return {};
}

Result<void> relinquish_region(SpmcStorage& s, size_t sp, ffa::Handle handle) {
  SpState& self = s.sps[sp];
  const PreparedOnce once{self};
  auto& tx = s.sp_buffers[sp].tx;
  tx = {};
  put_le(tx, 0, 8, value_of(self, Field::handle, handle.raw()));
  put_le(tx, 8, 4, value_of(self, Field::flags, 0));
  put_le(tx, 12, 4, value_of(self, Field::entries, 1));
  put_le(tx, 16, 2, value_of(self, Field::own_id, self.config.id.raw()));
  const Answer answer = call_spmc(s, sp, make_call(Fid::mem_relinquish));
  if (status_of(answer) != Status::success) return Error{status_of(answer)};
  return {};
}

}  // namespace spmc_model
