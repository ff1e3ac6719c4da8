// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/handle_binding.hpp"

#include <algorithm>
#include <optional>

#include "ffa/reply.hpp"
#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;

uint64_t handle_at(const ffa::Regs& regs, unsigned low) {
  return regs.w(low) | static_cast<uint64_t>(regs.w(low + 1)) << 32;
}

/// The low half of a register; what stands above it stays.
void put_word(uint64_t& value, uint64_t word) {
  value = (value & ~uint64_t{0xffffffff}) | (word & 0xffffffff);
}

bool gives_handle(const ffa::Regs& in) {
  return is(in, Fid::mem_share) || is(in, Fid::mem_lend) || is(in, Fid::mem_donate) ||
         is(in, Fid::mem_frag_tx);
}

constexpr unsigned call_handle = 1;    // w1, w2 of MEM_RECLAIM, MEM_FRAG_RX and MEM_FRAG_TX
constexpr unsigned answer_handle = 2;  // w2, w3 of FFA_SUCCESS

/// Where the answer to a memory send has a handle; nothing: it has none.
std::optional<unsigned> handle_place(const ffa::Regs& out) {
  if (ffa::is_success(out)) return answer_handle;
  if (is(out, Fid::mem_frag_rx)) return call_handle;
  return std::nullopt;
}

}  // namespace

void HandleBinding::rewrite_at(ffa::Regs& in, unsigned low) const {
  const auto found = to_ours_.find(handle_at(in, low));
  if (found == to_ours_.end()) return;
  put_word(in.x[low], found->second);
  put_word(in.x[low + 1], found->second >> 32);
}

void HandleBinding::rewrite(ffa::Regs& in) const {
  if (to_ours_.empty()) return;
  if (is(in, Fid::mem_reclaim) || is(in, Fid::mem_frag_rx) || is(in, Fid::mem_frag_tx)) {
    rewrite_at(in, call_handle);
  }
  if (!is(in, Fid::msg_send_direct_req)) return;
  for (const PayloadHandle& payload : payload_) {
    const bool fits = std::all_of(payload.when.begin(), payload.when.end(), [&](const auto& entry) {
      return in.x[entry.first] == entry.second;
    });
    if (!fits) continue;
    rewrite_at(in, payload.low);
    return;
  }
}

void HandleBinding::rewrite_answer(const ffa::Regs& in, ffa::Regs& out) const {
  if (!gives_handle(in)) return;
  if (const auto place = handle_place(out)) rewrite_at(out, *place);
}

void HandleBinding::follow(const ffa::Regs& in, const ffa::Regs& captured_out,
                           const ffa::Regs& our_out) {
  if (is(in, Fid::mem_reclaim) && ffa::is_success(captured_out)) {
    const uint64_t reclaimed = handle_at(in, call_handle);
    std::erase_if(to_ours_, [&](const auto& bound) { return bound.second == reclaimed; });
  }
  if (!gives_handle(in)) return;
  const auto captured_place = handle_place(captured_out);
  const auto our_place = handle_place(our_out);
  if (!captured_place || !our_place) return;
  const uint64_t captured = handle_at(captured_out, *captured_place);
  const uint64_t ours = handle_at(our_out, *our_place);
  if (captured == ours) {
    to_ours_.erase(captured);
  } else {
    to_ours_[captured] = ours;
  }
}

}  // namespace ffa_trace
