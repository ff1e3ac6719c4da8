// SPDX-License-Identifier: BSD-3-Clause
// What a call does with the caller's RX/TX buffers, as its registers tell: where they are, how much
// of TX it hands over, how much of RX its answer has written. One reading for all who record calls.
// [DEN0077A 1.2 §7.2]
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"

namespace ffa {

/// What the headers of an indirect message in 1.1 and 1.2 have in common. [DEN0077A 1.2 §7.3]
inline constexpr uint64_t message_header_bytes = 20;
/// A VM may write the longest header there is: of version 1.2.
inline constexpr uint64_t longest_message_header_bytes = 40;

/// Bytes of an indirect message from the beginning of TX, as its header says: at least `least`, at
/// most `limit`.
[[nodiscard]] constexpr uint64_t message_bytes(
    std::span<const std::byte, message_header_bytes> header, uint64_t least, uint64_t limit) {
  constexpr size_t offset_at = 8;
  constexpr size_t size_at = 16;
  const auto word = [header](size_t at) {
    uint64_t value = 0;
    for (size_t n = 4; n-- > 0;) value = value << 8 | std::to_integer<uint64_t>(header[at + n]);
    return value;
  };
  return std::min(std::max(word(offset_at) + word(size_at), least), limit);
}

/// Bytes of TX that a call is known to hand over in the caller's TX buffer: a fragment of a
/// descriptor, or the header of an indirect message, whose length no register tells. 0: another
/// call, or the descriptor lies in a buffer of its own (x3, w4). Of FFA_MEM_RELINQUISH, whose
/// registers don't tell either: what a VM, which lets go for itself only, has to say.
[[nodiscard]] constexpr uint64_t tx_bytes_used(const Regs& in) {
  const bool transaction = is_function(in, Fid::mem_share) || is_function(in, Fid::mem_lend) ||
                           is_function(in, Fid::mem_donate) ||
                           is_function(in, Fid::mem_retrieve_req);
  const uint64_t address = FunctionId{in.x[0]}.is_smc64() ? in.x[3] : in.w(3);
  if (transaction) return address == 0 && in.w(4) == 0 ? in.w(2) : 0;
  constexpr uint64_t relinquish_of_one = 18;  // handle, flags, count, one endpoint
  if (is_function(in, Fid::mem_relinquish)) return relinquish_of_one;
  if (is_function(in, Fid::msg_send2)) return message_header_bytes;
  return is_function(in, Fid::mem_frag_tx) ? in.w(3) : 0;
}

/// Bytes of RX that an answer has written: a list of partitions, or a fragment of what was
/// retrieved; 0: another call, an error, or only the count was asked for.
[[nodiscard]] constexpr uint64_t rx_bytes_written(const Regs& in, const Regs& out) {
  constexpr uint64_t entry_of_1_0 = 8;  // which reports no size
  if (is_function(in, Fid::mem_retrieve_req) && is_function(out, Fid::mem_retrieve_resp)) {
    return out.w(2);
  }
  if (is_function(in, Fid::mem_frag_rx) && is_function(out, Fid::mem_frag_tx)) return out.w(3);
  const bool listed =
      is_function(in, Fid::partition_info_get) && is_success(out) && (in.w(5) & 1U) == 0;
  if (!listed) return 0;
  return uint64_t{out.w(2)} * (out.w(3) == 0 ? entry_of_1_0 : out.w(3));
}

/// The buffers that a VM has mapped, as its own successful calls tell.
struct MappedBuffers {
  uint64_t tx_ipa = 0;
  uint64_t rx_ipa = 0;
  uint64_t pages = 0;  ///< of each; 0: none are mapped

  constexpr void follow(const Regs& in, const Regs& out) {
    constexpr uint32_t page_count_mask = 0x3f;
    if (!is_success(out)) return;
    if (is_function(in, Fid::rxtx_map)) {
      const bool wide = FunctionId{in.x[0]}.is_smc64();
      tx_ipa = wide ? in.x[1] : in.w(1);
      rx_ipa = wide ? in.x[2] : in.w(2);
      pages = in.w(3) & page_count_mask;
    } else if (is_function(in, Fid::rxtx_unmap)) {
      pages = 0;
    }
  }
};

}  // namespace ffa
