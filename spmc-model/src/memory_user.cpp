// SPDX-License-Identifier: BSD-3-Clause
// The memory_user SP: it retrieves and relinquishes regions and really touches the physical pages
// that the SPMC was told, so that a wrong address shows. docs/software-sps.md
#include "src/bytes.hpp"
#include "src/regions.hpp"
#include "src/sps.hpp"

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Result;
using ffa::Status;
using sp_protocol::Access;
using sp_protocol::Operation;

constexpr uint32_t word_bytes = 4;
constexpr uint32_t checksum_word_bytes = 8;

/// One request and what it is about.
struct Request {
  SpmcStorage& s;
  Region& region;
  size_t sp;
  const Payload& words;

  [[nodiscard]] DataAccess held() const { return region.held[sp]; }
  [[nodiscard]] uint32_t offset() const { return words[sp_protocol::offset_word]; }
};

Result<uint64_t> retrieve(Request& r) {
  if (r.held() != DataAccess::none) return Error{Status::denied};
  const DataAccess granted = r.region.granted[r.sp];
  switch (static_cast<Access>(r.offset())) {
    case Access::granted:
      r.region.held[r.sp] = granted;
      return 0;
    case Access::read_only:
      r.region.held[r.sp] = DataAccess::read_only;
      return 0;
    case Access::read_write:
      if (granted != DataAccess::read_write) return Error{Status::denied};
      r.region.held[r.sp] = DataAccess::read_write;
      return 0;
  }
  return Error{Status::invalid_parameters};
}

Result<uint64_t> relinquish(Request& r) {
  r.region.held[r.sp] = DataAccess::none;
  return 0;
}

/// Physical address of a byte of the region, its ranges put end to end. INVALID_PARAMETERS: behind
/// the end, unaligned.
Result<ffa::Pa> address_of(const Request& r) {
  if (r.offset() % word_bytes != 0) return Error{Status::invalid_parameters};
  uint64_t left = r.offset();
  for (const Range& range : ranges_of(r.s, r.region)) {
    const uint64_t bytes = uint64_t{range.pages} * ffa::page_size;
    if (left < bytes) return ffa::Pa{range.address.raw() + left};
    left -= bytes;
  }
  return Error{Status::invalid_parameters};
}

Result<uint64_t> read_word(Request& r) {
  FFA_TRY(const ffa::Pa at, address_of(r));
  std::array<std::byte, word_bytes> bytes{};
  if (!r.s.memory->read(at, bytes)) return Error{Status::aborted};
  return get_le(bytes, 0, word_bytes);
}

Result<uint64_t> write_word(Request& r) {
  if (r.held() != DataAccess::read_write) return Error{Status::denied};
  FFA_TRY(const ffa::Pa at, address_of(r));
  std::array<std::byte, word_bytes> bytes{};
  put_le(bytes, 0, word_bytes, r.words[sp_protocol::value_word]);
  if (!r.s.memory->write(at, bytes)) return Error{Status::aborted};
  return 0;
}

Result<uint64_t> checksum(Request& r) {
  uint64_t sum = 0;
  for (const Range& range : ranges_of(r.s, r.region)) {
    for (uint32_t page = 0; page < range.pages; ++page) {
      const ffa::Pa from{range.address.raw() + uint64_t{page} * ffa::page_size};
      if (!r.s.memory->read(from, r.s.page)) return Error{Status::aborted};
      for (uint64_t at = 0; at < ffa::page_size; at += checksum_word_bytes) {
        sum ^= get_le(r.s.page, at, checksum_word_bytes);
      }
    }
  }
  return sum;
}

/// The region that the words name, if it is the asker's and this SP is a borrower of it.
Result<Region*> named_region(SpmcStorage& s, size_t sp, ffa::EndpointId owner,
                             const Payload& words) {
  const auto handle = ffa::Handle::from_words(words[sp_protocol::handle_low_word],
                                              words[sp_protocol::handle_high_word]);
  Region* const region = find_region(s, handle);
  if (region == nullptr || region->state != RegionState::complete || region->sender != owner) {
    return Error{Status::invalid_parameters};
  }
  if (region->granted[sp] == DataAccess::none) return Error{Status::denied};
  return region;
}

bool is_operation(uint32_t word) {
  return word >= static_cast<uint32_t>(Operation::retrieve) &&
         word <= static_cast<uint32_t>(Operation::release_message);
}

Result<uint64_t> run(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& words) {
  if (!is_operation(words[sp_protocol::operation_word])) return Error{Status::not_supported};
  const auto operation = static_cast<Operation>(words[sp_protocol::operation_word]);
  if (operation > Operation::count_ranges) {
    return use_message(s, sp, operation, words[sp_protocol::offset_word]);
  }
  FFA_TRY(Region* const region, named_region(s, sp, owner, words));
  Request r{s, *region, sp, words};
  if (operation == Operation::retrieve) return retrieve(r);
  if (r.held() == DataAccess::none) return Error{Status::denied};
  switch (operation) {
    case Operation::retrieve:
      break;
    case Operation::relinquish:
      return relinquish(r);
    case Operation::read_word:
      return read_word(r);
    case Operation::write_word:
      return write_word(r);
    case Operation::checksum:
      return checksum(r);
    case Operation::count_pages:
      return uint64_t{region->received_pages};
    case Operation::count_ranges:
      return uint64_t{region->received_ranges};
    case Operation::message_size:
    case Operation::message_word:
    case Operation::release_message:
      break;
  }
  return Error{Status::not_supported};
}

}  // namespace

Payload run_memory_user(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& request) {
  Payload answer{};
  const Result<uint64_t> result = run(s, sp, owner, request);
  if (!result.ok()) {
    answer[sp_protocol::status_word] = ffa::to_word(result.error());
    return answer;
  }
  answer[sp_protocol::result_low_word] = static_cast<uint32_t>(*result);
  answer[sp_protocol::result_high_word] = static_cast<uint32_t>(*result >> 32);
  return answer;
}

}  // namespace spmc_model
