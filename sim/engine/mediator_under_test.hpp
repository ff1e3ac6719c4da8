// SPDX-License-Identifier: BSD-3-Clause
// The mediator as the simulator sees it: the built-in one, a plug-in, the AArch64 image. One
// instance per world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "mediator/limits.hpp"
#include "sim/platform/ffa_sim_mediator.h"

namespace sim {

/// A mediator that can't go on: an image that faults, or that never comes back (`stuck`). Thrown
/// through the call that it was in; ends the run of the case, which has failed.
class MediatorFault : public std::runtime_error {
 public:
  MediatorFault(const std::string& text, bool stuck) : std::runtime_error(text), stuck_(stuck) {}
  [[nodiscard]] bool stuck() const { return stuck_; }

 private:
  bool stuck_;
};

/// True if this ffa_sim_progress says that the operation has not ended.
constexpr bool goes_on(uint32_t progress) {
  return progress == FFA_SIM_RESTART || progress == FFA_SIM_LATER;
}

/// An invariant that the mediator broke, as those saw it who watch its instructions.
struct MonitorFinding {
  std::string invariant;
  std::string text;
};

class MediatorUnderTest {
 public:
  virtual ~MediatorUnderTest() = default;
  virtual std::string name() const = 0;
  virtual int32_t probe() = 0;
  virtual int32_t domain_init(const mediator::VmConfig& vm) = 0;
  virtual uint32_t domain_teardown(uint16_t vm) = 0;       ///< ffa_sim_progress
  virtual uint32_t relinquish_resources(uint16_t vm) = 0;  ///< ffa_sim_progress
  virtual void free_domain_ctx(uint16_t vm) = 0;
  /// ffa_sim_call. Registers are unchanged unless it was handled.
  virtual uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) = 0;
  virtual void schedule_receiver_interrupt() = 0;
  /// False: this mediator does not offer observation.
  virtual bool observe(const std::function<void(const ffa_sim_fact&)>& sink) = 0;
  virtual std::string rule_name(uint32_t rule) const = 0;
  /// False: it wrote outside the memory that it was handed.
  virtual bool memory_intact() const { return true; }
  /// What monitors have found since the last time.
  virtual std::vector<MonitorFinding> take_findings() { return {}; }
  /// The most stack that a call has taken so far; 0: not known.
  virtual uint64_t stack_bytes() const { return 0; }
  /// Keeps the state that it is in; restore() brings it back, any number of times. Once, and not
  /// while a call is under way. False: this mediator can't.
  virtual bool keep() { return false; }
  virtual void restore() {}
  /// A byte of the memory that it was handed, as mediator_word() counts; nothing: it is none of it.
  virtual std::optional<uint64_t> word_of(const void* /*word*/) const { return std::nullopt; }
};

/// Makes a mediator in a world. Loaded once, used for every case.
class MediatorFactory {
 public:
  virtual ~MediatorFactory() = default;
  virtual std::unique_ptr<MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                                    const mediator::MediatorConfig& config) = 0;
};

/// The mediator that is linked in.
std::unique_ptr<MediatorFactory> built_in_mediator();
/// A plug-in. Throws sim::InputError (file, reason) where it can't be loaded or speaks another ABI
/// version.
std::unique_ptr<MediatorFactory> load_mediator(const std::string& file);

}  // namespace sim
