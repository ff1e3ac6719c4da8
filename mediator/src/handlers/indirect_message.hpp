// SPDX-License-Identifier: BSD-3-Clause
// FFA_MSG_SEND2: a message from the TX buffer of a VM to an SP, by way of the SPMC, or into the RX
// buffer of another VM. For a VM, the header is made anew in the layout of the receiver's version;
// nothing of the sender's own header but the UUID goes on. An SPMC that knows the sender's TX takes
// the message from there. A message without payload is delivered as such.
// [DEN0077A 1.2 §7.3, §15.1]
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "core/assert.hpp"
#include "core/rollback.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "ffa/wire/message.hpp"
#include "handlers/access.hpp"
#include "handlers/buffers.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_dialogue.hpp"

namespace mediator {

/// A message in private memory. The payload lies `room` bytes behind the beginning of the vCPU's
/// message buffer, so that a header can be put right in front of it.
struct IndirectMessage {
  static constexpr uint32_t room = sizeof(ffa::wire::PartitionMessageV1_2);
  static constexpr uint32_t header_bytes(ffa::Version version) {
    return version >= ffa::v1_2 ? sizeof(ffa::wire::PartitionMessageV1_2)
                                : sizeof(ffa::wire::PartitionMessageV1_1);
  }

  ffa::wire::PartitionMessageV1_2 header{};
  std::span<std::byte> buffer;

  /// The header as the mediator makes it for an endpoint of `version`.
  [[nodiscard]] ffa::wire::PartitionMessageV1_2 header_for(ffa::Version version) const {
    ffa::wire::PartitionMessageV1_2 shown{};
    shown.message_offset = header_bytes(version);
    shown.receiver = header.receiver;
    shown.sender = header.sender;
    shown.message_size = header.message_size;
    if (version >= ffa::v1_2) shown.uuid = header.uuid;
    return shown;
  }
  /// Header and payload as an endpoint of `version` reads them.
  [[nodiscard]] std::span<const std::byte> as_seen_by(ffa::Version version) const {
    const ffa::wire::PartitionMessageV1_2 shown = header_for(version);
    const uint32_t bytes = shown.message_offset;
    std::memcpy(buffer.data() + room - bytes, &shown, bytes);  // 1.1 is the first 20 bytes of it
    return buffer.subspan(room - bytes, bytes + header.message_size);
  }
};

/// The header of the message in TX, checked. The caller holds the TX claim.
template <Platform P>
Outcome<IndirectMessage> take_header(CallContext<P>& call) {
  const VmBuffers<P>& buffers = call.vm.buffers;
  RuleTrace& rules = call.rules;
  IndirectMessage message;
  const uint32_t header_bytes = IndirectMessage::header_bytes(call.version);
  call.platform().copy_in(
      buffers.tx_buffer, 0,
      std::as_writable_bytes(std::span{&message.header, 1}).first(header_bytes));
  const auto& header = message.header;
  const uint64_t end = uint64_t{header.message_offset} + header.message_size;
  FFA_CHECK(rules.require(Rule::send2_flags, header.flags == 0));
  FFA_CHECK(rules.require(Rule::send2_sender, ffa::EndpointId{header.sender} == call.vm.id()));
  FFA_CHECK(rules.require(Rule::send2_self, header.receiver != header.sender));
  FFA_CHECK(rules.require(Rule::send2_offset, header.message_offset >= header_bytes));
  FFA_CHECK(rules.require(Rule::send2_within_tx, end <= buffers.size_bytes()));
  message.buffer = call.vcpu_state().message;
  return message;
}

/// The payload into private memory. The caller holds the TX claim.
template <Platform P>
void take_payload(CallContext<P>& call, const IndirectMessage& message) {
  const uint32_t size = message.header.message_size;
  if (size == 0) return;
  call.platform().copy_in(call.vm.buffers.tx_buffer, message.header.message_offset,
                          message.buffer.subspan(IndirectMessage::room, size));
}

/// A message of a VM whose TX the SPMC does not know goes through the mediator's own.
template <Platform P>
Reply send_through_own_tx(CallContext<P>& call, const IndirectMessage& message, TxClaim<P>& claim) {
  take_payload(call, message);
  claim.give_back(TxState::free);
  const std::span<const std::byte> bytes = message.as_seen_by(call.mediator.spmc.version);
  SpmcTx<P> tx{call.mediator};
  FFA_CHECK(call.rules.require(Rule::send2_fits, bytes.size() <= tx.size_bytes()));
  tx.write(0, bytes);
  FFA_CHECK(expect_success(call.smc(ffa::MsgSend2{call.vm.id(), false}.encode())));
  return call.reply(ffa::success32());
}

/// The SPMC reads the message where it is, with a header of the mediator's version. While it does,
/// the VM has no access to the page of the header, and what was checked stands there again: so
/// nobody is reached whom the VM may not know. A longer header that this takes is gone afterwards.
template <Platform P>
Reply send_in_place(CallContext<P>& call, const IndirectMessage& message) {
  VmBuffers<P>& buffers = call.vm.buffers;
  P& platform = call.platform();
  ffa::wire::PartitionMessageV1_2 told = message.header_for(call.mediator.spmc.version);
  const uint32_t own_bytes = IndirectMessage::header_bytes(call.version);
  const uint32_t told_bytes = std::max(own_bytes, told.message_offset);
  const uint32_t moved = message.header.message_offset < told_bytes ? told.message_size : 0;
  told.message_offset = std::max(message.header.message_offset, told_bytes);
  FFA_CHECK(call.rules.require(Rule::send2_fits, told_bytes + moved <= buffers.size_bytes()));

  constexpr ffa::PageCount first_page{1};
  FFA_CHECK(platform.set_access(call.vm.id(), buffers.tx_ipa, first_page, OwnerAccess::none));
  const Rollback give_back{[&] {
    FFA_ASSERT(
        platform.set_access(call.vm.id(), buffers.tx_ipa, first_page, OwnerAccess::full).ok());
  }};
  platform.tlbi(call.vm.id());
  const std::span<std::byte> behind = message.buffer.first(told_bytes - own_bytes + moved);
  if (!behind.empty()) platform.copy_in(buffers.tx_buffer, own_bytes, behind);
  platform.copy_out(buffers.tx_buffer, 0, std::as_bytes(std::span{&told, 1}).first(told_bytes));
  if (moved != 0) {
    const uint32_t payload = message.header.message_offset - own_bytes;
    platform.copy_out(buffers.tx_buffer, told_bytes, behind.subspan(payload, moved));
  }
  const auto sent = expect_success(call.smc(ffa::MsgSend2{call.vm.id(), false}.encode()));
  const auto header = std::as_bytes(std::span{&message.header, 1}).first(own_bytes);
  platform.copy_out(buffers.tx_buffer, 0, header);
  if (!behind.empty()) platform.copy_out(buffers.tx_buffer, own_bytes, behind);
  FFA_CHECK(sent);
  return call.reply(ffa::success32());
}

template <Platform P>
Reply send_to_sp(CallContext<P>& call, const IndirectMessage& message, const Partition& sp,
                 TxClaim<P>& claim) {
  MediatorState<P>& mediator = call.mediator;
  const bool known =
      message.header.uuid.is_nil() || mediator.partitions.serves(sp, message.header.uuid);
  FFA_CHECK(call.rules.require(Rule::send2_uuid, known));
  const bool receives =
      sp.properties.indirect_messages() && mediator.spmc.features.has(ffa::Fid::msg_send2);
  FFA_CHECK(call.rules.require(Rule::send2_receives, receives));
  if (shares_buffers(mediator, call.vm)) return send_in_place(call, message);
  return send_through_own_tx(call, message, claim);
}

/// Tells a VM that its RX buffer is full: by the framework notification, and by running a vCPU that
/// waits for messages.
template <Platform P>
void announce_message(MediatorState<P>& mediator, VmContext<P>& vm) {
  {
    const Guard guard(vm.state_lock);
    vm.notifications.notify_rx_full();
  }
  {
    const Guard guard(mediator.message_lock);
    run_one_waiting(mediator, vm);
  }
  inject_npi(mediator, vm, {});
}

template <Platform P>
Reply deliver_to_vm(CallContext<P>& call, const IndirectMessage& message, VmContext<P>& vm) {
  const bool known = message.header.uuid.is_nil() || message.header.uuid == vm.config.uuid;
  FFA_CHECK(call.rules.require(Rule::send2_uuid, known));
  // Only a VM whose RX is mapped, and so was acquired, has its version for good.
  const auto receives = [&vm] {
    const ffa::Version version = vm.version().version();
    return version == ffa::Version{} || version >= ffa::v1_1;
  };
  FFA_CHECK(call.rules.require(Rule::send2_receives, receives()));
  RxWriter<P> rx{call, vm};
  FFA_CHECK(rx.acquire(Rule::send2_rx_free));
  FFA_CHECK(call.rules.require(Rule::send2_receives, receives()));
  const std::span<const std::byte> bytes = message.as_seen_by(vm.version().version());
  FFA_CHECK(call.rules.require(Rule::send2_fits, bytes.size() <= rx.size_bytes()));
  rx.write(0, bytes);
  rx.finish(static_cast<uint32_t>(bytes.size()));
  announce_message(call.mediator, vm);
  return call.reply(ffa::success32());
}

template <Platform P>
Reply msg_send2(CallContext<P>& call) {
  const auto send = ffa::MsgSend2::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::send2_reserved, send.ok()));
  FFA_CHECK(call.rules.require(Rule::send2_no_sender, send->sender == ffa::hypervisor_id));
  FFA_CHECK(call.rules.require(Rule::send2_no_delay, !send->delay_schedule_receiver));
  TxClaim<P> claim{call.vm.buffers};
  FFA_CHECK(call.rules.require(Rule::send2_tx_mapped, claim.mapped()));
  FFA_CHECK(call.rules.require(Rule::tx_free, claim.held()));
  FFA_TRY(const IndirectMessage message, take_header(call));
  const ffa::EndpointId receiver{message.header.receiver};
  const Partition* const sp = reachable_sp(call, receiver);
  if (sp != nullptr) {
    FFA_CHECK(call.rules.require(Rule::send2_receiver, true));
    return send_to_sp(call, message, *sp, claim);
  }
  take_payload(call, message);
  claim.give_back(TxState::free);
  const PeerReference<P> vm{call, receiver};
  FFA_CHECK(call.rules.require(Rule::send2_receiver, vm.get() != nullptr));
  return deliver_to_vm(call, message, *vm.get());
}

}  // namespace mediator
