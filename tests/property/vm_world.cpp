// SPDX-License-Identifier: BSD-3-Clause
#include "vm_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>

#include "ffa/fid.hpp"
#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "handle_names.hpp"
#include "partition_list.hpp"
#include "sim/engine/simulation.hpp"

namespace property {

using ffa::Fid;
using ffa::fid32;
using sim::trace::Event;
using sim::trace::Side;

namespace {

constexpr uint64_t first_pa = 0x50000000;
constexpr uint64_t pa_stride = 0x01000000;

bool is_family(uint16_t vm) { return vm != intruder; }

sim::VmSpec vm_spec(const Household& household, uint16_t vm, size_t place) {
  using sim::RegionKind;
  sim::VmSpec spec;
  spec.config.id = ffa::EndpointId{vm};
  spec.config.vcpus = vcpus;
  spec.config.max_shares = 8;
  spec.config.max_ranges = 64;
  spec.config.max_share_pages = 64;
  spec.config.max_rxtx_pages = 2;
  spec.config.borrow_window = {ffa::Ipa{window_ipa}, ffa::PageCount{window_pages}};
  const auto sp = [](uint16_t id) { return ffa::EndpointId{id}; };
  auto& peers = spec.config.peers;
  spec.config.reaches_sps = household.shared_sps;
  if (is_family(vm)) {
    peers = {sp(family[0]), sp(family[1]), sp(echo_sp), sp(family_sp)};
  } else {
    peers = {sp(intruder_echo_sp), sp(intruder_sp)};
    if (household.intruder_knocks) {
      peers[2] = sp(family[0]);
      peers[3] = sp(family[1]);
      spec.config.visible_to_vms = true;
    }
  }
  // Host memory is the VM's own, so that it lies where it lay when the VM begins anew.
  const uint64_t pa = first_pa + place * pa_stride;
  spec.memory = {{own_ram_ipa, own_ram_pages * page, RegionKind::ram_rw, {}, pa, page},
                 {own_tx_ipa, 4 * page, RegionKind::ram_rw, {}, pa + pa_stride / 2, page}};
  return spec;
}

sim::WorldSpec world_spec(const Household& household) {
  const Setting& setting = household.setting;
  sim::WorldSpec world = empty_world(setting);
  for (const uint16_t id : {echo_sp, family_sp, intruder_sp, intruder_echo_sp}) {
    sim::SpSpec sp;
    sp.id = id;
    const bool works = id == family_sp || id == intruder_sp;
    sp.kind = works ? sim::SpKind::memory_user : sim::SpKind::echo;
    sp.uuid.bytes[15] = static_cast<uint8_t>(id);
    sp.contexts = household.sp_contexts;
    constexpr uint32_t takes_all = spmc_model::default_properties | 1U << 2 | 1U << 9;
    sp.properties = told_of_vms(setting) ? takes_all : takes_all & ~0xc0U;
    world.sps.push_back(sp);
  }
  for (size_t n = 0; n < 2; ++n) world.vms.push_back(vm_spec(household, family[n], n));
  world.vms.push_back(vm_spec(household, intruder, 2));
  return world;
}

uint64_t digest(std::span<const uint8_t> bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

class World {
 public:
  World(const Program& program, bool with_intruder, sim::MediatorFactory& factory)
      : program_(program),
        choices_(sim::seeded_choices(program.household.schedule)),
        simulation_(world_spec(program.household), factory, choices_),
        with_intruder_(with_intruder) {}

  Run run();

 private:
  /// A vCPU, or the host: does one thing after the other, on a task of its own.
  struct Actor {
    std::function<void()> work;
    std::function<void()> doing;  ///< here, since a call that waits for ever never returns
    bool busy = false;
  };
  struct Vm {
    bool lives = false;
    bool dies = false;
    bool lost = false;        ///< its memory is in quarantine
    bool told = false;        ///< an SRI said that there are notifications, and it asked not yet
    bool told_again = false;  ///< another one did so after that
  };
  using Place = std::pair<uint16_t, uint16_t>;

  void start(const Step& step, size_t number);
  void work(Place place, std::function<void()> what);
  void settle(bool note);
  void make_call(const Step& step, size_t number);
  void change_host(const Step& step, size_t number);
  void destroy(const Step& step, size_t number);
  void touch_memory(const Step& step, size_t number);
  void write_tx(const Step& step);
  void note(size_t number, const Step& step, std::string text, std::vector<Relayed> relayed);
  void note_interrupts(bool by_sri);
  void note_crashes();
  std::vector<Relayed> relayed(const Step& step, uint64_t after) const;
  std::optional<uint16_t> sp_of(const Event& event) const;
  void note_remains();
  [[nodiscard]] uint64_t next_event() const {
    return simulation_.events().empty() ? 0 : simulation_.events().back().seq + 1;
  }
  HandleNames& names(uint16_t vm) { return is_family(vm) ? ours_ : theirs_; }
  HandleNames& others(uint16_t vm) { return is_family(vm) ? theirs_ : ours_; }
  const Event* last_call(const Step& step) const;

  const Program& program_;
  sim::Choices choices_;
  sim::Simulation simulation_;
  bool with_intruder_;
  bool closed_ = false;
  std::deque<Actor> all_;
  std::map<Place, Actor*> actors_;  // the host of each side is vCPU 0xffff
  std::map<uint16_t, Vm> vms_;
  HandleNames ours_;
  HandleNames theirs_;
  size_t at_ = 0;
  size_t interrupts_ = 0;                                             ///< of this step, noted
  std::map<std::pair<uint16_t, uint16_t>, std::vector<Entry>> seen_;  // in this step, by vCPU
  Run run_;
};

constexpr uint16_t host_place = 0xffff;

void World::work(Place place, std::function<void()> what) {
  Actor*& actor = actors_[place];
  if (actor == nullptr) {
    actor = &all_.emplace_back();
    simulation_.start({fmt::format("{:#x}.{}", place.first, place.second), [this, self = actor] {
                         while (!closed_) {
                           simulation_.wait_until(
                               [this, self] { return closed_ || self->work != nullptr; });
                           if (self->work == nullptr) continue;
                           self->doing = std::exchange(self->work, nullptr);
                           self->doing();
                           self->busy = false;
                         }
                       }});
  }
  actor->busy = true;
  actor->work = std::move(what);
}

Run World::run() {
  if (simulation_.boot() != 0) throw std::runtime_error("the world does not start");
  for (const uint16_t vm : {family[0], family[1], intruder}) {
    if (vm == intruder && !with_intruder_) continue;
    if (simulation_.create_vm(vm) != 0) throw std::runtime_error("a VM is not created");
    vms_[vm].lives = true;
  }
  for (size_t n = 0; n < program_.steps.size(); ++n) {
    const Step& step = program_.steps[n];
    if (!is_family(step.vm) && !with_intruder_) continue;
    if (is_family(step.vm)) at_ = n;
    start(step, n);
    if (!step.together) settle(true);
  }
  settle(true);
  note_remains();
  for (const sim::Violation& violation : simulation_.violations()) {
    run_.violations += violation.invariant + " " + violation.text + "\n";
  }
  closed_ = true;
  (void)simulation_.advance();
  return std::move(run_);
}

/// Lets everything happen that can happen now.
void World::settle(bool deliver) {
  if (!simulation_.advance()) throw std::runtime_error("no progress");
  note_interrupts(!deliver);
  if (deliver && simulation_.take_pending_sri()) {
    work({0, host_place}, [this] { simulation_.schedule_receiver_interrupt(); });
    return settle(false);
  }
  for (auto& [place, entries] : seen_) {
    std::move(entries.begin(), entries.end(), std::back_inserter(run_.entries));
  }
  seen_.clear();
  note_crashes();
  simulation_.forget_events();
  interrupts_ = 0;
}

/// Where the vCPU is in a call that waits, nothing happens: it can't make another.
void World::start(const Step& step, size_t number) {
  const bool on_vcpu = step.action == Action::call || step.action == Action::read_memory ||
                       step.action == Action::write_memory;
  const uint16_t side = is_family(step.vm) ? family[0] : intruder;
  const Place place = on_vcpu ? Place{step.vm, step.vcpu} : Place{side, host_place};
  const auto actor = actors_.find(place);
  if (actor != actors_.end() && actor->second != nullptr && actor->second->busy) {
    // A step of the intruder may still be to come.
    if (actor->second->work != nullptr) settle(true);
    if (actor->second != nullptr && actor->second->busy) return;
  }
  const Vm& vm = vms_[step.vm];
  if (on_vcpu && (!vm.lives || vm.dies)) return;
  if (step.action == Action::call) {
    work(place, [this, &step, number] { make_call(step, number); });
  } else if (on_vcpu) {
    work(place, [this, &step, number] { touch_memory(step, number); });
  } else {
    work(place, [this, &step, number] { change_host(step, number); });
  }
}

void World::write_tx(const Step& step) {
  if (step.tx.empty()) return;
  std::vector<uint8_t> image = step.tx;
  image.resize(tx_image_bytes);
  if (step.tx_handle_at) {
    const uint64_t handle = names(step.vm).resolve(step.tx_handle, others(step.vm));
    sim::scenario::put(image, *step.tx_handle_at, 8, handle);
  }
  simulation_.machine().write_ipa(step.vm, own_tx_ipa, std::as_bytes(std::span{image}));
}

const Event* World::last_call(const Step& step) const {
  const auto& events = simulation_.events();
  const auto mine = [&](const Event& event) {
    return event.side == Side::guest && event.vm == step.vm && event.vcpu == step.vcpu;
  };
  const auto found = std::find_if(events.rbegin(), events.rend(), mine);
  return found == events.rend() ? nullptr : &*found;
}

/// Whose answer a call of the mediator's is, or on whom it depends.
std::optional<uint16_t> World::sp_of(const Event& event) const {
  switch (event.in.w(0) & ~smc64_bit) {
    case fid32(Fid::msg_send_direct_req):
    case fid32(Fid::msg_send_direct_req2) & ~smc64_bit:
      return static_cast<uint16_t>(event.in.w(1));
    case fid32(Fid::mem_reclaim):  // refused as long as the borrower holds it
      return is_family(event.vm) || program_.household.shared_sps ? family_sp : intruder_sp;
    case fid32(Fid::run):
      return static_cast<uint16_t>(event.in.w(1) >> 16);
    case fid32(Fid::msg_send2):
      if (event.tx.size() < 14) return {};
      return static_cast<uint16_t>(event.tx[12] | event.tx[13] << 8);
    default:
      return {};
  }
}

/// An SP that answers ABORTED is not listed from then on.
void World::note_crashes() {
  for (const Event& event : simulation_.events()) {
    if (event.side != Side::spmc || is_family(event.vm)) continue;
    if (event.out.w(0) != fid32(Fid::error)) continue;
    if (ffa::error_status(event.out) != ffa::Status::aborted) continue;
    if (const auto sp = sp_of(event)) run_.crashed.insert(*sp);
  }
}

std::vector<Relayed> World::relayed(const Step& step, uint64_t after) const {
  std::vector<Relayed> all;
  for (const Event& event : simulation_.events()) {
    if (event.side != Side::spmc || event.vm != step.vm || event.vcpu != step.vcpu) continue;
    if (event.seq < after) continue;
    const bool to_sp =
        event.in.w(0) == fid32(Fid::msg_send_direct_req) && step.handle_register == 4;
    const ffa::Regs asked = without_handle(
        event.in, to_sp ? std::optional{step.handle_register} : handle_in_request(event.in));
    const ffa::Regs answered = without_handle(event.out, handle_in_answer(event.in, event.out));
    Relayed one;
    one.function = event.in.w(0);
    one.asked = fmt::format("{:x} tx {:x}", fmt::join(asked.x, " "), digest(event.tx));
    one.answered = fmt::format("{:x}", fmt::join(answered.x, " "));
    one.sp = sp_of(event);
    all.push_back(std::move(one));
  }
  return all;
}

void World::note(size_t number, const Step& step, std::string text, std::vector<Relayed> relayed) {
  if (!is_family(step.vm)) {
    for (const Relayed& one : relayed) {
      if (one.sp) run_.sps_of_intruder.insert(*one.sp);
    }
    return;
  }
  note_crashes();
  Entry entry{at_, fmt::format("{} {}", number, text), std::move(relayed)};
  entry.crashed = run_.crashed;
  seen_[{step.vm, step.vcpu}].push_back(std::move(entry));
}

void World::make_call(const Step& step, size_t number) {
  write_tx(step);
  ffa::Regs regs = step.in;
  HandleNames& own = names(step.vm);
  // What a step has made of another function may name no number: it is somebody else's elsewhere.
  const unsigned place = handle_in_request(regs).value_or(step.handle_register);
  if (place != 0) {
    const uint64_t handle = own.resolve(step.handle, others(step.vm));
    regs.x[place] = handle & 0xffffffff;
    regs.x[place + 1] = handle >> 32;
  }
  if (!is_family(step.vm)) ++run_.intruder_calls;
  simulation_.guest_call(step.vm, step.vcpu, step.hvc ? FFA_SIM_HVC : FFA_SIM_SMC, regs);
  const Event event = *last_call(step);
  const auto given = handle_in_answer(event.in, event.out);
  std::string handle;
  if (given) handle = own.name(event.in, handle_at(event.out, *given));
  std::vector<uint8_t> rx = event.rx;
  if (event.out.w(0) == fid32(Fid::mem_retrieve_resp) && rx.size() >= 16) {
    std::fill(rx.begin() + 8, rx.begin() + 16, uint8_t{0});
  }
  const bool asked = event.in.w(0) == fid32(Fid::notification_get) && (event.in.w(2) & 1U) != 0;
  if (asked && event.out.w(0) == fid32(Fid::success)) {
    vms_[step.vm].told = vms_[step.vm].told_again = false;
  }
  if (is_family(step.vm)) {
    const char* const function = ffa::fid_name(event.in.w(0));
    const bool error = event.out.w(0) == fid32(Fid::error);
    if (function != nullptr && !error) ++run_.served[function];
    if (error) ++run_.errors[ffa::status_name(ffa::error_status(event.out))];
  }
  const ffa::Regs seen = without_handle(event.out, given);
  note(number, step,
       fmt::format("answers {:x} {} rule {} RX {} bytes {:x}", fmt::join(seen.x, " "), handle,
                   event.rule, rx.size(), digest(rx)),
       relayed(step, event.seq));
  if (!is_family(step.vm)) return;
  const uint32_t function = event.in.w(0) & ~smc64_bit;
  Entry& entry = seen_[{step.vm, step.vcpu}].back();
  const auto& out = event.out.x;
  entry.interrupted =
      out[0] == fid32(Fid::interrupt) &&
      std::all_of(out.begin() + 2, out.end(), [](uint64_t word) { return word == 0; });
  entry.lists_sps = function == fid32(Fid::partition_info_get) ||
                    function == (fid64(Fid::partition_info_get_regs) & ~smc64_bit);
  if (entry.lists_sps) entry.listed = listed(event);
  // The mediator can't tell a list that repeats from one that is new.
  entry.told_again = function == fid32(Fid::notification_info_get) && vms_[step.vm].told_again;
}

void World::touch_memory(const Step& step, size_t number) {
  std::array<std::byte, 8> bytes{};
  sim::Machine& machine = simulation_.machine();
  bool there = false;
  if (step.action == Action::write_memory) {
    std::memcpy(bytes.data(), &step.value, bytes.size());
    there = machine.write_ipa(step.vm, step.address, bytes);
  } else {
    there = machine.read_ipa(step.vm, step.address, bytes);
  }
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  note(number, step, fmt::format("memory {} {:#x}", there, word), {});
}

void World::destroy(const Step& step, size_t number) {
  Vm& vm = vms_[step.vm];
  if (!vm.lives) return;
  vm.dies = true;
  const uint64_t now = next_event();
  uint32_t progress = FFA_SIM_RESTART;
  const bool whole = is_family(step.vm);
  const auto goes_on = [&progress] {
    return progress == FFA_SIM_RESTART || progress == FFA_SIM_LATER;
  };
  for (int round = 0; round < (whole ? 100000 : 1) && goes_on(); ++round) {
    progress = simulation_.destroy_vm(step.vm, static_cast<uint32_t>(step.value));
  }
  note(number, step, fmt::format("destroyed: {}", progress), relayed(step, now));
  if (goes_on()) return;
  vm = {.lost = progress == FFA_SIM_QUARANTINED};
  // Calls that waited never come back.
  for (uint16_t vcpu = 0; vcpu < vcpus; ++vcpu) actors_.erase({step.vm, vcpu});
}

void World::change_host(const Step& step, size_t number) {
  Vm& vm = vms_[step.vm];
  spmc_model::Spmc& model = *simulation_.secure_world().model();
  const ffa::EndpointId sp{step.sp};
  switch (step.action) {
    case Action::destroy:
      return destroy(step, number);
    case Action::create: {
      if (vm.lives || vm.lost) return;
      const uint64_t now = next_event();
      vm.lives = simulation_.create_vm(step.vm) == 0;
      return note(number, step, fmt::format("created: {}", vm.lives), relayed(step, now));
    }
    case Action::notify: {
      const auto status = model.set_notification(sp, ffa::EndpointId{step.vm}, step.value);
      return note(number, step, fmt::format("set: {}", ffa::status_name(status)), {});
    }
    case Action::interrupt:
      (void)simulation_.interrupt_vcpu(step.vm, step.vcpu);
      return;
    case Action::preempt:
      if (!is_family(step.vm)) run_.sps_of_intruder.insert(step.sp);
      return model.preempt(sp, static_cast<uint32_t>(step.value), step.stop);
    case Action::call:
    case Action::read_memory:
    case Action::write_memory:
      return;
  }
}

/// An SRI that says what the VM has been told already and has not asked for yet says nothing new.
/// It excuses nothing but a call that it ends.
void World::note_interrupts(bool by_sri) {
  const auto& injected = simulation_.injected();
  for (; interrupts_ < injected.size(); ++interrupts_) {
    const auto& irq = injected[interrupts_];
    Vm& vm = vms_[irq.vm];
    if (by_sri && std::exchange(vm.told, true)) {
      vm.told_again = true;
      for (Entry& entry : seen_[{irq.vm, irq.vcpu}]) {
        entry.told_again = entry.told_again || entry.interrupted;
      }
      continue;
    }
    if (is_family(irq.vm)) {
      run_.entries.push_back({at_, fmt::format("{:#x} gets interrupt {}", irq.vm, irq.irq), {}});
    }
  }
}

void World::note_remains() {
  const sim::Machine& machine = simulation_.machine();
  for (const uint16_t vm : family) {
    run_.remains.push_back(fmt::format("{:#x} lives {}", vm, vms_[vm].lives));
    if (!vms_[vm].lives) continue;
    std::vector<uint8_t> ram(own_ram_pages * page);
    for (uint64_t n = 0; n < own_ram_pages; ++n) {
      (void)machine.read_ipa(vm, own_ram_ipa + n * page,
                             std::as_writable_bytes(std::span{ram}.subspan(n * page, page)));
    }
    run_.remains.push_back(fmt::format(
        "RAM {:x}, stage 2 {:x}, pinned {}, withdrawn {}, borrowed {}, buffers {}", digest(ram),
        machine.stage2_digest(vm), machine.pinned_pages(vm), machine.withdrawn_pages(vm),
        machine.borrowed_pages(vm), machine.mapped_buffers(vm)));
  }
  simulation_.mediator().observe([this](const ffa_sim_fact& fact) {
    if (!is_family(fact.vm)) return;
    run_.remains.push_back(fmt::format(
        "{} {:#x}: RX {} flags {} version {:#x} shares {} "
        "quarantined {} state {} pinned {} buffers {} {:#x}+{}",
        fact.kind, fact.vm, fact.rx_state, fact.flags, fact.version, fact.shares, fact.quarantined,
        fact.share_state, fact.pinned_pages, fact.rxtx_pages, fact.ipa, fact.pages));
  });
}

}  // namespace

Run run_program(const Program& program, bool with_intruder, sim::MediatorFactory& factory) {
  return World(program, with_intruder, factory).run();
}

}  // namespace property
