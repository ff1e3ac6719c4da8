// SPDX-License-Identifier: BSD-3-Clause
// What a record tells of things that no mediator and no SPMC computes: they depend on memory or
// time that nobody captured. docs/replay.md, "The model".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"
#include "sim/trace/event.hpp"

namespace ffa_trace {

/// Which registers of an SPMC's answer are the payload that an SP computed: bit n for x<n>. None
/// but for direct responses that are no framework messages.
uint32_t payload_of(const ffa::Regs& out);

/// Puts the payload of the captured answer over the model's, where both answer the same way.
/// Returns the registers that came from the capture.
uint32_t lay_over(ffa::Regs& answer, const ffa::Regs& captured);

/// A VM that has notifications from SPs pending when this record is made: those of `bitmap`, or,
/// where it is not known which, one of `among`.
struct Notified {
  ffa::EndpointId vm{};
  std::optional<uint64_t> bitmap;
  uint64_t among = ~uint64_t{0};
};
/// Of a successful FFA_NOTIFICATION_INFO_GET or FFA_NOTIFICATION_GET, and of an UNBIND that was
/// DENIED; else nobody.
std::vector<Notified> notified_by(const sim::trace::Event& record);

}  // namespace ffa_trace
