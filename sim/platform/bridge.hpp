// SPDX-License-Identifier: BSD-3-Clause
// The world operations of the plug-in ABI, on top of machine and scheduler: each one is a yield
// point, may be struck by a fault, and is told to the World. Owned by Simulation; called by
// mediators only, through ops().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/machine/machine.hpp"
#include "sim/platform/faults.hpp"
#include "sim/platform/ffa_sim_mediator.h"
#include "sim/sched/operation.hpp"
#include "sim/sched/scheduler.hpp"

namespace sim {

/// An access to a mapped buffer. `buffer` as Machine numbers them.
enum class CopyKind : uint8_t { in, out, clear };
struct BufferAccess {
  CopyKind kind = CopyKind::in;
  uint32_t buffer = 0;
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// What the engine contributes and wants to know. Called on the fiber that runs the mediator.
class World {
 public:
  virtual ~World() = default;
  virtual ffa::Regs smc(uint16_t vm, const ffa::Regs& in) = 0;
  /// False: the vCPU is offline.
  virtual bool inject_irq(uint16_t vm, uint16_t vcpu, uint32_t irq) = 0;
  virtual void wake(uint16_t vm, uint16_t vcpu) = 0;
  virtual uint16_t pcpu() = 0;
  virtual bool vm_get(uint16_t vm) = 0;
  virtual void vm_put(uint16_t vm) = 0;
  virtual void log(uint32_t level, std::string_view text) = 0;
  virtual void rules(uint16_t vm, uint16_t vcpu, const std::vector<uint32_t>& accepted,
                     uint32_t rejected) = 0;
  virtual void translated(uint16_t vm, uint64_t ipa, uint64_t asked,
                          const mediator::Extent& extent) = 0;
  virtual void mapped(uint16_t vm, uint64_t ipa, uint64_t pages, uint32_t buffer) = 0;
  virtual void unmapped(uint32_t buffer) = 0;
  virtual void accessed(const BufferAccess& access) = 0;
  /// Right before a part of a buffer, within one page, is copied to the mediator.
  virtual void reading(const BufferAccess& part) = 0;
  /// Right before a buffer is read, and right after: whoever may write there can.
  virtual void around_read(const BufferAccess& access) = 0;
  /// A word of the mediator's memory as an Operation names it; nothing: it is none of it.
  virtual std::optional<uint64_t> word_of(const void* word) = 0;
  virtual void report(std::string_view invariant, const std::string& text) = 0;
};

class Bridge {
 public:
  Bridge(Machine& machine, Scheduler& scheduler, Faults& faults, World& world)
      : machine_(machine), scheduler_(scheduler), faults_(faults), world_(world) {}

  /// Hand &bridge to the mediator as its `world`.
  static const ffa_sim_world_ops& ops();

  /// Operations of work that are allowed from now on; 0: without limit.
  void set_budget(uint32_t operations) {
    budget_ = operations;
    used_ = 0;
  }
  /// A guest call or life-cycle operation begins: from here the limit on its operations counts
  /// (I33).
  void begin_call() { operations_ = 0; }
  /// Between true and false the mediator is only looked at: nothing may change, nothing yields,
  /// locks are not taken.
  void set_observing(bool observing) { observing_ = observing; }
  /// As between two calls, whatever was going on.
  void restore() {
    set_budget(0);
    begin_call();
    set_observing(false);
  }

 private:
  struct Calls;
  bool enter(const char* what, const Operation& operation = {});
  const FaultSpec* strike(std::string_view op);
  [[nodiscard]] Operation on_word(OperationKind kind, const void* word, bool write) const;
  [[nodiscard]] Operation on_buffer(uint32_t buffer, bool write) const;
  template <class Copy>
  void copy_pages(const char* what, const BufferAccess& access, Copy copy);

  Machine& machine_;
  Scheduler& scheduler_;
  Faults& faults_;
  World& world_;
  uint32_t budget_ = 0;
  uint32_t used_ = 0;
  std::vector<uint32_t> accepted_rules_;  // of the call at hand: kept for its memory
  uint64_t operations_ = 0;
  bool observing_ = false;
};

}  // namespace sim
