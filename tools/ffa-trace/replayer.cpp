// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replayer.hpp"

#include <fmt/format.h>

#include <span>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/recorded_world.hpp"
#include "tools/ffa-trace/survey.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;
using sim::trace::Event;
using sim::trace::Side;

bool is(const ffa::Regs& regs, Fid fid) { return ffa::is_function(regs, fid); }

bool is_vm_created(const Event& event) {
  return is(event.in, Fid::msg_send_direct_req) &&
         event.in.w(2) == ffa::framework_word(ffa::FrameworkMessage::vm_created_request);
}

/// The VM whose creation this SPMC record belongs to, if any.
std::optional<uint16_t> created_vm(const Event& event) {
  if (is_vm_created(event)) return static_cast<uint16_t>(event.in.w(5));
  if (is(event.in, Fid::notification_bitmap_create)) return static_cast<uint16_t>(event.in.w(1));
  return std::nullopt;
}

bool is_info_get(const Event& event) { return is(event.in, Fid::notification_info_get); }
bool more_pending(const Event& event) {
  return ffa::is_success(event.out) && (event.out.x[2] & 1) != 0;
}

/// One event of look-ahead over a source.
class Ahead {
 public:
  explicit Ahead(EventSource& source) : source_(source) {
    source_.rewind();
    advance();
  }
  [[nodiscard]] const std::optional<Event>& peek() const { return next_; }
  Event take() {
    Event event = std::move(*next_);
    advance();
    return event;
  }

 private:
  void advance() { next_ = source_.next(); }
  EventSource& source_;
  std::optional<Event> next_;
};

/// What the replay remembers of a VM.
struct VmState {
  bool created = false;
  ffa::Version version = ffa::v1_1;  ///< negotiated, as captured
  uint64_t tx_ipa = 0;
  uint64_t rx_ipa = 0;
};

/// The state that the mediator's boot reaches, read off its requests or off the records.
struct BootState {
  uint64_t version = 0;
  uint64_t tx_pa = 0;
  uint64_t rx_pa = 0;
  uint64_t pages = 0;
  bool rx_held = false;

  void follow(const ffa::Regs& in, const ffa::Regs& out) {
    if (is(in, Fid::version)) version = in.w(1);
    if (!ffa::is_success(out)) return;
    if (is(in, Fid::rxtx_map)) {
      tx_pa = in.x[1];
      rx_pa = in.x[2];
      pages = in.w(3);
    }
    if (is(in, Fid::partition_info_get) && (in.w(5) & 1) == 0) rx_held = true;
    if (is(in, Fid::rx_release)) rx_held = false;
  }
};

class Replayer {
 public:
  Replayer(EventSource& source, sim::MediatorFactory& factory, const Survey& survey,
           const Profile& profile, bool stop_at_first)
      : source_(source),
        comparison_(profile),
        layout_(header_layout(survey.spmc_version)),
        choices_(sim::recorded_choices("", "replay")),
        stop_at_first_(stop_at_first) {
    auto world = std::make_unique<RecordedWorld>(layout_);
    world_ = world.get();
    simulation_ = std::make_unique<sim::Simulation>(world_of(survey, profile), factory, choices_,
                                                    std::move(world));
    world_->attach(simulation_->spec(), simulation_->machine());
    comparison_.counts().events = survey.events;
  }

  const Comparison& run() {
    Ahead ahead(source_);
    boot(ahead);
    while (ahead.peek() && !done()) {
      Event event = ahead.take();
      if (event.side == Side::guest) {
        Nested nested = nested_of(event, ahead);
        guest_call(event, std::move(nested.own));
        for (Event& interrupt : nested.interrupts) interrupt_came(std::move(interrupt), nullptr);
      } else {
        outside_call(event, ahead);
      }
      simulation_->forget_events();
    }
    for (const sim::Violation& violation : simulation_->violations()) {
      comparison_.diverge({}, "invariant", violation.invariant, "no violation", violation.text);
    }
    return comparison_;
  }

 private:
  [[nodiscard]] bool done() const {
    return stop_at_first_ && comparison_.counts().divergences != 0;
  }

  void boot(Ahead& ahead) {
    std::vector<Event> records;
    BootState captured;
    while (ahead.peek() && ahead.peek()->side == Side::spmc && !created_vm(*ahead.peek()) &&
           !is_info_get(*ahead.peek())) {
      records.push_back(ahead.take());
      captured.follow(records.back().in, records.back().out);
    }
    world_->open_window(std::move(records), true);
    (void)simulation_->boot();
    BootState ours;
    for (const Asked& asked : world_->asked()) {
      ours.follow(asked.in, asked.out);
      if (!asked.answer) ++comparison_.counts().boot;
    }
    const Subject subject;
    const auto same = [&](const char* name, uint64_t expected, uint64_t actual) {
      comparison_.number(subject, "boot-state", name, expected, actual, true);
    };
    same("boot.version", captured.version, ours.version);
    same("boot.tx", captured.tx_pa, ours.tx_pa);
    same("boot.rx", captured.rx_pa, ours.rx_pa);
    same("boot.pages", captured.pages, ours.pages);
    same("boot.rx_held", captured.rx_held ? 1 : 0, ours.rx_held ? 1 : 0);
  }

  /// The SPMC records inside a guest call: its own, and the interrupts that came on other CPUs
  /// meanwhile.
  struct Nested {
    std::vector<Event> own;
    std::vector<Event> interrupts;
  };
  static Nested nested_of(const Event& call, Ahead& ahead) {
    Nested nested;
    while (ahead.peek() && ahead.peek()->seq < call.seq_ret) {
      const bool elsewhere = ahead.peek()->pcpu != call.pcpu;
      (elsewhere ? nested.interrupts : nested.own).push_back(ahead.take());
    }
    return nested;
  }

  /// An SPMC record inside no guest call: a VM is created, or the schedule receiver interrupt came.
  void outside_call(Event& event, Ahead& ahead) {
    if (is_info_get(event)) return interrupt_came(std::move(event), &ahead);
    Subject subject;
    subject.event = event.seq;
    const auto vm = created_vm(event);
    std::vector<Event> records;
    records.push_back(std::move(event));
    while (vm && ahead.peek() && ahead.peek()->side == Side::spmc &&
           created_vm(*ahead.peek()) == vm) {
      records.push_back(ahead.take());
    }
    world_->open_window(std::move(records), !guest_seen_);
    if (vm && !vms_[*vm].created) create(*vm, subject);
    compare_window(comparison_, subject, *world_, layout_);
  }

  /// The hypervisor asked who has notifications pending, and again while there was more (`ahead`,
  /// where more may follow).
  void interrupt_came(Event event, Ahead* ahead) {
    Subject subject;
    subject.event = event.seq;
    std::vector<Event> records;
    records.push_back(std::move(event));
    while (ahead != nullptr && more_pending(records.back()) && ahead->peek() &&
           ahead->peek()->side == Side::spmc && is_info_get(*ahead->peek())) {
      records.push_back(ahead->take());
    }
    world_->open_window(std::move(records), !guest_seen_);
    ++comparison_.counts().stimuli;
    simulation_->schedule_receiver_interrupt();
    compare_window(comparison_, subject, *world_, layout_);
  }

  void create(uint16_t vm, const Subject& subject) {
    ++comparison_.counts().stimuli;
    vms_[vm].created = true;
    const int32_t status = simulation_->create_vm(vm);
    comparison_.number(subject, "lifecycle", "create.status", 0,
                       static_cast<uint64_t>(static_cast<int64_t>(status)), true);
  }

  void guest_call(const Event& event, std::vector<Event> nested) {
    guest_seen_ = true;
    VmState& vm = vms_[event.vm];
    Subject subject;
    subject.event = event.seq;
    if (!vm.created) {  // a capture whose SPMC is told nothing of VMs
      world_->open_window({}, true);
      create(event.vm, subject);
    }
    subject.call = event.in;
    subject.guest_version = vm.version;
    world_->open_window(std::move(nested), false);
    const GuestAnswer answer = call(event, vm, subject);
    compare_window(comparison_, subject, *world_, layout_);
    const auto& asked = world_->asked();
    const auto last = asked.empty() ? std::nullopt : std::optional(asked.back().out);
    compare_guest(comparison_, subject, event, answer, last, tags_);
    follow(event, vm);
  }

  GuestAnswer call(const Event& event, const VmState& vm, const Subject& subject) {
    GuestAnswer answer;
    answer.out = event.in;
    if (is(event.in, Fid::partition_info_get_regs)) rewrite_tag(answer.out);
    if (!event.tx.empty()) {
      const auto bytes = std::as_bytes(std::span<const uint8_t>(event.tx));
      if (!simulation_->machine().write_ipa(event.vm, vm.tx_ipa, bytes)) {
        comparison_.diverge(subject, "world", "tx", "a TX buffer to write to",
                            fmt::format("nothing at {:#x}", vm.tx_ipa));
      }
    }
    const bool ended =
        simulation_->run({{fmt::format("vm{}.{}", event.vm, event.vcpu), [&] {
                             simulation_->guest_call(event.vm, event.vcpu, FFA_SIM_SMC, answer.out);
                           }}});
    if (!ended) comparison_.diverge(subject, "progress", "call", "an end", "no progress");
    answer.rx = read_rx(event, vm, answer.out);
    return answer;
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
    if (is(event.in, Fid::version) && (event.out.w(0) >> 31) == 0) {
      vm.version = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
    }
    if (is(event.in, Fid::rxtx_map) && ffa::is_success(event.out)) {
      vm.tx_ipa = event.in.x[1];
      vm.rx_ipa = event.in.x[2];
    }
  }

  EventSource& source_;
  Comparison comparison_;
  HeaderLayout layout_;
  sim::Choices choices_;
  bool stop_at_first_;
  RecordedWorld* world_ = nullptr;  ///< the simulation's
  std::unique_ptr<sim::Simulation> simulation_;
  std::map<uint16_t, VmState> vms_;
  TagBinding tags_;
  bool guest_seen_ = false;
};

Profile choose_profile(const Survey& survey, const std::string& wanted) {
  if (!wanted.empty()) return find_profile(wanted);
  std::vector<std::string> sides;
  for (const Side side : survey.sides) sides.emplace_back(sim::trace::side_name(side));
  auto profile = profile_for(sides);
  return profile ? std::move(*profile) : no_profile();
}

}  // namespace

ReplayResult replay_trace(EventSource& source, sim::MediatorFactory& factory,
                          const ReplaySettings& settings) {
  const Survey surveyed = survey(source);
  if (surveyed.sides.count(Side::guest) == 0 || surveyed.sides.count(Side::spmc) == 0) {
    throw sim::InputError(source.name(), "not supported yet: a capture with one side only");
  }
  const Profile profile = choose_profile(surveyed, settings.profile);
  Replayer replayer(source, factory, surveyed, profile, settings.stop_at_first);
  const Comparison& comparison = replayer.run();
  return {source.name(), profile.name, comparison.counts(), comparison.divergences()};
}

}  // namespace ffa_trace
