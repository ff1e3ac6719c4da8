// SPDX-License-Identifier: BSD-3-Clause
// One case, run again and again, each run with an explanation (I32) or the violation that there is
// none.
#pragma once

#include <utility>

#include "sim/engine/case_world.hpp"
#include "sim/explore/linearizability.hpp"

namespace sim::explore {

/// True if calls of the case overlap, and no fault may strike one in one order and another one in
/// another.
bool can_be_explained(const scenario::CompiledCase& compiled);

class ExplainedWorld {
 public:
  /// As CaseWorld. Both must outlive this.
  ExplainedWorld(const scenario::CompiledCase& compiled, MediatorFactory& factory,
                 CaseWorld::Keeps keeps = CaseWorld::Keeps::second_run);

  /// As CaseWorld::run(). Runs that failed already, or in which something else than who goes on was
  /// chosen, get no explanation.
  const RunRecord& run(Choices& choices);
  RunRecord take_record() && { return std::move(world_).take_record(); }

 private:
  Linearizability linearizability_;
  CaseWorld world_;
};

}  // namespace sim::explore
