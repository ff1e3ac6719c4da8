// SPDX-License-Identifier: BSD-3-Clause
// What a VM's own calls and their answers tell of its state: negotiated version, buffers, RX
// ownership, handles. The mediator is not asked, so that checkers can hold it against its own
// answers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "ffa/types.hpp"
#include "sim/check/overlaps.hpp"
#include "sim/trace/event.hpp"

namespace sim::check {

struct GuestState {
  ffa::Version version{};  ///< raw 0: not negotiated
  bool latched = false;    ///< a call other than FFA_VERSION has fixed the version
  uint64_t tx_ipa = 0;
  uint64_t rx_ipa = 0;
  uint64_t buffer_pages = 0;               ///< 0: no buffers
  bool buffers_unsure = false;             ///< mapped or unmapped beside other calls
  std::optional<bool> owns_rx = false;     ///< nothing: calls ran at once, and it can't be told
  std::map<uint16_t, uint16_t> waits_for;  ///< vCPU -> endpoint of its unfinished direct request
  Overlaps versions;                       ///< its FFA_VERSION calls
};

class GuestStates {
 public:
  using Smcs = std::span<const trace::Event* const>;
  [[nodiscard]] const GuestState& of(uint16_t vm) const;
  /// Owner of a live handle.
  [[nodiscard]] std::optional<uint16_t> owner(uint64_t handle) const;
  /// The VM that had this id when the call of `seq` began has been freed since.
  [[nodiscard]] bool freed_since(uint16_t vm, uint64_t seq) const;
  /// The SPMC gave a handle back after `seq`, for a reclaim beside other calls.
  [[nodiscard]] bool reclaimed_since(uint64_t handle, uint64_t seq) const;
  /// FFA_VERSION was called beside the call that began at `seq`, or the VM was created anew: which
  /// version that call was served in can't be told.
  [[nodiscard]] bool version_unsure(uint16_t vm, uint64_t seq) const;
  /// `alone`: no other step ran meanwhile. `smcs`: the mediator's of this step.
  void update(const trace::Event& event, bool alone, Smcs smcs);
  /// Calls ran at once, whose answers do not tell which came first; now none runs any more.
  /// `present`, as the mediator has it: version, latched, owns_rx; and the buffers, if those are
  /// unsure.
  void settle(uint16_t vm, const GuestState& present);
  /// A call begins; one may give RX back and not return for long.
  void begin(const trace::Event& event);

 private:
  void update_version(GuestState& vm, const trace::Event& event);
  void update_buffers(GuestState& vm, const trace::Event& event);
  void update_handles(const trace::Event& event, bool alone, Smcs smcs);
  void update_requests(GuestState& vm, const trace::Event& event);

  struct LiveHandle {
    uint16_t owner = 0;
    uint64_t given_at = 0;  ///< when the SPMC gave it out
  };

  std::map<uint16_t, GuestState> vms_;
  std::map<uint64_t, LiveHandle> handles_;
  std::map<uint64_t, uint64_t>
      reclaimed_at_;  ///< by the SPMC, of handles reclaimed beside other calls
  std::map<uint16_t, uint64_t> freed_at_;
};

/// The handle in w1/w2 of a request or in w2/w3 of an answer.
uint64_t requested_handle(const ffa::Regs& in);
uint64_t answered_handle(const ffa::Regs& out);
bool is_memory_send(const ffa::Regs& in);
/// A send or one of its later fragments.
bool is_send_part(const ffa::Regs& in);
bool is_direct_request(const ffa::Regs& in);
/// The receiver of an indirect message, as the header in `tx` names it; nothing: another call.
std::optional<ffa::EndpointId> receiver_of(const ffa::Regs& in, std::span<const uint8_t> tx);
/// The answer brings a retrieved region's description, or a fragment of it, in RX.
bool carries_description(const trace::Event& event);
/// FFA_VERSION has no SMC64 form: 0xc4000063 is a function that does not exist.
bool is_version_call(const ffa::Regs& in);

}  // namespace sim::check
