// SPDX-License-Identifier: BSD-3-Clause
// For who follows the calls of a case one by one, beside the trace: who makes them, in which order,
// what they were answered. Control tells; it may be made to wait, so that calls run in an order of
// the watch's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"

namespace sim {

class Simulation;

/// A vCPU's call, or one operation of the host.
struct WatchedCall {
  /// Of a case, in the order in which its threads stand there; `none`: beside no other.
  size_t thread = none;
  uint16_t vm = 0;  ///< of the host: whom it is about, or 0
  uint16_t vcpu = 0;
  ffa::Regs in{};           ///< of a vCPU
  std::string_view host{};  ///< of the host: what it does; else empty
  static constexpr size_t none = ~size_t{0};
};

/// What came of it: one of the two.
struct WatchedAnswer {
  const trace::Event* event = nullptr;  ///< of a vCPU's call
  std::string_view text{};              ///< of the host; of a call that was not made, why
  bool later = false;  ///< the host is told to try again when others had their turn, and will
};

class CallWatch {
 public:
  virtual ~CallWatch() = default;
  /// So many threads begin. What is told from here to phase_ends() is told on their tasks.
  virtual void phase_begins(Simulation& simulation, size_t threads) = 0;
  /// The vCPU goes on with what it does between calls.
  virtual void guest_goes_on(size_t thread) = 0;
  /// The vCPU's call is not to be made if this is an answer.
  virtual std::optional<ffa::Regs> call_begins(const WatchedCall& call) = 0;
  virtual void call_ends(size_t thread, const WatchedAnswer& answer) = 0;
  /// The call waits for another VM; what it waits for is there.
  virtual void call_waits(size_t thread) = 0;
  virtual void call_goes_on(size_t thread) = 0;
  virtual void phase_ends(Simulation& simulation) = 0;
};

}  // namespace sim
