// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/explained_world.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "guest/program.hpp"

namespace sim::explore {

bool can_be_explained(const scenario::CompiledCase& compiled) {
  if (!compiled.world.faults.empty()) return false;
  // What a program from outside calls depends on all that it has seen.
  const auto runs_image = [](const auto& step) { return step.image.has_value(); };
  if (std::ranges::any_of(compiled.steps, runs_image)) return false;
  const auto control = guest::Program::open(compiled.control);
  if (!control.ok()) throw std::logic_error("byte code: a program does not open");
  for (uint32_t offset = 0;;) {
    const auto op = control->at(offset);
    if (!op.ok() || op->code == guest::Opcode::end) return false;
    if (op->code == guest::Opcode::parallel) return true;
    offset = op->next;
  }
}

ExplainedWorld::ExplainedWorld(const scenario::CompiledCase& compiled, MediatorFactory& factory,
                               CaseWorld::Keeps keeps)
    : linearizability_(compiled, factory),
      world_(compiled, factory, keeps, &linearizability_.watch()) {}

const RunRecord& ExplainedWorld::run(Choices& choices) {
  linearizability_.begin();
  const RunRecord& record = world_.run(choices);
  if (!record.violations.empty() || record.no_progress || record.stopped) return record;
  const auto& log = choices.log();
  const bool schedule_alone = std::all_of(log.begin(), log.end(), [](const Choice& choice) {
    return choice.taken == 0 || std::string_view{choice.label} == schedule_label;
  });
  if (!schedule_alone) return record;
  if (auto violation = linearizability_.judge()) {
    if (!record.events.empty()) violation->seq = record.events.back().seq;
    world_.report(std::move(*violation));
  }
  if (linearizability_.undecided()) world_.leave_undecided();
  return record;
}

}  // namespace sim::explore
