// SPDX-License-Identifier: BSD-3-Clause
// Framework messages: direct messages in which w2 has bit 31 set and a type in 7:0. Sent by SPMD,
// SPMC and hypervisor, never by a VM. decode() expects that w0 and w2 were looked at, as
// DirectMessage does. [DEN0077A 1.2 chapter 18]
#pragma once

#include <optional>

#include "ffa/calls/codec.hpp"

namespace ffa {

namespace codec {
/// Registers of a framework message. Requests are direct requests, responses direct responses,
/// always SMC32.
constexpr Regs start_framework(Fid fid, FrameworkMessage type, EndpointId sender,
                               EndpointId receiver) {
  Regs regs = start(fid);
  regs.x[1] = pair(sender.raw(), receiver.raw());
  regs.x[2] = framework_word(type);
  return regs;
}
/// INVALID_PARAMETERS where w2 is not exactly this type.
constexpr Result<void> check_framework(const Regs& regs, FrameworkMessage type) {
  if (regs.w(2) != framework_word(type)) return Error{Status::invalid_parameters};
  return {};
}
}  // namespace codec

/// VM created or destroyed, hypervisor to an SP that asked for it. w3/w4 = handle of an IMPDEF
/// information region (all ones: none), w5[15:0] = VM id, 31:16 SBZ. [DEN0077A 1.2 §18.3]
template <FrameworkMessage type>
struct VmAvailabilityRequest {
  EndpointId sender{};
  EndpointId receiver{};
  Handle information = invalid_handle;
  EndpointId vm{};

  static constexpr Result<VmAvailabilityRequest> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, type));
    return VmAvailabilityRequest{codec::sender_of(regs), codec::receiver_of(regs),
                                 codec::handle_at(regs, 3), EndpointId{codec::low16(regs.w(5))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_req, type, sender, receiver);
    codec::put_dword(regs, 3, information.raw());
    regs.x[5] = vm.raw();
    return regs;
  }
  friend constexpr bool operator==(const VmAvailabilityRequest&,
                                   const VmAvailabilityRequest&) = default;
};
using VmCreatedRequest = VmAvailabilityRequest<FrameworkMessage::vm_created_request>;
using VmDestroyedRequest = VmAvailabilityRequest<FrameworkMessage::vm_destroyed_request>;

/// The SP's answer. w3 = status: 0 or an FF-A error; INTERRUPTED and RETRY ask for the request
/// again. An unknown code reads as NOT_SUPPORTED. [DEN0077A 1.2 §18.3]
template <FrameworkMessage type>
struct VmAvailabilityResponse {
  EndpointId sender{};
  EndpointId receiver{};
  Status status = Status::success;

  static constexpr Result<VmAvailabilityResponse> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, type));
    const Status status = regs.w(3) == 0 ? Status::success : status_from_word(regs.w(3));
    return VmAvailabilityResponse{codec::sender_of(regs), codec::receiver_of(regs), status};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_resp, type, sender, receiver);
    regs.x[3] = to_word(status);
    return regs;
  }
  friend constexpr bool operator==(const VmAvailabilityResponse&,
                                   const VmAvailabilityResponse&) = default;
};
using VmCreatedResponse = VmAvailabilityResponse<FrameworkMessage::vm_created_response>;
using VmDestroyedResponse = VmAvailabilityResponse<FrameworkMessage::vm_destroyed_response>;

/// A PSCI call that SPMD or SPMC passes on. w3 = PSCI function id, w4-w6 = its arguments.
/// [DEN0077A 1.2 §18.2]
struct PsciRequest {
  EndpointId sender{};
  EndpointId receiver{};
  uint32_t function_id = 0;
  uint32_t arguments[3]{};

  static constexpr Result<PsciRequest> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, FrameworkMessage::psci_request));
    return PsciRequest{codec::sender_of(regs),
                       codec::receiver_of(regs),
                       regs.w(3),
                       {regs.w(4), regs.w(5), regs.w(6)}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_req, FrameworkMessage::psci_request,
                                       sender, receiver);
    regs.x[3] = function_id;
    for (unsigned n = 0; n < 3; ++n) regs.x[n + 4] = arguments[n];
    return regs;
  }
  friend constexpr bool operator==(const PsciRequest&, const PsciRequest&) = default;
};

/// The answer to PsciRequest and WarmBootRequest. w3 = PSCI status, 0 or negative; PSCI's numbers,
/// not FF-A's. [DEN0077A 1.2 §18.2]
struct PsciResponse {
  EndpointId sender{};
  EndpointId receiver{};
  int32_t psci_status = 0;

  static constexpr Result<PsciResponse> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, FrameworkMessage::psci_response));
    return PsciResponse{codec::sender_of(regs), codec::receiver_of(regs),
                        static_cast<int32_t>(regs.w(3))};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_resp, FrameworkMessage::psci_response,
                                       sender, receiver);
    regs.x[3] = static_cast<uint32_t>(psci_status);
    return regs;
  }
  friend constexpr bool operator==(const PsciResponse&, const PsciResponse&) = default;
};

/// The processing element is back. w3 = 0 from suspend to RAM, 1 from a shallower state; other
/// values are kept for the receiver to refuse. [DEN0077A 1.2 §18.2]
struct WarmBootRequest {
  enum class From : uint32_t { suspend_to_ram = 0, shallower_state = 1 };
  EndpointId sender{};
  EndpointId receiver{};
  From from = From::suspend_to_ram;

  static constexpr Result<WarmBootRequest> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, FrameworkMessage::warm_boot_request));
    return WarmBootRequest{codec::sender_of(regs), codec::receiver_of(regs),
                           static_cast<From>(regs.w(3))};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_req,
                                       FrameworkMessage::warm_boot_request, sender, receiver);
    regs.x[3] = static_cast<uint32_t>(from);
    return regs;
  }
  friend constexpr bool operator==(const WarmBootRequest&, const WarmBootRequest&) = default;
};

/// FFA_VERSION of the normal world, passed on by the SPMD. w3 = version asked for.
/// [DEN0077A 1.2 §18.3]
struct VersionRequest {
  EndpointId sender{};
  EndpointId receiver{};
  Version requested{};

  static constexpr Result<VersionRequest> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, FrameworkMessage::version_request));
    return VersionRequest{codec::sender_of(regs), codec::receiver_of(regs), Version{regs.w(3)}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_req, FrameworkMessage::version_request,
                                       sender, receiver);
    regs.x[3] = requested.raw();
    return regs;
  }
  friend constexpr bool operator==(const VersionRequest&, const VersionRequest&) = default;
};

/// The SPMC's answer. w3 = its version, or -1 (here: no value). [DEN0077A 1.2 §18.3]
struct VersionResponse {
  EndpointId sender{};
  EndpointId receiver{};
  std::optional<Version> version{};

  static constexpr Result<VersionResponse> decode(const Regs& regs) {
    FFA_CHECK(codec::check_framework(regs, FrameworkMessage::version_response));
    VersionResponse response{codec::sender_of(regs), codec::receiver_of(regs), std::nullopt};
    if ((regs.w(3) >> 31) == 0) response.version = Version{regs.w(3)};
    return response;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start_framework(Fid::msg_send_direct_resp,
                                       FrameworkMessage::version_response, sender, receiver);
    regs.x[3] = version ? version->raw() : to_word(Status::not_supported);
    return regs;
  }
  friend constexpr bool operator==(const VersionResponse&, const VersionResponse&) = default;
};

}  // namespace ffa
