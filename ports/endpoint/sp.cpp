// SPDX-License-Identifier: BSD-3-Clause
// An SP at EL1 that serves the requests of a `memory_user` (spmc-model/sp_protocol.hpp), with its
// own code: it retrieves regions, reads and writes them with plain loads and stores, and lets go of
// them. It knows no more of a region than its SPMC tells.
#include <cstddef>
#include <cstdint>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/endpoint/calls.hpp"
#include "spmc-model/sp_protocol.hpp"

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ffa::Regs;
using ffa::Status;
namespace protocol = spmc_model::sp_protocol;
using ports::endpoint::smc;
using protocol::Operation;

constexpr uint64_t page = ffa::page_size;

struct Range {
  uint64_t address;
  uint64_t pages;
};
struct Region {
  bool used;
  bool writable;
  uint64_t handle;
  uint32_t first;  // of its ranges
  uint32_t count;
};

alignas(page) unsigned char tx[page];
alignas(page) unsigned char rx[page];
Range ranges[8192];  // those of the regions that are held, one behind the other
uint32_t ranges_used;
Region regions[16];
uint32_t own_id;

struct Outcome {
  uint32_t status;
  uint64_t value;
};
Outcome failure(Status status) { return {ffa::to_word(status), 0}; }

uint64_t get(const unsigned char* from, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned n = bytes; n-- > 0;) value = value << 8 | from[n];
  return value;
}
void put(unsigned char* to, unsigned bytes, uint64_t value) {
  for (unsigned n = 0; n < bytes; ++n) to[n] = static_cast<unsigned char>(value >> (8 * n));
}

Region* find(uint64_t handle) {
  for (Region& region : regions) {
    if (region.used && region.handle == handle) return &region;
  }
  return nullptr;
}

/// The address ranges in [from, end) of RX join the region.
bool take_ranges(Region& region, uint64_t from, uint64_t end) {
  for (uint64_t at = from; at + 16 <= end; at += 16) {
    if (ranges_used == sizeof ranges / sizeof ranges[0]) return false;
    ranges[ranges_used++] = {get(rx + at, 8), get(rx + at + 8, 4)};
    ++region.count;
  }
  return true;
}

/// FFA_MEM_RETRIEVE_REQ in the layout of 1.1, and its whole answer.
uint32_t ask_for(Region& region, uint32_t owner, uint64_t handle, uint32_t data_access) {
  for (unsigned char& byte : tx) byte = 0;
  put(tx, 2, owner);
  put(tx + 8, 8, handle);
  put(tx + 24, 4, 16);
  put(tx + 28, 4, 1);
  put(tx + 32, 4, 48);
  put(tx + 48, 2, own_id);
  put(tx + 50, 1, data_access);
  Regs answer = smc(fid32(Fid::mem_retrieve_req), 64, 64);
  if (answer.w(0) != fid32(Fid::mem_retrieve_resp)) return answer.w(2);
  const uint32_t total = answer.w(1);
  uint32_t taken = answer.w(2);
  const uint64_t composite = get(rx + get(rx + 32, 4) + 4, 4);
  bool fits = take_ranges(region, composite + 16, taken);
  (void)smc(fid32(Fid::rx_release));
  while (fits && taken < total) {
    answer = smc(fid32(Fid::mem_frag_rx), static_cast<uint32_t>(handle), handle >> 32, taken);
    if (answer.w(0) != fid32(Fid::mem_frag_tx) || answer.w(3) == 0) return answer.w(2);
    fits = take_ranges(region, 0, answer.w(3));
    taken += answer.w(3);
    (void)smc(fid32(Fid::rx_release));
  }
  return fits ? 0 : ffa::to_word(Status::no_memory);
}

Outcome retrieve(uint32_t owner, uint64_t handle, uint32_t access) {
  constexpr uint32_t read_only = 1;
  constexpr uint32_t read_write = 2;
  if (access > read_write) return failure(Status::invalid_parameters);
  Region* region = nullptr;
  for (Region& one : regions) {
    if (!one.used) region = &one;
  }
  if (region == nullptr) return failure(Status::no_memory);
  *region = {.used = false, .writable = true, .handle = handle, .first = ranges_used, .count = 0};
  uint32_t status = ask_for(*region, owner, handle, access == 0 ? read_write : access);
  // It was granted less, and does not know.
  if (access == 0 && status == ffa::to_word(Status::denied)) {
    status = ask_for(*region, owner, handle, read_only);
    region->writable = false;
  }
  if (access == read_only) region->writable = false;
  if (status != 0) {
    ranges_used = region->first;
    return {status, 0};
  }
  region->used = true;
  return {0, 0};
}

Outcome relinquish(uint64_t handle) {
  for (unsigned char& byte : tx) byte = 0;
  put(tx, 8, handle);
  put(tx + 12, 4, 1);
  put(tx + 16, 2, own_id);
  const Regs answer = smc(fid32(Fid::mem_relinquish));
  if (answer.w(0) != fid32(Fid::success)) return {answer.w(2), 0};
  Region* const region = find(handle);
  if (region == nullptr) return {0, 0};
  // What lies behind its ranges moves up.
  for (uint32_t n = region->first + region->count; n < ranges_used; ++n) {
    ranges[n - region->count] = ranges[n];
  }
  ranges_used -= region->count;
  for (Region& other : regions) {
    if (other.used && other.first > region->first) other.first -= region->count;
  }
  region->used = false;
  return {0, 0};
}

/// The word at an offset into the region; nullptr: behind its end, or unaligned.
volatile uint32_t* word_at(const Region& region, uint64_t offset) {
  if (offset % 4 != 0) return nullptr;
  for (uint32_t n = 0; n < region.count; ++n) {
    const Range& range = ranges[region.first + n];
    if (offset < range.pages * page) {
      return reinterpret_cast<volatile uint32_t*>(range.address + offset);
    }
    offset -= range.pages * page;
  }
  return nullptr;
}

Outcome use(const Region& region, Operation operation, uint32_t offset, uint32_t value) {
  uint64_t result = 0;
  switch (operation) {
    case Operation::count_ranges:
      return {0, region.count};
    case Operation::count_pages:
      for (uint32_t n = 0; n < region.count; ++n) result += ranges[region.first + n].pages;
      return {0, result};
    case Operation::checksum:
      for (uint32_t n = 0; n < region.count; ++n) {
        const Range& range = ranges[region.first + n];
        for (uint64_t at = 0; at < range.pages * page; at += 8) {
          result ^= *reinterpret_cast<volatile uint64_t*>(range.address + at);
        }
      }
      return {0, result};
    default:
      break;
  }
  if (operation == Operation::write_word && !region.writable) return failure(Status::denied);
  volatile uint32_t* const word = word_at(region, offset);
  if (word == nullptr) return failure(Status::invalid_parameters);
  if (operation == Operation::read_word) return {0, *word};
  *word = value;
  return {0, 0};
}

Outcome serve(uint32_t owner, const uint32_t* words) {
  const auto operation = static_cast<Operation>(words[protocol::operation_word]);
  const uint64_t handle =
      words[protocol::handle_low_word] | uint64_t{words[protocol::handle_high_word]} << 32;
  const uint32_t offset = words[protocol::offset_word];
  switch (operation) {
    case Operation::retrieve:
      return retrieve(owner, handle, offset);
    case Operation::relinquish:
      return relinquish(handle);
    case Operation::read_word:
    case Operation::write_word:
    case Operation::checksum:
    case Operation::count_pages:
    case Operation::count_ranges: {
      const Region* const region = find(handle);
      if (region == nullptr) return failure(Status::invalid_parameters);
      return use(*region, operation, offset, words[protocol::value_word]);
    }
    default:
      return failure(Status::not_supported);
  }
}

/// The answer to a request, of either width; nothing else wakes it.
Regs answer_to(const Regs& request) {
  constexpr uint32_t framework = 1U << 31;
  constexpr uint32_t response_bit = 1;  // of a message about a VM, in its type
  Regs answer;
  const bool req2 = request.w(0) == fid32(Fid::msg_send_direct_req2);
  const bool wide = request.w(0) == fid64(Fid::msg_send_direct_req);
  answer.x[0] = req2   ? fid32(Fid::msg_send_direct_resp2)
                : wide ? fid64(Fid::msg_send_direct_resp)
                       : fid32(Fid::msg_send_direct_resp);
  answer.x[1] = (request.w(1) >> 16) | (request.w(1) << 16);
  if (!req2 && (request.w(2) & framework) != 0) {
    answer.x[2] = request.w(2) + response_bit;
    return answer;
  }
  const unsigned start = req2 ? 4 : 3;
  uint32_t words[protocol::payload_words];
  for (unsigned n = 0; n < protocol::payload_words; ++n) words[n] = request.w(start + n);
  const Outcome outcome = serve(request.w(1) >> 16, words);
  answer.x[start + protocol::status_word] = outcome.status;
  answer.x[start + protocol::result_low_word] = static_cast<uint32_t>(outcome.value);
  answer.x[start + protocol::result_high_word] = outcome.value >> 32;
  return answer;
}

}  // namespace

extern "C" {

void endpoint_second_main() {}

/// It takes none: whatever goes wrong is a mistake of its own.
uint64_t endpoint_exception(uint64_t /*syndrome*/, uint64_t /*address*/, uint64_t from) {
  (void)smc(0x84000090);  // FFA_ABORT
  return from;
}

void endpoint_main() {
  (void)smc(fid32(Fid::version), ffa::v1_1.raw());
  own_id = smc(fid32(Fid::id_get)).w(2);
  (void)smc(fid64(Fid::rxtx_map), reinterpret_cast<uint64_t>(tx), reinterpret_cast<uint64_t>(rx),
            1);
  Regs regs;
  regs.x[0] = fid32(Fid::msg_wait);
  while (true) {
    port_smc(regs.x.data(), 0);
    regs = answer_to(regs);
  }
}
}
