// SPDX-License-Identifier: BSD-3-Clause
// What the trace so far tells every checker.
#pragma once

#include <cstdint>
#include <map>

#include "sim/check/checker.hpp"

namespace sim::check {

/// The VMs as the life cycle in the trace has them.
class Lives {
 public:
  /// What the life cycle has made of a VM. One that is refused a second creation stays.
  void follow(const trace::Event& event);
  [[nodiscard]] bool has(uint16_t vm) const { return vms_.contains(vm); }
  /// There is a VM, and its creation is not over or its end has begun.
  [[nodiscard]] bool unserved(uint16_t vm) const;

 private:
  enum class Life : uint8_t { creating, running, ending };
  std::map<uint16_t, Life> vms_;
};

struct TraceKnowledge {
  GuestStates guests;
  Lives lives;
  std::map<uint16_t, Assembly> sends;  ///< by VM
  /// Kept: the trace of the boot may be gone by the time of a send.
  ffa::Version spmc_version = ffa::v1_0;

  /// A step begins.
  void note_begin(const trace::Event& event);
  /// An SMC of the mediator that is over.
  void note_smc(const trace::Event& smc);
  /// A step that is over, before the checkers see it: the descriptor that its call is a part of.
  Assembly::Part note_send(const trace::Event& event);
  /// The same step, when the checkers have seen it.
  void note_end(const Step& step);
};

/// A call that handed over all of a descriptor.
bool completes_send(const trace::Event& event);

}  // namespace sim::check
