// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/records.hpp"

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
