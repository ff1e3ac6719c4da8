// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/sel1/sp_work.hpp"

#include <algorithm>

#include "ports/qemu-virt/common/console.hpp"

extern "C" {
uint64_t enter_sp(ports::qemu::SpContext* context);
[[noreturn]] void leave_sp();
}

namespace ports::qemu {
namespace {

constexpr uint64_t spsr_el1h_masked = 0x3c5;
constexpr uint64_t fiq_mask = 0x40;
/// Some milliseconds: longer than EL2 lets pass until it interrupts.
constexpr uint64_t rounds_without_interrupt = 1'000'000;
/// That an SP still has to do after it was stopped for the last time.
constexpr uint64_t rounds_at_the_end = 1000;

uint64_t next(uint64_t value, uint64_t round) { return value * 6364136223846793005ULL + round; }

/// `value` and `round` stay in registers all the time.
[[noreturn]] void work_as_sp(SpTask* task) {
  uint64_t value = task->seed;
  for (uint64_t round = 0; round < task->limit; ++round) {
    value = next(value, round);
    task->rounds = round + 1;
  }
  task->value = value;
  leave_sp();
}

bool is_right(const SpTask& task) {
  uint64_t value = task.seed;
  for (uint64_t round = 0; round < task.rounds; ++round) value = next(value, round);
  return task.value == value;
}

}  // namespace

SpWorkers::Worker& SpWorkers::place_for(const spmc_model::SpWork& work) {
  const auto same = [&](const Worker& one) {
    return one.stopped && one.sp == work.sp && one.context == work.context;
  };
  auto* found = std::find_if(workers_.begin(), workers_.end(), same);
  if (work.resumed && found == workers_.end()) give_up(exit_broken, "an SP that never stopped");
  if (found == workers_.end()) {
    found = std::find_if(workers_.begin(), workers_.end(),
                         [](const Worker& one) { return !one.stopped; });
  }
  if (found == workers_.end()) give_up(exit_too_large, "SPs that were stopped");
  return *found;
}

bool SpWorkers::run(const spmc_model::SpWork& work) {
  Worker& worker = place_for(work);
  SpContext& registers = worker.registers;
  if (!work.resumed) {
    worker.sp = work.sp;
    worker.context = work.context;
    worker.task.seed = uint64_t{work.sp.raw()} << 16 | work.context;
    worker.task.rounds = 0;
    registers = {};
    registers.x[0] = reinterpret_cast<uintptr_t>(&worker.task);
    registers.sp = reinterpret_cast<uintptr_t>(worker.stack.data() + worker.stack.size());
    registers.elr = reinterpret_cast<uintptr_t>(&work_as_sp);
  }
  const uint64_t rounds = work.to_end ? rounds_at_the_end : rounds_without_interrupt;
  worker.task.limit = worker.task.rounds + rounds;
  registers.spsr = spsr_el1h_masked & ~(work.to_end ? uint64_t{0} : fiq_mask);
  worker.stopped = enter_sp(&registers) != 0;
  if (!worker.stopped && !is_right(worker.task)) {
    give_up(exit_broken, "an SP did not go on where it was stopped");
  }
  return worker.stopped;
}

}  // namespace ports::qemu
