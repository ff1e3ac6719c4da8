// SPDX-License-Identifier: BSD-3-Clause
// What a checker gets to see and how it speaks. Checkers know the mediator by its facts and by the
// trace only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/assembly.hpp"
#include "sim/check/guest_state.hpp"
#include "sim/engine/simulation.hpp"

namespace sim::check {

/// Values of `share_state`. [sim/platform/ffa_sim_mediator.h]
inline constexpr uint32_t share_shared = 2;
inline constexpr uint32_t share_reclaiming = 3;

/// The mediator's facts at one moment.
struct ShareFact {
  ffa_sim_fact fact{};
  std::vector<ffa_sim_fact> ranges;
};
struct VmFact {
  ffa_sim_fact fact{};
  std::vector<ShareFact> shares;
};
struct Facts {
  bool offered = false;
  std::map<uint16_t, VmFact> vms;
};
/// Whose ranges are told: of all transactions, or of those with this handle only.
struct RangesOf {
  bool all = true;
  uint64_t handle = 0;
};
Facts observe(MediatorUnderTest& mediator, RangesOf which = {});

/// Where steps happen: in the simulator, or elsewhere, of which only the trace is known.
class Scene {
 public:
  virtual ~Scene() = default;
  [[nodiscard]] virtual const WorldSpec& spec() const = 0;
  [[nodiscard]] virtual bool has_vm(uint16_t vm) const = 0;
  virtual void report(const std::string& id, const std::string& text) = 0;
  /// Nothing where only the trace is known.
  [[nodiscard]] virtual Simulation* simulation() const = 0;
};

/// One step that is over, or, for before(), about to begin.
struct Step {
  Scene& scene;
  const trace::Event& event;
  /// The mediator's SMCs of this step, in order. Empty before it.
  std::vector<const trace::Event*> smcs;
  /// No other step ran at any time during this one, and none runs now.
  bool alone = true;
  /// A fault has struck this world at some time.
  bool faulted = false;
  /// Not thorough: before() has none, after() those without ranges but what was just sent. Not
  /// alone: before() has none.
  const Facts& facts;
  /// What the guests' own calls tell, this one not counted in yet.
  const GuestStates& guests;
  /// What takes time for each live range is looked at, too. Always so while there are few of them;
  /// else every so many steps and in the life cycle.
  bool thorough = true;
  /// The descriptor of the send that this call is a part of, as far as it came; without bytes: of
  /// none. Empty before the step.
  Assembly::Part sent{};
  /// In which descriptors go to the SPMC, agreed at boot.
  ffa::Version spmc_version = ffa::v1_0;
  /// The trace has told of the VM's beginning, which goes on, or has begun to tell of its end.
  bool unserved = false;

  /// Not for the checkers of check_trace().
  [[nodiscard]] Simulation& sim() const { return *scene.simulation(); }
  [[nodiscard]] bool is_guest() const { return event.side == trace::Side::guest; }
  [[nodiscard]] const GuestState& guest() const { return guests.of(event.vm); }
  /// A call of FF-A's range by a VM that exists and has an FF-A mediator.
  [[nodiscard]] bool is_ffa() const;
  /// The VM came to its end meanwhile: what was done for it was that end's doing, too.
  [[nodiscard]] bool gone() const {
    return !alone && facts.offered && !facts.vms.contains(event.vm);
  }
  /// The VM's transaction with this handle, or nullptr.
  [[nodiscard]] const ShareFact* find_share(uint16_t vm, uint64_t handle) const;
  /// The VM is being created or torn down: its calls are refused whatever they are.
  [[nodiscard]] bool not_live() const;
};

class Checker {
 public:
  virtual ~Checker() = default;
  /// "I05".
  [[nodiscard]] virtual std::string id() const = 0;
  /// True if it sees nothing, or less, without the mediator's facts.
  [[nodiscard]] virtual bool needs_facts() const { return false; }
  virtual void before(const Step& /*step*/) {}
  virtual void after(const Step& step) = 0;
  /// What it knows, so that a world that begins again where it was finds it as it was then.
  [[nodiscard]] virtual std::unique_ptr<Checker> copy() const = 0;
  /// Knows what `other`, of the same class, does.
  virtual void assign(const Checker& other) = 0;

 protected:
  /// "VM 1.0 FFA_MEM_SHARE: text".
  void report(const Step& step, const std::string& text) const;
};

/// A checker that knows what its members hold.
template <class Derived, class Base = Checker>
class CheckerOf : public Base {
 public:
  [[nodiscard]] std::unique_ptr<Checker> copy() const override {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }
  void assign(const Checker& other) override {
    static_cast<Derived&>(*this) = static_cast<const Derived&>(other);
  }
};

/// "FFA_MEM_SHARE", "teardown", …
std::string name_of(const trace::Event& event);

using CheckerList = std::vector<std::unique_ptr<Checker>>;
void add_memory_checkers(CheckerList& list);        ///< I01, I02, I04, I05, I07, I08
void add_rights_checkers(CheckerList& list);        ///< I03, I10, I13, I14, I35
void add_fragment_checkers(CheckerList& list);      ///< I15, by the trace alone
void add_spmc_side_checkers(CheckerList& list);     ///< I01, I02, I07 as the SPMC remembers
void add_handle_checkers(CheckerList& list);        ///< I09, I12
void add_atomicity_checkers(CheckerList& list);     ///< I11
void add_buffer_checkers(CheckerList& list);        ///< I18, I19, I20, I21, I22
void add_register_checkers(CheckerList& list);      ///< I23, I24, I25, by the trace alone
void add_features_checkers(CheckerList& list);      ///< I27, by the trace alone
void add_call_checkers(CheckerList& list);          ///< I26 (part), I28 by the trace alone
void add_notification_checkers(CheckerList& list);  ///< I30, by the trace alone

}  // namespace sim::check
