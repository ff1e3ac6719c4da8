// SPDX-License-Identifier: BSD-3-Clause
// The SP that notifies VMs, and is notified by them, at their request. docs/software-sps.md
#include "src/notification.hpp"
#include "src/sps.hpp"

namespace spmc_model {

namespace {

using ffa::Status;
using sp_protocol::NotifierOperation;

uint64_t bitmap_in(const Payload& words) {
  return words[sp_protocol::handle_low_word] |
         static_cast<uint64_t>(words[sp_protocol::handle_high_word]) << 32;
}

Target target_in(const Payload& words) {
  const uint32_t word = words[sp_protocol::target_word];
  if ((word & sp_protocol::per_vcpu_bit) == 0) return {};
  return static_cast<uint16_t>(word);
}

/// The VM that asks, or the one that it names.
ffa::EndpointId vm_in(const Payload& words, ffa::EndpointId asking) {
  const uint32_t named = words[sp_protocol::vm_word];
  return named == 0 ? asking : ffa::EndpointId{static_cast<uint16_t>(named)};
}

Status unbind(Notifications& own, ffa::EndpointId vm, uint64_t bitmap) {
  if ((bitmap & ~bound_to(own, vm)) != 0 || is_pending(own, bitmap)) return Status::denied;
  unbind_all(own, bitmap);
  return Status::success;
}

}  // namespace

Payload run_notifier(SpmcStorage& s, size_t sp, ffa::EndpointId vm, const Payload& request) {
  Notifications& own = s.sps[sp].notifications;
  const uint64_t bitmap = bitmap_in(request);
  const Target target = target_in(request);
  Status status = Status::not_supported;
  uint64_t value = 0;
  switch (static_cast<NotifierOperation>(request[sp_protocol::operation_word])) {
    case NotifierOperation::notify:
      status = set_by_sp(s, s.sps[sp].config.id, vm_in(request, vm), bitmap, target);
      break;
    case NotifierOperation::send:
      status = send_to_vm(s, s.sps[sp].config.id, vm_in(request, vm), bitmap);
      break;
    case NotifierOperation::bind:
      own.vcpus = s.sps[sp].config.contexts;
      status = bind_all(own, vm, bitmap, target.has_value());
      break;
    case NotifierOperation::unbind:
      status = unbind(own, vm, bitmap);
      break;
    case NotifierOperation::fetch:
      value = fetch(own, target.value_or(0));
      status = Status::success;
      break;
  }
  Payload answer{};
  answer[sp_protocol::status_word] = ffa::to_word(status);
  answer[sp_protocol::result_low_word] = static_cast<uint32_t>(value);
  answer[sp_protocol::result_high_word] = static_cast<uint32_t>(value >> 32);
  return answer;
}

}  // namespace spmc_model
