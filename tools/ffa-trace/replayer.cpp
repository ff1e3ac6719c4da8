// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replayer.hpp"

#include <fmt/format.h>

#include <span>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/activity.hpp"
#include "tools/ffa-trace/bare_source.hpp"
#include "tools/ffa-trace/boot_state.hpp"
#include "tools/ffa-trace/handle_binding.hpp"
#include "tools/ffa-trace/model_world.hpp"
#include "tools/ffa-trace/recorded_world.hpp"
#include "tools/ffa-trace/records.hpp"
#include "tools/ffa-trace/survey.hpp"
#include "tools/ffa-trace/timeline.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;
using sim::trace::Event;
using sim::trace::Side;

/// What the replay remembers of a VM.
struct VmState {
  bool created = false;
  ffa::Version version = ffa::v1_1;  ///< negotiated, as captured
  uint64_t tx_ipa = 0;
  uint64_t rx_ipa = 0;
};

/// How a capture is replayed.
struct ReplayMode {
  bool model = false;  ///< the SPMC model answers
  bool bare = false;   ///< of a system without hypervisor
  bool stop_at_first = false;
};

std::unique_ptr<ReplayWorld> make_world(bool model, const Profile& profile) {
  if (model) return std::make_unique<ModelWorld>(profile);
  return std::make_unique<RecordedWorld>(profile);
}

class Replayer {
 public:
  Replayer(EventSource& source, sim::MediatorFactory& factory, const Survey& survey,
           const Profile& profile, const ReplayMode& mode)
      : timeline_(source),
        comparison_(profile),
        layout_(header_layout(survey.spmc_version)),
        choices_(sim::recorded_choices("", "replay"), false),
        mode_(mode),
        activities_(layout_),
        handles_(profile.payload_handles) {
    auto world = make_world(mode.model, profile);
    world_ = world.get();
    simulation_ = std::make_unique<sim::Simulation>(world_of(survey, profile), factory, choices_,
                                                    std::move(world));
    world_->attach(*simulation_);
    comparison_.counts().events = survey.events;
  }

  const Comparison& run() {
    boot();
    while (!done()) {
      if (const auto end = timeline_.next_end()) {
        end_event(end->seq);
      } else if (timeline_.peek()) {
        begin_event(timeline_.take());
      } else {
        break;
      }
      settle();
    }
    finish();
    return comparison_;
  }

 private:
  [[nodiscard]] bool done() const {
    return stuck_ || (mode_.stop_at_first && comparison_.counts().divergences != 0);
  }

  void boot() {
    Window window(layout_);
    window.boot = true;
    BootState captured;
    while (is_boot(timeline_.peek())) {
      Event record = timeline_.take();
      captured.follow(record.in, record.out);
      window.add(std::move(record));
    }
    window.close();
    start("boot", window, [&] { (void)simulation_->boot(); });
    (void)simulation_->advance();
    BootState ours;
    for (const Asked& asked : window.asked) {
      ours.follow(asked.in, asked.out);
      if (!asked.answer) ++comparison_.counts().boot;
      if (!asked.answer || !asked.from_model) continue;
      const Event& record = window.records()[*asked.answer];
      compare_reply(comparison_, of_record({}, record), record, asked);
    }
    if (mode_.bare) return;  // nobody captured the boot of a mediator that was not there
    const auto same = [&](const char* name, uint64_t expected, uint64_t actual) {
      comparison_.number({}, "boot-state", name, expected, actual, true);
    };
    same("boot.version", captured.version, ours.version);
    same("boot.tx", captured.tx_pa, ours.tx_pa);
    same("boot.rx", captured.rx_pa, ours.rx_pa);
    same("boot.pages", captured.pages, ours.pages);
    same("boot.rx_held", captured.rx_held ? 1 : 0, ours.rx_held ? 1 : 0);
  }

  static bool is_boot(const std::optional<Event>& event) {
    return event && event->side == Side::spmc && !created_vm(event->in) && !is_info_get(event->in);
  }

  /// A task of the simulation whose SPMC calls belong to `window`.
  template <class Body>
  void start(std::string name, Window& window, Body body) {
    simulation_->start({std::move(name), [this, &window, body = std::move(body)] {
                          world_->enter(window);
                          body();
                          world_->leave();
                        }});
  }
  template <class Body>
  void start(Activity& activity, std::string name, Body body) {
    start(std::move(name), activity.window, [&activity, body = std::move(body)] {
      body();
      activity.finished = true;
    });
  }

  void begin_event(Event event) {
    if (mode_.model) handles_.rewrite(event.in);
    if (event.side == Side::spmc) {
      spmc_call(std::move(event));
    } else {
      guest_call(std::move(event));
    }
  }

  void end_event(uint64_t seq) {
    if (Activity* const activity = activities_.began_at(seq)) return end(*activity);
    for (Activity& activity : activities_.all()) activity.window.end(seq);
  }

  /// Lets everything happen that can happen now, and compares what is over.
  void settle() {
    if (!stuck_ && !simulation_->advance()) stuck_ = true;
    auto& all = activities_.all();
    for (auto at = all.begin(); at != all.end();) {
      if (!at->ended || !(at->finished || stuck_)) {
        ++at;
        continue;
      }
      compare(*at);
      at = all.erase(at);
    }
    simulation_->forget_events();
  }

  void finish() {
    for (Activity& activity : activities_.all()) end(activity);
    settle();
    if (!stuck_) stuck_ = !simulation_->run({});
    settle();
    comparison_.counts().stimuli += world_->stimuli();
    for (const sim::Violation& violation : simulation_->violations()) {
      comparison_.diverge({}, "invariant", violation.invariant, "no violation", violation.text);
    }
  }

  // ---- SPMC calls.

  void spmc_call(Event event) {
    Activity* owner = activities_.owner_of(event);
    if (owner == nullptr) {
      activities_.end_inferred(event);
      settle();
      owner = &host_activity(event);
    }
    owner->window.add(std::move(event));
  }

  /// The hypervisor does something outside any guest call, of which this SPMC call is the first
  /// sign.
  Activity& host_activity(const Event& event) {
    const auto open = [&](ActivityKind kind, uint16_t vm) -> Activity& {
      Activity& activity = activities_.open(kind, vm, event);
      activity.window.boot = !guest_seen_;
      activity.finished = kind == ActivityKind::unknown;
      if (!activity.finished) ++comparison_.counts().stimuli;
      return activity;
    };
    if (is_info_get(event.in)) {
      Activity& activity = open(ActivityKind::interrupt, 0);
      start(activity, "interrupt", [this] { simulation_->schedule_receiver_interrupt(); });
      return activity;
    }
    if (const auto vm = created_vm(event.in); vm && !vms_[*vm].created) {
      Activity& activity = open(ActivityKind::create, *vm);
      create(activity);
      return activity;
    }
    if (const auto vm = destroyed_vm(event.in); vm && vms_[*vm].created) {
      Activity& activity = open(ActivityKind::destroy, *vm);
      destroy(activity);
      return activity;
    }
    return open(ActivityKind::unknown, 0);
  }

  void create(Activity& activity) {
    vms_[activity.vm] = {};
    vms_[activity.vm].created = true;
    start(activity, fmt::format("create vm{}", activity.vm),
          [this, &activity] { activity.result = simulation_->create_vm(activity.vm); });
  }

  void destroy(Activity& activity) {
    vms_[activity.vm].created = false;
    start(activity, fmt::format("destroy vm{}", activity.vm), [this, &activity] {
      for (;;) {
        activity.result = simulation_->destroy_vm(activity.vm, 0);
        if (activity.result != FFA_SIM_RESTART) return;
        // A call of the VM is still open.
        simulation_->wait_until([this, seen = calls_returned_] { return calls_returned_ != seen; });
      }
    });
  }

  // ---- Guest calls.

  void guest_call(Event event) {
    activities_.end_inferred(event);
    settle();
    guest_seen_ = true;
    if (!vms_[event.vm].created) {  // a capture whose SPMC is told nothing of VMs
      Activity& activity = activities_.open(ActivityKind::create, event.vm, event);
      activity.window.boot = true;
      ++comparison_.counts().stimuli;
      create(activity);
      end(activity);
      settle();
    }
    const VmState& vm = vms_[event.vm];
    Activity& call = activities_.open(ActivityKind::call, event.vm, std::move(event));
    call.subject.call = call.first.in;
    call.subject.guest_version = vm.version;
    call.answer.out = call.first.in;
    if (mode_.bare) call.window.add(call.first);  // what the SPMC itself said
    if (is(call.first.in, Fid::partition_info_get_regs)) rewrite_tag(call.answer.out);
    if (!call.first.tx.empty()) {
      const auto bytes = std::as_bytes(std::span<const uint8_t>(call.first.tx));
      if (!simulation_->machine().write_ipa(call.vm, vm.tx_ipa, bytes)) {
        comparison_.diverge(call.subject, "world", "tx", "a TX buffer to write to",
                            fmt::format("nothing at {:#x}", vm.tx_ipa));
      }
    }
    start(call, fmt::format("vm{}.{}", call.vm, call.first.vcpu), [this, &call, &vm] {
      const auto conduit = call.first.conduit == "hvc" ? FFA_SIM_HVC : FFA_SIM_SMC;
      const auto stay = [this, &call] { simulation_->wait_until([&call] { return call.ended; }); };
      simulation_->guest_call(call.vm, call.first.vcpu, conduit, call.answer.out, stay);
      call.answer.rx = read_rx(call.first, vm, call.answer.out);
      ++calls_returned_;
    });
  }

  void rewrite_tag(ffa::Regs& in) const {
    const auto captured = static_cast<uint16_t>(in.x[3] >> 16);
    in.x[3] = (in.x[3] & ~uint64_t{0xffff0000}) | static_cast<uint64_t>(tags_.ours(captured)) << 16;
  }

  /// What our mediator says it put into RX.
  std::vector<uint8_t> read_rx(const Event& event, const VmState& vm, const ffa::Regs& out) {
    const bool fills_rx = is(event.in, Fid::partition_info_get) && (event.in.w(5) & 1) == 0;
    if (!fills_rx || !ffa::is_success(out)) return {};
    const uint64_t step = out.w(3) != 0 ? out.w(3) : 8;
    const uint64_t length = std::min<uint64_t>(out.w(2) * step, 64 * ffa::page_size);
    std::vector<uint8_t> rx(length);
    const auto bytes = std::as_writable_bytes(std::span<uint8_t>(rx));
    if (!simulation_->machine().read_ipa(event.vm, vm.rx_ipa, bytes)) return {};
    return rx;
  }

  /// What the captured call changed for later ones.
  static void follow(const Event& event, VmState& vm) {
    if (is(event.in, Fid::version) && is_version(event.out)) {
      vm.version = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
    }
    if (is(event.in, Fid::rxtx_map) && ffa::is_success(event.out)) {
      const bool wide = ffa::FunctionId{event.in.x[0]}.is_smc64();
      vm.tx_ipa = wide ? event.in.x[1] : event.in.w(1);
      vm.rx_ipa = wide ? event.in.x[2] : event.in.w(2);
    }
  }

  // ---- Comparing.

  void compare(const Activity& activity) {
    if (!activity.finished) {
      comparison_.diverge(activity.subject, "progress", "call", "an end", "no progress");
      return;
    }
    if (!mode_.bare || activity.kind != ActivityKind::call) {
      compare_window(comparison_, activity.subject, activity.window);
    }
    switch (activity.kind) {
      case ActivityKind::call: {
        const auto& asked = activity.window.asked;
        const Asked* const last = asked.empty() ? nullptr : &asked.back();
        compare_guest(comparison_, activity.subject, activity.first, activity.answer, last, tags_);
        handles_.follow(activity.first.in, activity.first.out, activity.answer.out);
        follow(activity.first, vms_[activity.vm]);
        return;
      }
      case ActivityKind::create:
        comparison_.number(activity.subject, "lifecycle", "create.status", 0,
                           static_cast<uint64_t>(activity.result), true);
        return;
      case ActivityKind::destroy:
        comparison_.number(activity.subject, "lifecycle", "destroy.progress", FFA_SIM_DONE,
                           static_cast<uint64_t>(activity.result), true);
        return;
      case ActivityKind::interrupt:
      case ActivityKind::unknown:
        return;
    }
  }

  Timeline timeline_;
  Comparison comparison_;
  HeaderLayout layout_;
  sim::Choices choices_;
  ReplayMode mode_;
  Activities activities_;
  ReplayWorld* world_ = nullptr;  ///< the simulation's
  std::unique_ptr<sim::Simulation> simulation_;
  std::map<uint16_t, VmState> vms_;
  TagBinding tags_;
  HandleBinding handles_;
  uint64_t calls_returned_ = 0;
  bool guest_seen_ = false;
  bool stuck_ = false;  ///< no task can go on, and none is left
};

Profile choose_profile(const Survey& survey, const std::string& wanted) {
  if (!wanted.empty()) return find_profile(wanted);
  std::vector<std::string> sides;
  for (const Side side : survey.sides) sides.emplace_back(sim::trace::side_name(side));
  auto profile = profile_for(sides);
  return profile ? std::move(*profile) : no_profile();
}

ReplayResult replay_surveyed(EventSource& source, sim::MediatorFactory& factory,
                             const Survey& surveyed, const ReplaySettings& settings,
                             const ReplayMode& mode) {
  const Profile profile = choose_profile(surveyed, settings.profile);
  Replayer replayer(source, factory, surveyed, profile, mode);
  const Comparison& comparison = replayer.run();
  return {source.name(), profile.name, mode.model, comparison.counts(), comparison.divergences()};
}

ReplayResult replay_bare(EventSource& source, sim::MediatorFactory& factory,
                         const ReplaySettings& settings) {
  if (settings.spmc == "recorded") {
    throw sim::InputError(source.name(),
                          "a capture without a hypervisor has no answers to one: it replays "
                          "against the model (--spmc model)");
  }
  BareSource bare(source);
  Survey surveyed = survey(bare);
  surveyed.sides = {Side::linux_};
  return replay_surveyed(bare, factory, surveyed, settings, {true, true, settings.stop_at_first});
}

}  // namespace

ReplayResult replay_trace(EventSource& source, sim::MediatorFactory& factory,
                          const ReplaySettings& settings) {
  if (is_bare(source)) return replay_bare(source, factory, settings);
  const Survey surveyed = survey(source);
  if (surveyed.sides.count(Side::guest) == 0 || surveyed.sides.count(Side::spmc) == 0) {
    throw sim::InputError(source.name(), "not supported yet: a capture with one side only");
  }
  return replay_surveyed(source, factory, surveyed, settings,
                         {settings.spmc == "model", false, settings.stop_at_first});
}

}  // namespace ffa_trace
