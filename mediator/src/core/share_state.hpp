// SPDX-License-Identifier: BSD-3-Clause
// The states of a share and the events that move it: the whole state machine as one table.
//
//   vacant -reserve-> reserved -name-> sent -accept-> shared -reclaim-> reclaiming -finish-> vacant
//                        |              |               ^                  |
//                        +-----drop-----+-> vacant      +------refuse------+
//   reserved, sent, reclaiming -quarantine-> quarantined, for ever: the SPMC will not let go of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mediator/observe.hpp"

namespace mediator {

/// The state of a slot of the share table. All but `vacant` are states of a share.
enum class SlotState : uint8_t { vacant, reserved, sent, shared, reclaiming, quarantined };

enum class ShareEvent : uint8_t {
  reserve,    ///< a send passed its checks and takes a slot
  name,       ///< the SPMC answered with its handle, or we chose one
  accept,     ///< the SPMC, where it is asked, has it whole
  drop,       ///< the send failed
  reclaim,    ///< the owner asks for the memory back
  refuse,     ///< the SPMC did not give it back
  finish,     ///< the SPMC gave it back
  quarantine  ///< what the SPMC holds can't be known any more, or it never gave it back
};
inline constexpr size_t slot_states = 6;
inline constexpr size_t share_events = 8;

/// The rows of the state machine. At namespace scope, so that it stays in read-only data: as a
/// local of next_state() it would be copied to the stack at every step.
inline constexpr auto share_steps = [] {
  using enum SlotState;
  using Row = std::array<std::optional<SlotState>, share_events>;
  constexpr std::optional<SlotState> no;
  return std::array<Row, slot_states>{
      // reserve  name  accept  drop    reclaim     refuse  finish  quarantine
      Row{reserved, no, no, no, no, no, no, no},             // vacant
      Row{no, sent, no, vacant, no, no, no, quarantined},    // reserved
      Row{no, no, shared, vacant, no, no, no, quarantined},  // sent
      Row{no, no, no, no, reclaiming, no, no, no},           // shared
      Row{no, no, no, no, no, shared, vacant, quarantined},  // reclaiming
      Row{no, no, no, no, no, no, no, no},                   // quarantined
  };
}();

/// Where `event` leads from `state`; nothing where it must not happen.
constexpr std::optional<SlotState> next_state(SlotState state, ShareEvent event) {
  const auto& next = share_steps[static_cast<size_t>(state)][static_cast<size_t>(event)];
  return next ? std::optional{*next} : std::nullopt;
}

/// The state as checkers know it. `state` is not `vacant`.
constexpr ShareState observed_state(SlotState state) {
  return static_cast<ShareState>(static_cast<uint8_t>(state) - 1);
}
static_assert(observed_state(SlotState::reserved) == ShareState::reserved);
static_assert(observed_state(SlotState::sent) == ShareState::sent);
static_assert(observed_state(SlotState::shared) == ShareState::shared);
static_assert(observed_state(SlotState::reclaiming) == ShareState::reclaiming);
static_assert(observed_state(SlotState::quarantined) == ShareState::quarantined);

}  // namespace mediator
