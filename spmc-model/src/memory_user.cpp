// SPDX-License-Identifier: BSD-3-Clause
// The memory_user SP: it retrieves and relinquishes regions and really touches the physical pages
// that the SPMC was told, so that a wrong address shows. docs/software-sps.md
#include "src/bytes.hpp"
#include "src/regions.hpp"
#include "src/sp_memory.hpp"
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

/// One request about a region that the SP holds.
struct WordAccess {
  SpmcStorage& s;
  Region& region;
  size_t sp;
  const Payload& words;

  [[nodiscard]] DataAccess held() const { return region.borrowings[sp].held; }
  [[nodiscard]] uint32_t offset() const { return words[sp_protocol::offset_word]; }
};

/// Physical address of a byte of the region, its ranges put end to end. INVALID_PARAMETERS: behind
/// the end, unaligned.
Result<ffa::Pa> address_of(const WordAccess& r) {
  if (r.offset() % word_bytes != 0) return Error{Status::invalid_parameters};
  uint64_t left = r.offset();
  for (const Range& range : ranges_of(r.s, r.region)) {
    const uint64_t bytes = uint64_t{range.pages} * ffa::page_size;
    if (left < bytes) return ffa::Pa{range.address.raw() + left};
    left -= bytes;
  }
  return Error{Status::invalid_parameters};
}

Result<uint64_t> read_word(WordAccess& r) {
  FFA_TRY(const ffa::Pa at, address_of(r));
  std::array<std::byte, word_bytes> bytes{};
  if (!r.s.memory->read(at, bytes)) return Error{Status::aborted};
  return get_le(bytes, 0, word_bytes);
}

Result<uint64_t> write_word(WordAccess& r) {
  if (r.held() != DataAccess::read_write) return Error{Status::denied};
  FFA_TRY(const ffa::Pa at, address_of(r));
  std::array<std::byte, word_bytes> bytes{};
  put_le(bytes, 0, word_bytes, r.words[sp_protocol::value_word]);
  if (!r.s.memory->write(at, bytes)) return Error{Status::aborted};
  return 0;
}

Result<uint64_t> checksum(WordAccess& r) {
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

ffa::Handle handle_in(const Payload& words) {
  return ffa::Handle::from_words(words[sp_protocol::handle_low_word],
                                 words[sp_protocol::handle_high_word]);
}

/// An SP does nothing for a VM about another VM's memory: it asks the SPMC for a region that nobody
/// has, so that no answer tells whether that handle is in use.
ffa::Handle asked_handle(SpmcStorage& s, ffa::EndpointId owner, const Payload& words) {
  constexpr ffa::Handle nobodys{~uint64_t{0}};
  const Region* const region = find_region(s, handle_in(words));
  return region != nullptr && region->sender == owner ? region->handle : nobodys;
}

Result<uint64_t> retrieve(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& words) {
  const ffa::Handle handle = asked_handle(s, owner, words);
  DataAccess access = DataAccess::read_write;
  switch (static_cast<Access>(words[sp_protocol::offset_word])) {
    case Access::granted: {
      const Region* const region = find_region(s, handle);
      if (region != nullptr) access = region->borrowings[sp].granted;
      break;
    }
    case Access::read_only:
      access = DataAccess::read_only;
      break;
    case Access::read_write:
      break;
    default:
      return Error{Status::invalid_parameters};
  }
  FFA_CHECK(retrieve_region(s, sp, owner, handle, access));
  return 0;
}

Result<uint64_t> prepare(SpState& self, const Payload& words) {
  const uint32_t field = words[sp_protocol::offset_word];
  if (field == 0 || field > static_cast<uint32_t>(sp_protocol::last_field)) {
    return Error{Status::invalid_parameters};
  }
  if (self.prepared_count == sp_protocol::max_prepared) return Error{Status::no_memory};
  self.prepared[self.prepared_count++] = {static_cast<sp_protocol::Field>(field),
                                          handle_in(words).raw()};
  return 0;
}

Result<uint64_t> call_simply(SpmcStorage& s, size_t sp, uint32_t function, uint32_t x1 = 0) {
  Call call{.in = {}, .function = function, .smc64 = false};
  call.in.x[1] = x1;
  const Answer answer = call_spmc(s, sp, call);
  const bool failed = answer.out.w(0) == ffa::fid32(ffa::Fid::error);
  if (failed) return Error{static_cast<Status>(static_cast<int32_t>(answer.out.w(2)))};
  return answer.out.w(0);
}

Result<uint64_t> speak(SpmcStorage& s, size_t sp, uint32_t version) {
  FFA_TRY(const uint64_t answer, call_simply(s, sp, ffa::fid32(ffa::Fid::version), version));
  if (answer == ffa::to_word(Status::not_supported)) return Error{Status::not_supported};
  return answer;
}

Result<uint64_t> change_rx(SpmcStorage& s, size_t sp, uint32_t action) {
  using sp_protocol::RxAction;
  switch (static_cast<RxAction>(action)) {
    case RxAction::release:
      return call_simply(s, sp, ffa::fid32(ffa::Fid::rx_release));
    case RxAction::unmap:
      return call_simply(s, sp, ffa::fid32(ffa::Fid::rxtx_unmap));
    case RxAction::map:
      return call_simply(s, sp, ffa::fid64(ffa::Fid::rxtx_map));
  }
  return Error{Status::invalid_parameters};
}

/// The region that the words name, if it is the asker's and this SP holds it.
Result<Region*> held_region(SpmcStorage& s, size_t sp, ffa::EndpointId owner,
                            const Payload& words) {
  Region* const region = find_region(s, handle_in(words));
  if (region == nullptr || region->state != RegionState::complete || region->sender != owner) {
    return Error{Status::invalid_parameters};
  }
  if (region->borrowings[sp].held == DataAccess::none) return Error{Status::denied};
  return region;
}

Result<uint64_t> use_region(SpmcStorage& s, size_t sp, ffa::EndpointId owner,
                            const Payload& words) {
  FFA_TRY(Region* const region, held_region(s, sp, owner, words));
  WordAccess r{s, *region, sp, words};
  switch (static_cast<Operation>(words[sp_protocol::operation_word])) {
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
    default:
      return Error{Status::not_supported};
  }
}

Result<uint64_t> run(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& words) {
  SpState& self = s.sps[sp];
  const uint32_t argument = words[sp_protocol::offset_word];
  if (self.refusals_left != 0) {
    --self.refusals_left;
    return Error{Status::denied};
  }
  switch (static_cast<Operation>(words[sp_protocol::operation_word])) {
    case Operation::retrieve:
      return retrieve(s, sp, owner, words);
    case Operation::relinquish:
      FFA_CHECK(relinquish_region(s, sp, asked_handle(s, owner, words)));
      return 0;
    case Operation::prepare:
      return prepare(self, words);
    case Operation::response:
      return self.last_response;
    case Operation::speak:
      return speak(s, sp, argument);
    case Operation::rx:
      return change_rx(s, sp, argument);
    case Operation::refuse:
      self.refusals_left = argument;
      return 0;
    case Operation::read_word:
    case Operation::write_word:
    case Operation::checksum:
    case Operation::count_pages:
    case Operation::count_ranges:
      return use_region(s, sp, owner, words);
    case Operation::message_size:
    case Operation::message_word:
    case Operation::release_message:
      return use_message(s, sp, static_cast<Operation>(words[sp_protocol::operation_word]),
                         argument);
    case Operation::crash:  // ends the call itself, in message.cpp
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
