// SPDX-License-Identifier: BSD-3-Clause
// Messages between partitions: direct in registers, indirect through RX/TX buffers. The framework
// messages, which use the registers of a direct message, are in framework.hpp.
// [DEN0077A 1.2 chapter 15]
#pragma once

#include <array>

#include "ffa/calls/bare.hpp"
#include "ffa/calls/codec.hpp"
#include "ffa/calls/framework.hpp"

namespace ffa {

/// FFA_MSG_SEND_DIRECT_REQ and _RESP. w1 = sender << 16 | receiver; w2 = 0 (partition message) or
/// bit 31 and the type of a framework message in 7:0, 30:8 MBZ; w3-w7 or x3-x7 = payload. Whether
/// this caller may send framework messages is the handler's rule. Errors: INVALID_PARAMETERS,
/// DENIED, BUSY, ABORTED, NOT_SUPPORTED. [DEN0077A 1.2 §15.2, §15.3]
template <Fid id>
struct DirectMessage {
  Convention convention = Convention::smc32;
  EndpointId sender{};
  EndpointId receiver{};
  uint32_t flags = 0;                 ///< w2
  std::array<uint64_t, 5> payload{};  ///< payload[n] is register n + 3

  static constexpr Fid fid = id;
  [[gnu::always_inline]] static constexpr Result<DirectMessage> decode(const Regs& regs) {
    const uint32_t flags = regs.w(2);
    const bool partition_message = (flags & framework_message_bit) == 0;
    if ((flags & 0x7fffff00U) != 0 || (partition_message && flags != 0)) return codec::must_be_zero;
    const Convention convention = codec::convention_of(regs);
    const auto value = [&](unsigned n) { return codec::argument(regs, n, convention); };
    return DirectMessage{convention,
                         codec::sender_of(regs),
                         codec::receiver_of(regs),
                         flags,
                         {value(3), value(4), value(5), value(6), value(7)}};
  }
  [[nodiscard, gnu::always_inline]] constexpr Regs encode() const {
    Regs regs = codec::start(id, convention);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    regs.x[2] = flags;
    regs.x[3] = codec::narrow(payload[0], convention);
    regs.x[4] = codec::narrow(payload[1], convention);
    regs.x[5] = codec::narrow(payload[2], convention);
    regs.x[6] = codec::narrow(payload[3], convention);
    regs.x[7] = codec::narrow(payload[4], convention);
    return regs;
  }
  [[nodiscard]] constexpr bool is_framework() const { return (flags & framework_message_bit) != 0; }
  /// Only where is_framework(); a type that the spec does not define matches no enumerator.
  [[nodiscard]] constexpr FrameworkMessage framework_message() const {
    return static_cast<FrameworkMessage>(flags & 0xffU);
  }
  friend constexpr bool operator==(const DirectMessage&, const DirectMessage&) = default;
};
using MsgSendDirectReq = DirectMessage<Fid::msg_send_direct_req>;
using MsgSendDirectResp = DirectMessage<Fid::msg_send_direct_resp>;

/// FFA_MSG_SEND_DIRECT_REQ2 (1.2, SMC64 only). x1 = sender << 16 | receiver, x2/x3 = UUID of the
/// service (nil allowed), x4-x17 = payload. Errors as for FFA_MSG_SEND_DIRECT_REQ.
/// [DEN0077A 1.2 §15.4]
struct MsgSendDirectReq2 {
  EndpointId sender{};
  EndpointId receiver{};
  Uuid uuid{};
  std::array<uint64_t, 14> payload{};  ///< payload[n] is register n + 4

  static constexpr Result<MsgSendDirectReq2> decode(const Regs& regs) {
    MsgSendDirectReq2 message{codec::sender_of(regs),
                              codec::receiver_of(regs),
                              Uuid::from_dwords(regs.x[2], regs.x[3]),
                              {}};
    for (unsigned n = 0; n < message.payload.size(); ++n) message.payload[n] = regs.x[n + 4];
    return message;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::msg_send_direct_req2);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    regs.x[2] = uuid.dword(0);
    regs.x[3] = uuid.dword(1);
    for (unsigned n = 0; n < payload.size(); ++n) regs.x[n + 4] = payload[n];
    return regs;
  }
  friend constexpr bool operator==(const MsgSendDirectReq2&, const MsgSendDirectReq2&) = default;
};

/// FFA_MSG_SEND_DIRECT_RESP2 (1.2, SMC64 only). x1 = sender << 16 | receiver, x2/x3 MBZ, x4-x17 =
/// payload. [DEN0077A 1.2 §15.5]
struct MsgSendDirectResp2 {
  EndpointId sender{};
  EndpointId receiver{};
  std::array<uint64_t, 14> payload{};  ///< payload[n] is register n + 4

  static constexpr Result<MsgSendDirectResp2> decode(const Regs& regs) {
    if (!codec::all_zero(regs, 2, 3, Convention::smc64)) return codec::must_be_zero;
    MsgSendDirectResp2 message{codec::sender_of(regs), codec::receiver_of(regs), {}};
    for (unsigned n = 0; n < message.payload.size(); ++n) message.payload[n] = regs.x[n + 4];
    return message;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::msg_send_direct_resp2);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    for (unsigned n = 0; n < payload.size(); ++n) regs.x[n + 4] = payload[n];
    return regs;
  }
  friend constexpr bool operator==(const MsgSendDirectResp2&, const MsgSendDirectResp2&) = default;
};

/// FFA_MSG_SEND (1.0 only). w1 = sender << 16 | receiver, w3 = bytes in the TX buffer, w4 bit 0 =
/// tell me when a busy receiver is free; w2, w5-w7 SBZ. Errors: INVALID_PARAMETERS, DENIED, BUSY,
/// NOT_SUPPORTED. [DEN0077A 1.0 §10.1]
struct MsgSend {
  EndpointId sender{};
  EndpointId receiver{};
  uint32_t size_bytes = 0;
  bool notify_when_free = false;

  static constexpr Result<MsgSend> decode(const Regs& regs) {
    return MsgSend{codec::sender_of(regs), codec::receiver_of(regs), regs.w(3),
                   (regs.w(4) & 1U) != 0};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::msg_send);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    regs.x[3] = size_bytes;
    regs.x[4] = notify_when_free ? 1 : 0;
    return regs;
  }
  friend constexpr bool operator==(const MsgSend&, const MsgSend&) = default;
};

/// FFA_MSG_SEND2 (1.1). w1[31:16] = sender VM where a hypervisor forwards, MBZ elsewhere (the
/// handler's rule), 15:0 MBZ; w2 bit 1 = delay the schedule receiver interrupt (SPs only, the
/// handler's rule), other bits MBZ. The message stands in TX behind a wire::PartitionMessage
/// header. Errors: INVALID_PARAMETERS, DENIED, BUSY, NO_MEMORY, ABORTED, NOT_SUPPORTED.
/// [DEN0077A 1.2 §15.1]
struct MsgSend2 {
  EndpointId sender{};
  bool delay_schedule_receiver = false;

  static constexpr uint32_t delay_bit = 1U << 1;
  static constexpr Result<MsgSend2> decode(const Regs& regs) {
    if (codec::low16(regs.w(1)) != 0 || (regs.w(2) & ~delay_bit) != 0) return codec::must_be_zero;
    return MsgSend2{EndpointId{codec::high16(regs.w(1))}, regs.w(2) != 0};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::msg_send2);
    regs.x[1] = codec::pair(sender.raw(), 0);
    regs.x[2] = delay_schedule_receiver ? delay_bit : 0;
    return regs;
  }
  friend constexpr bool operator==(const MsgSend2&, const MsgSend2&) = default;
};

/// FFA_MSG_POLL (1.0 only): no arguments, completes with FFA_MSG_SEND.
/// Errors: RETRY, DENIED, NOT_SUPPORTED. [DEN0077A 1.0 chapter 10]
using MsgPoll = BareCall<Fid::msg_poll>;

}  // namespace ffa
