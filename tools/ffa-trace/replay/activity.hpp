// SPDX-License-Identifier: BSD-3-Clause
// What happens in a capture, and who a recorded SPMC call belongs to: guest calls, which may
// overlap, and what the hypervisor did outside of them. docs/replay.md, "World".
#pragma once

#include <cstdint>
#include <list>

#include "tools/ffa-trace/replay/compare.hpp"
#include "tools/ffa-trace/replay/given_world.hpp"
#include "tools/ffa-trace/replay/window.hpp"

namespace ffa_trace {

/// `unknown`: SPMC calls that nothing explains.
enum class ActivityKind : uint8_t { call, create, destroy, interrupt, unknown };

/// "call", "create", …
const char* activity_name(ActivityKind kind);

/// One thing that our mediator does, as a task of the simulation.
struct Activity {
  Activity(ActivityKind what, uint16_t whose, sim::trace::Event record, HeaderLayout layout);

  ActivityKind kind;
  uint16_t vm;              ///< who calls, is created or destroyed; 0: none
  sim::trace::Event first;  ///< the record that it begins with
  /// Read off SPMC calls: no record says when it ends.
  bool inferred;
  Window window;
  Subject subject;
  GuestAnswer answer;          ///< of a call
  int64_t result = 0;          ///< of what the host did: a status or ffa_sim_progress
  StepStimulus stimulus;       ///< what `first` tells of it, in a trace of the simulator's
  uint64_t switch_points = 0;  ///< that our mediator has reached
  uint64_t waits = 0;          ///< of a call: for another VM, that are over
  bool served = false;         ///< of a call: our mediator is done with it
  bool finished = false;       ///< our mediator is done
  bool ended = false;          ///< all its records are there
  bool between = false;        ///< between two events of the same activity: no record belongs to it
};

/// The activities that are under way, in the order in which they began. Their addresses stay.
class Activities {
 public:
  explicit Activities(HeaderLayout layout) : layout_(layout) {}

  Activity& open(ActivityKind kind, uint16_t vm, sim::trace::Event record);
  std::list<Activity>& all() { return all_; }

  /// Whose SPMC call this is: of the guest call on the same physical CPU, or of what the hypervisor
  /// does there; nullptr where something new begins.
  Activity* owner_of(const sim::trace::Event& record);
  /// The activity that began with the event `seq`; nullptr if there is none.
  Activity* began_at(uint64_t seq);
  /// The end of this VM, where it is under way; else nullptr.
  Activity* destruction_of(uint16_t vm);
  /// Ends inferred activities that `next`, which belongs to none of them, shows to be over.
  void end_inferred(const sim::trace::Event& next);

 private:
  HeaderLayout layout_;
  std::list<Activity> all_;
};

/// No more records belong to it.
void end(Activity& activity);

}  // namespace ffa_trace
