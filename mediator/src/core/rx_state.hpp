// SPDX-License-Identifier: BSD-3-Clause
// Who owns a VM's RX buffer: the state machine as one table, used by the RX writer and the RX/TX
// handlers. [DEN0077A 1.2 §4.6, §7.2.2]
//
//   unmapped <-map/unmap-> free -acquire-> producing -deliver-> vm_owned -release-> free
//                           ^                  |
//                           +-----abandon------+
//   With buffers that the SPMC fills itself: free -give-> spmc_owned -acquire-> producing, and
//   spmc_owned -deliver-> vm_owned -give-> spmc_owned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mediator/observe.hpp"

namespace mediator {

/// The claim word of TX: a call claims it, copies the message in one go, gives it back.
enum class TxState : uint8_t { unmapped, free, claimed };

enum class RxEvent : uint8_t {
  map,      ///< FFA_RXTX_MAP
  unmap,    ///< FFA_RXTX_UNMAP
  acquire,  ///< a producer begins to fill it
  abandon,  ///< the producer gives up, nothing was delivered
  deliver,  ///< filled: the VM may read it
  release,  ///< FFA_RX_RELEASE
  give      ///< handed to the SPMC, which may fill it
};
inline constexpr size_t rx_states = 5;
inline constexpr size_t rx_events = 7;

/// Where `event` leads from `state`; nothing where it is refused.
constexpr std::optional<RxState> next_state(RxState state, RxEvent event) {
  using enum RxState;
  constexpr std::optional<RxState> no;
  constexpr std::optional<RxState> table[rx_states][rx_events] = {
      // map   unmap     acquire    abandon  deliver   release  give
      {free, no, no, no, no, no, no},                     // unmapped
      {no, unmapped, producing, no, no, no, spmc_owned},  // free
      {no, no, no, free, vm_owned, no, no},               // producing
      {no, no, no, no, no, free, spmc_owned},             // vm_owned
      {no, unmapped, producing, no, vm_owned, no, no},    // spmc_owned
  };
  return table[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace mediator
