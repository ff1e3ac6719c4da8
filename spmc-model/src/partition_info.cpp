// SPDX-License-Identifier: BSD-3-Clause
// FFA_PARTITION_INFO_GET: 8 bytes a partition for a 1.0 caller, 24 after that.
// [DEN0077A 1.2 §13.8]
#include "src/bytes.hpp"
#include "src/chapters.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

constexpr uint32_t count_flag = 1;
constexpr uint32_t entry_bytes_v1_0 = 8;
constexpr uint32_t entry_bytes_v1_1 = 24;
constexpr uint32_t properties_v1_0 = 0x7;
constexpr uint32_t properties_since_v1_2 = property::receives_req2 | property::sends_req2;

ffa::Uuid wanted_uuid(const Call& call) {
  return ffa::Uuid::from_words(call.w(1), call.w(2), call.w(3), call.w(4));
}

/// An SP that crashed is not there any more.
bool matches(const SpState& sp, const ffa::Uuid& wanted) {
  return !sp.crashed && (wanted.is_nil() || sp.config.uuid == wanted);
}

uint32_t visible_properties(const SpmcStorage& s, uint32_t properties) {
  if (s.version < ffa::v1_1) return properties & properties_v1_0;
  if (s.version < ffa::v1_2) return properties & ~properties_since_v1_2;
  return properties;
}

/// Entries are written at `to`, which has room for them. The UUID is given only to who did not ask
/// for one.
uint32_t fill(SpmcStorage& s, const ffa::Uuid& wanted, uint32_t entry_bytes) {
  const std::span<std::byte> to{s.page};
  uint32_t offset = 0;
  for (size_t i = 0; i < s.sp_count; ++i) {
    const SpState& sp = s.sps[i];
    if (!matches(sp, wanted)) continue;
    put_le(to, offset, 2, sp.config.id.raw());
    put_le(to, offset + 2, 2, sp.config.contexts);
    put_le(to, offset + 4, 4, visible_properties(s, sp.config.properties));
    for (unsigned b = 0; entry_bytes == entry_bytes_v1_1 && b < 16; ++b) {
      const uint8_t value = wanted.is_nil() ? sp.config.uuid.bytes[b] : uint8_t{0};
      put_le(to, offset + 8 + b, 1, value);
    }
    offset += entry_bytes;
  }
  return offset;
}

Status write_entries(SpmcStorage& s, const ffa::Uuid& wanted, uint32_t entry_bytes) {
  const uint32_t bytes = fill(s, wanted, entry_bytes);
  const std::span<const std::byte> entries{s.page.data(), bytes};
  if (bytes != 0 && !s.memory->write(s.rxtx.rx, entries)) return Status::invalid_parameters;
  return Status::success;
}

// Row 16 cannot happen: the largest list fits the smallest buffer.
static_assert(max_sps * entry_bytes_v1_1 <= ffa::page_size);

// Of FFA_PARTITION_INFO_GET_REGS.
constexpr unsigned first_entry_register = 3;
constexpr unsigned entry_registers = 3;
constexpr uint32_t entries_a_call = 5;

}  // namespace

Answer handle_partition_info_get_regs(SpmcStorage& s, const Call& call) {
  if (!s.personality.info_get_regs || s.version < ffa::v1_2) return error(Status::not_supported);
  const ffa::Uuid wanted = ffa::Uuid::from_dwords(call.x(1), call.x(2));
  const uint32_t start = call.w(3) & 0xffffU;
  if (call.x(3) >> 32 != 0) return error(Status::invalid_parameters);
  if (call.w(3) >> 16 != 0) return error(Status::retry);  // the tag is always 0
  Answer answer = reply(ffa::fid64(ffa::Fid::success));
  answer.extended = true;
  uint32_t count = 0;
  for (size_t i = 0; i < s.sp_count; ++i) {
    const SpState& sp = s.sps[i];
    if (!matches(sp, wanted)) continue;
    const uint32_t place = count++;
    if (place < start || place - start >= entries_a_call) continue;
    uint64_t* const entry = &answer.out.x[first_entry_register + (place - start) * entry_registers];
    entry[0] = sp.config.id.raw() | uint64_t{sp.config.contexts} << 16 |
               uint64_t{visible_properties(s, sp.config.properties)} << 32;
    entry[1] = wanted.is_nil() ? sp.config.uuid.dword(0) : 0;
    entry[2] = wanted.is_nil() ? sp.config.uuid.dword(1) : 0;
  }
  if (start >= count) return error(Status::invalid_parameters);
  const uint32_t last_given = count - start > entries_a_call ? start + entries_a_call : count;
  answer.out.x[2] = (count - 1) | uint64_t{last_given - 1} << 16 | uint64_t{entry_bytes_v1_1} << 48;
  return answer;
}

Answer handle_partition_info_get(SpmcStorage& s, const Call& call) {
  const Personality& p = s.personality;
  const bool count_only = (call.w(5) & count_flag) != 0;
  if (p.reserved_info_flags && (call.w(5) & ~count_flag) != 0) return error(*p.reserved_info_flags);
  if (!count_only) {
    if (s.rxtx.bytes == 0) return error(p.no_rx_mapped);
    if (s.rxtx.rx_owned_by_normal_world) return error(Status::busy);
  }
  const ffa::Uuid wanted = wanted_uuid(call);
  uint32_t count = 0;
  for (size_t i = 0; i < s.sp_count; ++i) count += matches(s.sps[i], wanted) ? 1 : 0;
  Status status = Status::success;
  if (count == 0 && !wanted.is_nil() && p.unknown_uuid) status = *p.unknown_uuid;
  const bool v1_0 = s.version < ffa::v1_1;
  const uint32_t entry_bytes = v1_0 ? entry_bytes_v1_0 : entry_bytes_v1_1;
  if (status == Status::success && !count_only) status = write_entries(s, wanted, entry_bytes);
  if (!count_only) {
    s.rxtx.rx_owned_by_normal_world = status == Status::success || p.rx_owned_after_error;
  }
  if (status != Status::success) return error(status);
  if (count_only) return success(count);
  return success(count, v1_0 ? p.v1_0_info_size_reported : entry_bytes);
}

}  // namespace spmc_model
