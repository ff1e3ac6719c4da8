// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/history.hpp"

#include <fmt/format.h>

#include <utility>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/check/guest_state.hpp"
#include "sim/explore/happens_before.hpp"

namespace sim::explore {
namespace {

using ffa::Fid;
using ffa::is_function;

/// Of a sequence of numbers.
class Digest {
 public:
  void add(uint64_t value) { value_ = combine(value_, value); }
  template <class... Values>
  void add_all(Values... values) {
    (add(static_cast<uint64_t>(values)), ...);
  }
  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 1;
};

uint64_t digest_of(std::string_view text) {
  Digest digest;
  for (const char letter : text) digest.add(static_cast<uint8_t>(letter));
  return digest.value();
}

void set_pair(ffa::Regs& regs, size_t low, uint64_t value) {
  regs.x[low] = value & 0xffffffff;
  regs.x[low + 1] = value >> 32;
}

/// A memory transaction descriptor in RX has its handle there. [DEN0140 §1.11]
constexpr size_t handle_offset = 8;

/// Id of the VM that is to receive a message, or has sent what is retrieved; 0: no such call, or TX
/// is not known. [DEN0077A 1.2 §7.3.1, DEN0140 §1.11]
uint16_t named_in_tx(const trace::Event& event) {
  if (const auto receiver = check::receiver_of(event.in, event.tx)) return receiver->raw();
  if (!is_function(event.in, Fid::mem_retrieve_req) || event.tx.size() < 2) return 0;
  return static_cast<uint16_t>(event.tx[0] | event.tx[1] << 8);
}

}  // namespace

std::string who_does_what(const HistoryEntry& entry) {
  if (!entry.call.host.empty()) return fmt::format("host {}", entry.call.host);
  const std::string who = fmt::format("{}.{}", entry.call.vm, entry.call.vcpu);
  const char* const name = ffa::fid_name(ffa::FunctionId{entry.call.in.x[0]}.raw);
  return name != nullptr ? fmt::format("{} {}", who, name)
                         : fmt::format("{} {:#x}", who, entry.call.in.x[0]);
}

std::string answer_text(const HistoryEntry& entry) {
  if (entry.end == 0) return "waits";
  if (!entry.text.empty()) return entry.text;
  if (ffa::is_error(entry.out)) return ffa::status_name(ffa::error_status(entry.out));
  const char* const name = ffa::fid_name(ffa::FunctionId{entry.out.x[0]}.raw);
  return name != nullptr ? name : fmt::format("{:#x}", entry.out.x[0]);
}

uint64_t HandleNames::name(uint64_t handle) const {
  const auto known = names_.find(handle);
  return known == names_.end() ? handle : known->second;
}

AnswerDigest HandleNames::digest(const WatchedCall& call, uint64_t number,
                                 const WatchedAnswer& answer) {
  if (answer.event == nullptr) return {digest_of(answer.text)};
  const trace::Event& event = *answer.event;
  ffa::Regs out = event.out;
  std::vector<uint8_t> rx = event.rx;
  const bool begins_send = check::is_memory_send(event.in);
  const bool asks_for_more = is_function(out, Fid::mem_frag_rx) && check::is_send_part(event.in);
  if (asks_for_more || is_function(out, Fid::mem_frag_tx)) {
    const uint64_t handle = check::requested_handle(out);
    if (begins_send) names_[handle] = combine(call.thread + 1, number);
    set_pair(out, 1, name(handle));
  } else if (ffa::is_success(out) && check::is_send_part(event.in)) {
    const uint64_t handle = check::answered_handle(out);
    if (begins_send) names_[handle] = combine(call.thread + 1, number);
    set_pair(out, 2, name(handle));
  } else if (is_function(out, Fid::mem_retrieve_resp) && rx.size() >= handle_offset + 8) {
    uint64_t handle = 0;
    for (size_t n = 8; n-- > 0;) handle = handle << 8 | rx[handle_offset + n];
    handle = name(handle);
    for (size_t n = 0; n < 8; ++n) {
      rx[handle_offset + n] = static_cast<uint8_t>(handle >> (8 * n) & 0xff);
    }
  }
  Digest registers;
  for (const uint64_t value : out.x) registers.add(value);
  Digest bytes;
  for (const uint8_t byte : rx) bytes.add(byte);
  return {registers.value(), rx.empty() ? 0 : bytes.value()};
}

namespace {

uint64_t fact_digest(const ffa_sim_fact& fact) {
  Digest digest;
  digest.add_all(fact.kind, fact.rx_state, fact.flags, fact.version, fact.shares, fact.quarantined,
                 fact.share_state, fact.pinned_pages, fact.rx_ipa, fact.tx_ipa, fact.rxtx_pages,
                 fact.ipa, fact.pages);
  return digest.value();
}

/// By VM. The order in which transactions are kept says nothing, that of the ranges of one does.
std::map<uint16_t, uint64_t> mediator_state(MediatorUnderTest& mediator) {
  std::map<uint16_t, uint64_t> vms;
  uint64_t share = 0;
  uint16_t of_vm = 0;
  const auto end_share = [&] {
    if (share != 0) vms[of_vm] += combine(share, 1);
    share = 0;
  };
  mediator.observe([&](const ffa_sim_fact& fact) {
    if (fact.kind == FFA_SIM_FACT_RANGE) {
      share = combine(share, fact_digest(fact));
      return;
    }
    end_share();
    of_vm = fact.vm;
    if (fact.kind == FFA_SIM_FACT_SHARE) share = fact_digest(fact);
    if (fact.kind == FFA_SIM_FACT_VM) vms[fact.vm] += fact_digest(fact);
  });
  end_share();
  return vms;
}

uint64_t regions_digest(const spmc_model::Spmc& model) {
  uint64_t all = 0;
  for (size_t n = 0; n < model.regions(); ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    Digest digest;
    digest.add_all(region.sender.raw(), region.pages, region.retrieved_by, region.complete,
                   region.lent, region.writable, region.owner_gone);
    for (uint32_t range = 0; range < region.ranges; ++range) {
      ffa::Pa pa{};
      ffa::PageCount pages{};
      model.region_range(n, range, pa, pages);
      digest.add_all(pa.raw(), pages.raw());
    }
    all += digest.value();
  }
  return all;
}

}  // namespace

WorldState state_of(Simulation& simulation) {
  using What = StatePart::What;
  WorldState state;
  Machine& machine = simulation.machine();
  spmc_model::Spmc* const model = simulation.secure_world().model();
  std::map<uint16_t, uint64_t> mediator = mediator_state(simulation.mediator());
  for (const VmSpec& spec : simulation.spec().vms) {
    const ffa::EndpointId id = spec.config.id;
    const uint16_t vm = id.raw();
    state.push_back({What::mediator, vm, mediator[vm]});
    if (model != nullptr) {
      Digest digest;
      digest.add_all(model->knows_vm(id), model->has_bitmap(id), model->bound_notifications(id),
                     model->pending_notifications(id));
      state.push_back({What::spmc_vm, vm, digest.value()});
    }
    Digest pins;
    uint64_t stage2 = 0;
    if (machine.has_vm(vm)) {
      for (const Pinned& pin : machine.pins(vm)) pins.add_all(pin.ipa, pin.pages, pin.count);
      pins.add(machine.mapped_buffers(vm));
      stage2 = machine.stage2_digest(vm);
    }
    state.push_back({What::pins, vm, pins.value()});
    state.push_back({What::stage2, vm, stage2});
  }
  if (model != nullptr) {
    state.push_back(
        {What::spmc, 0, combine(regions_digest(*model), model->owns_hypervisor_rx() ? 1 : 0)});
  }
  return state;
}

std::string name_of(const StatePart& part) {
  switch (part.what) {
    case StatePart::What::mediator:
      return fmt::format("the mediator's state of VM {}", part.vm);
    case StatePart::What::pins:
      return fmt::format("the pins of VM {}", part.vm);
    case StatePart::What::stage2:
      return fmt::format("the stage 2 of VM {}", part.vm);
    case StatePart::What::spmc_vm:
      return fmt::format("what the SPMC knows of VM {}", part.vm);
    case StatePart::What::spmc:
      return "what the SPMC holds";
  }
  return {};
}

void History::clear() {
  entries_.clear();
  threads_.clear();
  alone_.clear();
  phases_.clear();
  names_.clear();
  now_ = 0;
}

std::vector<size_t>& History::entries_of(size_t thread) {
  return thread == WatchedCall::none ? alone_ : threads_.at(thread);
}

void History::phase_begins(Simulation& /*simulation*/, size_t threads) {
  phases_.push_back({threads_.size(), threads, {}});
  threads_.resize(threads_.size() + threads);
}

/// What a guest did since its last call takes no time: nothing else happens meanwhile.
void History::guest_goes_on(size_t thread) {
  entries_of(thread).push_back(entries_.size());
  HistoryEntry& entry = entries_.emplace_back();
  entry.call.thread = thread;
  entry.between_calls = true;
  entry.begin = ++now_;
  entry.end = ++now_;
}

std::optional<ffa::Regs> History::call_begins(const WatchedCall& call) {
  std::vector<size_t>& mine = entries_of(call.thread);
  if (!mine.empty() && std::exchange(entries_[mine.back()].later, false)) return {};
  mine.push_back(entries_.size());
  HistoryEntry& entry = entries_.emplace_back();
  entry.call = call;
  entry.begin = ++now_;
  return {};
}

void History::call_ends(size_t thread, const WatchedAnswer& answer) {
  const std::vector<size_t>& mine = entries_of(thread);
  HistoryEntry& entry = entries_[mine.back()];
  entry.later = answer.later;
  if (answer.later) return;
  entry.answer = names_.digest(entry.call, mine.size(), answer);
  entry.text = answer.text;
  if (answer.event != nullptr) {
    entry.out = answer.event->out;
    entry.named_vm = named_in_tx(*answer.event);
  }
  entry.end = ++now_;
}

void History::phase_ends(Simulation& simulation) { phases_.back().end = state_of(simulation); }

uint64_t History::outcome() const {
  Digest digest;
  const auto add = [&](const std::vector<size_t>& entries) {
    for (const size_t number : entries) {
      const HistoryEntry& entry = entries_[number];
      if (!entry.between_calls) digest.add_all(entry.answer.value, entry.answer.rx, entry.end != 0);
    }
    digest.add(entries.size());
  };
  for (const auto& thread : threads_) add(thread);
  add(alone_);
  for (const Phase& phase : phases_) {
    for (const StatePart& part : phase.end) digest.add(part.digest);
  }
  return digest.value();
}

}  // namespace sim::explore
