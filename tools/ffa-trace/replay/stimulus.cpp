// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/stimulus.hpp"

#include "ffa/calls.hpp"
#include "ffa/reply.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;

constexpr uint32_t registers(unsigned first, unsigned last) {
  return (uint32_t{2} << last) - (uint32_t{1} << first);
}

}  // namespace

uint32_t payload_of(const ffa::Regs& out) {
  if (ffa::is_function(out, Fid::msg_send_direct_resp2)) return registers(4, 17);
  if (!ffa::is_function(out, Fid::msg_send_direct_resp)) return 0;
  return (out.w(2) & ffa::framework_message_bit) != 0 ? 0 : registers(3, 7);
}

uint32_t lay_over(ffa::Regs& answer, const ffa::Regs& captured) {
  const uint32_t payload = payload_of(answer);
  if (payload != payload_of(captured)) return 0;
  for (unsigned i = 0; i < answer.x.size(); ++i) {
    if ((payload >> i & 1) != 0) answer.x[i] = captured.x[i];
  }
  return payload;
}

std::vector<Notified> notified_by(const sim::trace::Event& record) {
  std::vector<Notified> notified;
  const auto dword = [](const ffa::Regs& regs, unsigned low) {
    return regs.w(low) | static_cast<uint64_t>(regs.w(low + 1)) << 32;
  };
  const ffa::EndpointId low_id{static_cast<uint16_t>(record.in.w(1))};
  if (ffa::is_function(record.in, Fid::notification_unbind) && ffa::is_error(record.out) &&
      ffa::error_status(record.out) == ffa::Status::denied) {
    notified.push_back({low_id, std::nullopt, dword(record.in, 3)});
  }
  if (!ffa::is_success(record.out)) return notified;
  if (ffa::is_function(record.in, Fid::notification_get)) {
    notified.push_back({low_id, dword(record.out, 2)});
  } else if (ffa::is_function(record.in, Fid::notification_info_get)) {
    const auto info = ffa::NotificationInfoGetSuccess::decode(record.out);
    for (unsigned i = 0; info.ok() && i < info->list_count; ++i) {
      notified.push_back({info->lists[i].endpoint, std::nullopt});
    }
  }
  return notified;
}

}  // namespace ffa_trace
