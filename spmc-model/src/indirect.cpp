// SPDX-License-Identifier: BSD-3-Clause
// Indirect messages: FFA_MSG_SEND2 of the hypervisor for a VM, from the VM's TX into the SP's RX,
// which is private to the SPMC and its SP; and that of an SP, into a VM's RX. [DEN0077A 1.2 §7.3,
// §15.1]
#include <algorithm>

#include "src/bytes.hpp"
#include "src/chapters.hpp"
#include "src/notification.hpp"
#include "src/sps.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

// Offsets in the header of a message.
constexpr uint32_t message_offset_at = 8;
constexpr uint32_t endpoints_at = 12;
constexpr uint32_t size_at = 16;
constexpr uint32_t header_bytes_v1_1 = 20;
constexpr uint32_t header_bytes_v1_2 = 40;

uint32_t word_at(std::span<const std::byte> bytes, uint32_t offset) {
  return static_cast<uint32_t>(get_le(bytes, offset, 4));
}

/// The first bytes of the sender's TX: that of the VM, or without one the hypervisor's.
bool read_tx(SpmcStorage& s, const VmBuffers* vm, std::span<std::byte> to) {
  if (vm == nullptr) return s.memory->read(s.rxtx.tx, to);
  for (size_t page = 0; page * ffa::page_size < to.size(); ++page) {
    const std::span<std::byte> rest = to.subspan(page * ffa::page_size);
    const auto part = rest.first(std::min<size_t>(rest.size(), ffa::page_size));
    if (!s.memory->read(vm->tx_pages[page], part)) return false;
  }
  return true;
}

/// Copies the message of `bytes` bytes, header and all, into the SP's RX.
Status deliver(SpmcStorage& s, size_t sp, const VmBuffers* vm, uint64_t bytes) {
  const std::span<std::byte> rx{s.sp_buffers[sp].rx};
  const uint64_t tx_bytes = vm != nullptr ? vm->pages * ffa::page_size : s.rxtx.bytes;
  if (bytes > tx_bytes || bytes > rx.size()) return Status::invalid_parameters;
  if (!read_tx(s, vm, rx.first(bytes))) return Status::aborted;
  s.sps[sp].rx = SpRx::full;
  s.sps[sp].rx_bytes = static_cast<uint32_t>(bytes);
  return Status::success;
}

}  // namespace

// A hypervisor that registers the buffers of VMs leaves the message where the VM has put it.
Answer handle_msg_send2(SpmcStorage& s, const Call& call) {
  if (!s.personality.indirect_messages) return error(Status::not_supported);
  const ffa::EndpointId sender = high_id(call.w(1));
  const bool of_vm = sender != ffa::hypervisor_id && serves_vm_buffers(s);
  const VmBuffers* const vm = of_vm ? buffers_of(s, sender) : nullptr;
  if (vm == nullptr && (of_vm || s.rxtx.bytes == 0)) return error(Status::denied);
  const uint32_t header_bytes = s.version >= ffa::v1_2 ? header_bytes_v1_2 : header_bytes_v1_1;
  const std::span<std::byte> header = std::span{s.page}.first(header_bytes);
  if (!read_tx(s, vm, header)) return error(Status::aborted);
  const uint32_t endpoints = word_at(header, endpoints_at);
  const size_t sp = find_sp(s, low_id(endpoints));
  const bool sound = (call.w(1) & 0xffffU) == 0 && call.w(2) == 0 && call.zero_from(3) &&
                     high_id(endpoints) == sender;
  if (!sound || sp == no_index) return error(Status::invalid_parameters);
  if ((s.sps[sp].config.properties & property::indirect_messages) == 0) {
    return error(Status::denied);
  }
  if (s.sps[sp].rx != SpRx::free) return error(Status::busy);
  const uint32_t offset = word_at(header, message_offset_at);
  if (offset < header_bytes) return error(Status::invalid_parameters);
  return status_reply(deliver(s, sp, vm, uint64_t{offset} + word_at(header, size_at)));
}

Status send_to_vm(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t content) {
  if (!s.personality.indirect_messages) return Status::not_supported;
  const uint32_t header_bytes = s.version >= ffa::v1_2 ? header_bytes_v1_2 : header_bytes_v1_1;
  std::array<std::byte, header_bytes_v1_2 + sizeof content> message{};
  put_le(message, message_offset_at, 4, header_bytes);
  put_le(message, endpoints_at, 4, uint32_t{sp.raw()} << 16 | vm.raw());
  put_le(message, size_at, 4, sizeof content);
  put_le(message, header_bytes, sizeof content, content);
  const Status status = fill_vm_rx(s, vm, std::span{message}.first(header_bytes + sizeof content));
  // That RX is full, the SPM notifies by itself, if the VM has notifications. [DEN0077A 1.2 §16]
  constexpr uint32_t rx_full = 1;
  if (status == Status::success) (void)set_by_spm(s, vm, rx_full);
  return status;
}

ffa::Result<uint64_t> use_message(SpmcStorage& s, size_t sp, sp_protocol::Operation operation,
                                  uint32_t offset) {
  SpState& state = s.sps[sp];
  switch (operation) {
    case sp_protocol::Operation::message_size:
      return uint64_t{state.rx_bytes};
    case sp_protocol::Operation::message_word:
      if (!within(state.rx_bytes, offset, 4)) return ffa::Error{Status::invalid_parameters};
      return get_le(s.sp_buffers[sp].rx, offset, 4);
    case sp_protocol::Operation::release_message:
      if (state.rx_bytes == 0) return ffa::Error{Status::denied};
      state.rx_bytes = 0;
      state.rx = SpRx::free;
      s.sp_buffers[sp].rx = {};
      return uint64_t{0};
    default:
      return ffa::Error{Status::not_supported};
  }
}

}  // namespace spmc_model
