// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;

bool is_framework(const ffa::Regs& in, ffa::FrameworkMessage type) {
  return is(in, Fid::msg_send_direct_req) && in.w(2) == ffa::framework_word(type);
}

}  // namespace

bool is_memory_send(const ffa::Regs& in) {
  return is(in, Fid::mem_share) || is(in, Fid::mem_lend) || is(in, Fid::mem_donate);
}

bool is_passed_on(const ffa::Regs& in) {
  return is_memory_send(in) || is(in, Fid::mem_frag_tx) || is(in, Fid::mem_frag_rx) ||
         is(in, Fid::mem_reclaim) || is(in, Fid::msg_send_direct_req) ||
         is(in, Fid::msg_send_direct_req2) || is(in, Fid::run) || is(in, Fid::notification_bind) ||
         is(in, Fid::notification_unbind) || is(in, Fid::notification_set) ||
         is(in, Fid::notification_get);
}

std::optional<uint16_t> created_vm(const ffa::Regs& in) {
  if (is_framework(in, ffa::FrameworkMessage::vm_created_request)) {
    return static_cast<uint16_t>(in.w(5));
  }
  if (is(in, Fid::notification_bitmap_create)) return static_cast<uint16_t>(in.w(1));
  return std::nullopt;
}

std::optional<uint16_t> destroyed_vm(const ffa::Regs& in) {
  if (is_framework(in, ffa::FrameworkMessage::vm_destroyed_request)) {
    return static_cast<uint16_t>(in.w(5));
  }
  if (is(in, Fid::notification_bitmap_destroy)) return static_cast<uint16_t>(in.w(1));
  return std::nullopt;
}

}  // namespace ffa_trace
