// SPDX-License-Identifier: BSD-3-Clause
// One case, run again and again under other choices. What stands before its first threads leaves
// nothing to choose: the second run keeps the world as it is then, and from the third one on each
// begins there. Where that can't be, each run has a world of its own. Nobody can tell from a
// record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/engine/call_watch.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run_record.hpp"
#include "sim/scenario/compile.hpp"
#include "sim/sched/choices.hpp"

namespace sim {

class CaseWorld {
 public:
  /// Which run keeps the world for those that follow. It costs something, in vain if none does.
  enum class Keeps : uint8_t { first_run, second_run };
  /// All must outlive this. The world's faults are taken as they are. `watch`, if there is one, is
  /// told of the calls behind the set-up.
  CaseWorld(const scenario::CompiledCase& compiled, MediatorFactory& factory,
            Keeps keeps = Keeps::second_run, CallWatch* watch = nullptr);
  ~CaseWorld();
  CaseWorld(const CaseWorld&) = delete;
  CaseWorld& operator=(const CaseWorld&) = delete;

  /// One run. The record is valid until the next one, and has no hash: see hash(). Throws
  /// InputError for a world that can't be built, and what `choices` throws.
  const RunRecord& run(Choices& choices);
  /// Adds to the record of the last run.
  void report(Violation violation);
  void leave_undecided();
  /// The trace hash of the last run.
  [[nodiscard]] std::string hash() const;
  /// The record of the last run, with its hash. Nothing can be run any more.
  RunRecord take_record() &&;
  /// True if the last run began where the set-up had ended.
  [[nodiscard]] bool begun_again() const { return begun_again_; }

 private:
  struct World;
  void begin(Choices& choices);

  const scenario::CompiledCase& compiled_;
  MediatorFactory& factory_;
  CallWatch* watch_;
  std::unique_ptr<World> world_;
  bool keeps_;  ///< the next run, if it makes a world
  bool begun_again_ = false;
};

}  // namespace sim
