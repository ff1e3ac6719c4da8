// SPDX-License-Identifier: BSD-3-Clause
// Who owns a VM's RX buffer: the state machine as one table, used by the RX writer and the RX/TX
// handlers. [DEN0077A 1.2 §4.6, §7.2.2]
//
//   unmapped -map-> free -acquire-> producing -deliver-> vm_owned -release-> free
//                    ^                 | |
//                    +-----abandon-----+ +-unmap-> unmapped
//   With buffers that the SPMC knows, it owns what the VM does not, and may have filled it unseen:
//   unmapped -give-> spmc_owned -acquire-> producing -give-> spmc_owned; and vm_owned or spmc_owned
//   -hand_back-> producing, while the SPMC is asked whether the VM gives it back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mediator/observe.hpp"

namespace mediator {

/// The claim word of TX: a call claims it, copies the message in one go, gives it back. It is
/// claimed too while the buffers are mapped or unmapped.
enum class TxState : uint8_t { unmapped, free, claimed };

enum class RxEvent : uint8_t {
  map,       ///< FFA_RXTX_MAP
  unmap,     ///< FFA_RXTX_UNMAP, which has acquired it
  acquire,   ///< a producer begins to fill it
  abandon,   ///< the producer gives up, nothing was delivered
  deliver,   ///< filled: the VM may read it
  release,   ///< FFA_RX_RELEASE
  give,      ///< handed to the SPMC, which may fill it; from `unmapped`, FFA_RXTX_MAP
  hand_back  ///< FFA_RX_RELEASE, of a buffer that the SPMC knows
};
inline constexpr size_t rx_states = 5;
inline constexpr size_t rx_events = 8;

/// The rows of the state machine, at namespace scope like share_steps.
inline constexpr auto rx_steps = [] {
  using enum RxState;
  using Row = std::array<std::optional<RxState>, rx_events>;
  constexpr std::optional<RxState> no;
  return std::array<Row, rx_states>{
      // map   unmap     acquire    abandon  deliver   release  give        hand_back
      Row{free, no, no, no, no, no, spmc_owned, no},              // unmapped
      Row{no, no, producing, no, no, no, no, no},                 // free
      Row{no, unmapped, no, free, vm_owned, no, spmc_owned, no},  // producing
      Row{no, no, no, no, no, free, no, producing},               // vm_owned
      Row{no, no, producing, no, no, no, no, producing},          // spmc_owned
  };
}();

/// Where `event` leads from `state`; nothing where it is refused.
constexpr std::optional<RxState> next_state(RxState state, RxEvent event) {
  const auto& next = rx_steps[static_cast<size_t>(state)][static_cast<size_t>(event)];
  return next ? std::optional{*next} : std::nullopt;
}

}  // namespace mediator
