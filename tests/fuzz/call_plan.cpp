// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/call_plan.hpp"

#include <algorithm>
#include <utility>

#include "ffa/fid.hpp"
#include "sim/scenario/descriptor.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using guest::Opcode;
using sim::scenario::DescriptorPlan;
using What = PlanStep::What;

constexpr uint64_t page = 4096;
constexpr uint64_t odd_values[] = {
    0,          1,          2,           3,          4,          8,          16,         32,
    48,         64,         0xfff,       0x1000,     0x1001,     0x7fff,     0x8000,     0xffff,
    0x10000,    0x7fffffff, 0x80000000,  0xffffffff, tx_ipa,     rx_ipa,     ram_ipa,    vm1_id,
    vm2_id,     sp_ids[0],  sp_ids[1],   sp_ids[2],  0x21018a01, 0x21018a02, 0x22038a02, 0x21012203,
    0x22032101, ~0ULL,      ~0ULL << 32, 1ULL << 63};

/// Reads steps; each operation of the byte code becomes one or some.
class PlanReader {
 public:
  PlanReader(Input& input, Plan& plan) : input_(input), plan_(plan) {}
  void one(std::vector<PlanStep>& to);

 private:
  uint64_t value() {
    const uint8_t which = input_.byte();
    return which < std::size(odd_values) ? odd_values[which] : input_.take(which & 7);
  }
  uint16_t slot() { return input_.byte() % slots; }
  [[nodiscard]] uint16_t id() const { return actor_ == Actor::vm2_0 ? vm2_id : vm1_id; }
  [[nodiscard]] uint16_t other() const { return actor_ == Actor::vm2_0 ? vm1_id : vm2_id; }
  [[nodiscard]] ffa::Version version() const {
    const WorldSetting& setting = setting_of(plan_.world);
    return actor_ == Actor::vm2_0 ? setting.vm2 : setting.vm1;
  }
  uint16_t endpoint() {
    const uint8_t which = input_.byte();
    return which % 5 < 3 ? sp_ids[which % 5] : which % 5 == 3 ? other() : id();
  }

  void raw();
  void send();
  void fragment();
  void reclaim();
  void retrieve();
  void relinquish();
  void request();
  void plain();
  void store();
  void message();
  void host();
  DescriptorPlan descriptor();
  void pieces(const DescriptorPlan& descriptor, std::vector<uint8_t> bytes, uint64_t function);

  Input& input_;
  Plan& plan_;
  Actor actor_ = Actor::vm1_0;
  std::vector<PlanStep>* to_ = nullptr;
};

void PlanReader::one(std::vector<PlanStep>& to) {
  to_ = &to;
  const uint8_t code = input_.byte();
  static constexpr Actor who[] = {Actor::vm1_0, Actor::vm2_0, Actor::vm1_1, Actor::vm1_0};
  actor_ = who[code >> 6];
  using Read = void (PlanReader::*)();
  static constexpr Read reads[] = {
      &PlanReader::raw,     &PlanReader::send,     &PlanReader::send,     &PlanReader::send,
      &PlanReader::reclaim, &PlanReader::reclaim,  &PlanReader::retrieve, &PlanReader::relinquish,
      &PlanReader::request, &PlanReader::plain,    &PlanReader::plain,    &PlanReader::store,
      &PlanReader::message, &PlanReader::fragment, &PlanReader::host,     &PlanReader::request};
  (this->*reads[code & 15])();
}

void PlanReader::raw() {
  const uint8_t which = input_.byte();
  PlanStep step = PlanStep::call_of(
      actor_, (which & 0x80) != 0 ? 0xc4000060 + (which & 0x3fU) : 0x84000060 + (which & 0x3fU));
  const uint8_t given = input_.byte();
  for (unsigned n = 1; n < 8; ++n) {
    if ((given >> n & 1) != 0) step.x[n] = value();
  }
  step.hvc = (given & 1) != 0;
  to_->push_back(step);
}

DescriptorPlan PlanReader::descriptor() {
  DescriptorPlan plan;
  plan.layout = version();
  plan.sender = id();
  const uint8_t receivers = input_.byte();
  for (unsigned n = 0; n < 4; ++n) {
    if ((receivers >> n & 1) == 0) continue;
    const uint8_t permissions = (receivers >> (4 + n) & 1) != 0 ? 1 : 2;
    plan.receivers.push_back({.id = n < 3 ? sp_ids[n] : other(), .permissions = permissions});
  }
  if (plan.receivers.empty()) plan.receivers.push_back({.id = sp_ids[1]});
  const unsigned count = 1 + input_.byte() % 6;
  for (unsigned n = 0; n < count; ++n) {
    const uint64_t at = input_.byte();
    plan.ranges.push_back({ram_ipa + at * page, 1U + input_.byte() % 8});
  }
  return plan;
}

/// Sends the bytes, in as many fragments as a byte says.
void PlanReader::pieces(const DescriptorPlan& descriptor, std::vector<uint8_t> bytes,
                        uint64_t function) {
  const uint8_t how = input_.byte();
  const uint16_t handle = how >> 4 & 7;
  const size_t left_out = std::min<size_t>(how & 7, descriptor.ranges.size()) * 16;
  const size_t length = bytes.size();
  size_t done = length - std::min(left_out, length);
  to_->push_back(
      PlanStep::write_of(actor_, tx_ipa, {bytes.begin(), bytes.begin() + static_cast<long>(done)}));
  PlanStep first = PlanStep::call_of(actor_, function);
  first.x[1] = length;
  first.x[2] = done;
  first.slot = handle;
  first.save_from = done < length ? 1 : 2;
  to_->push_back(first);
  const size_t piece = (how & 8) != 0 ? 16 : 64;
  while (done < length) {
    const size_t now = std::min(piece, length - done);
    const auto from = bytes.begin() + static_cast<long>(done);
    to_->push_back(PlanStep::write_of(actor_, tx_ipa, {from, from + static_cast<long>(now)}));
    PlanStep next = PlanStep::call_of(actor_, fid32(Fid::mem_frag_tx));
    next.handle_register = 1;
    next.slot = handle;
    next.x[3] = now;
    to_->push_back(next);
    done += now;
  }
}

void PlanReader::send() {
  static constexpr Fid functions[] = {Fid::mem_share, Fid::mem_lend, Fid::mem_share,
                                      Fid::mem_donate};
  const uint8_t how = input_.byte();
  const Fid fid = functions[how & 3];
  DescriptorPlan plan = descriptor();
  const bool one = plan.receivers.size() == 1;
  if (fid == Fid::mem_donate) plan.receivers = {{.id = plan.receivers[0].id, .permissions = 0}};
  if (fid == Fid::mem_donate || (fid == Fid::mem_lend && one)) plan.attributes = 0;
  if ((how & 8) != 0) plan.flags = 1;
  std::vector<uint8_t> bytes = sim::scenario::build_descriptor(plan);
  if ((how & 0x30) == 0x30) {
    const uint8_t at = input_.byte();
    const uint32_t width = 1U << (at & 3);
    const uint64_t place = (at / 4 * 4) % (bytes.size() - 8);
    sim::scenario::put(bytes, place, width, value());
  }
  pieces(plan, std::move(bytes), (how & 4) != 0 ? fid64(fid) : fid32(fid));
}

void PlanReader::fragment() {
  PlanStep step = PlanStep::call_of(actor_, fid32(Fid::mem_frag_tx));
  step.handle_register = 1;
  step.slot = slot();
  step.x[3] = input_.byte();
  if ((step.x[3] & 1) != 0) step.x[0] = fid32(Fid::mem_frag_rx);
  to_->push_back(step);
}

void PlanReader::reclaim() {
  PlanStep step = PlanStep::call_of(actor_, fid32(Fid::mem_reclaim));
  step.handle_register = 1;
  const uint8_t how = input_.byte();
  step.slot = how % slots;
  step.x[3] = how >> 6;
  to_->push_back(step);
}

void PlanReader::retrieve() {
  const uint8_t how = input_.byte();
  DescriptorPlan plan;
  plan.layout = version();
  plan.sender = other();
  plan.attributes = (how & 0x10) != 0 ? 0x2f : 0;
  plan.flags = (how & 0x60) != 0 ? input_.word() : 0;
  plan.receivers = {{.id = id(), .permissions = static_cast<uint8_t>((how & 0x80) != 0 ? 1 : 2)}};
  std::vector<uint8_t> bytes = sim::scenario::build_descriptor(plan);
  constexpr size_t composite_bytes = 16;
  bytes.resize(bytes.size() - composite_bytes);
  if (const auto place = sim::scenario::find_field(plan, "receivers[0].composite_offset")) {
    sim::scenario::put(bytes, place->offset, place->width, 0);
  }
  const uint64_t length = bytes.size();
  to_->push_back(PlanStep::write_of(actor_, tx_ipa, std::move(bytes)));
  to_->push_back(PlanStep::write_slot_of(actor_, tx_ipa + 8, how % slots));
  PlanStep step = PlanStep::call_of(actor_, fid32(Fid::mem_retrieve_req));
  step.x[1] = step.x[2] = length;
  to_->push_back(step);
}

void PlanReader::relinquish() {
  const uint8_t how = input_.byte();
  std::vector<uint8_t> bytes(18);
  sim::scenario::put(bytes, 8, 4, how >> 6);
  sim::scenario::put(bytes, 12, 4, 1);
  sim::scenario::put(bytes, 16, 2, (how & 8) != 0 ? other() : id());
  to_->push_back(PlanStep::write_of(actor_, tx_ipa, std::move(bytes)));
  to_->push_back(PlanStep::write_slot_of(actor_, tx_ipa, how % slots));
  to_->push_back(PlanStep::call_of(actor_, fid32(Fid::mem_relinquish)));
}

/// A direct request; of a memory_user one that makes sense.
void PlanReader::request() {
  static constexpr Fid functions[] = {Fid::msg_send_direct_req, Fid::msg_send_direct_req,
                                      Fid::msg_send_direct_req, Fid::msg_send_direct_req2};
  const uint8_t how = input_.byte();
  const Fid fid = functions[how & 3];
  PlanStep step =
      PlanStep::call_of(actor_, fid == Fid::msg_send_direct_req2 ? fid64(fid) : fid32(fid));
  const uint16_t to = endpoint();
  step.x[1] = uint64_t{id()} << 16 | to;
  const unsigned first = fid == Fid::msg_send_direct_req2 ? 4 : 3;
  step.x[first] = 0x11 + (how >> 2 & 7);
  step.handle_register = first + 1;
  step.slot = slot();
  step.x[first + 3] = (how >> 5) * 4;
  to_->push_back(step);
}

void PlanReader::plain() {
  static constexpr Fid functions[] = {Fid::rxtx_map,
                                      Fid::rxtx_unmap,
                                      Fid::rx_release,
                                      Fid::partition_info_get,
                                      Fid::id_get,
                                      Fid::version,
                                      Fid::features,
                                      Fid::notification_bind,
                                      Fid::notification_set,
                                      Fid::notification_get,
                                      Fid::notification_info_get,
                                      Fid::msg_wait,
                                      Fid::run,
                                      Fid::yield,
                                      Fid::msg_send_direct_resp,
                                      Fid::notification_unbind};
  const uint8_t which = input_.byte();
  const Fid fid = functions[which & 15];
  PlanStep step = PlanStep::call_of(actor_, fid == Fid::rxtx_map ? fid64(fid) : fid32(fid));
  const uint8_t argument = input_.byte();
  const uint64_t vms = uint64_t{other()} << 16 | id();
  switch (fid) {
    case Fid::rxtx_map:
      step.x[1] = tx_ipa + (argument & 0xf0U) * page;
      step.x[2] = rx_ipa;
      step.x[3] = 1 + (argument & 3);
      break;
    case Fid::version:
      step.x[1] = ffa::Version::make(1, argument & 3).raw();
      break;
    case Fid::features:
      step.x[1] = 0x84000060 + argument % 0x40;
      break;
    case Fid::notification_bind:
    case Fid::notification_unbind:
      step.x[1] = uint64_t{sp_ids[argument % 3]} << 16 | id();
      step.x[3] = argument;
      break;
    case Fid::notification_set:
      step.x[1] = (argument & 0x80) != 0 ? vms : uint64_t{id()} << 16 | other();
      step.x[3] = argument;
      break;
    case Fid::notification_get:
      step.x[1] = id();
      step.x[2] = argument & 0xf;
      break;
    case Fid::run:
      step.x[1] = uint64_t{(argument & 0x80) != 0 ? other() : sp_ids[argument % 3]} << 16 |
                  (argument >> 4 & 1U);
      break;
    case Fid::msg_send_direct_resp:
      step.x[1] = uint64_t{id()} << 16 | other();
      break;
    case Fid::partition_info_get:
      step.x[5] = argument & 1;
      break;
    default:
      break;
  }
  step.hvc = (which & 0x80) != 0;
  to_->push_back(step);
}

/// Into TX, as another vCPU does while it is read; or anywhere.
void PlanReader::store() {
  const uint8_t at = input_.byte();
  std::vector<uint8_t> bytes(4);
  sim::scenario::put(bytes, 0, 4, value());
  to_->push_back(
      PlanStep::write_of(actor_, (at & 0x80) != 0 ? ram_ipa + at * page : tx_ipa + at * uint64_t{4},
                         std::move(bytes)));
}

void PlanReader::message() {
  const uint8_t how = input_.byte();
  std::vector<uint8_t> bytes(64);
  const uint32_t header = version() < ffa::v1_2 ? 20 : 40;
  sim::scenario::put(bytes, 8, 4, (how & 0x80) != 0 ? value() : header);
  sim::scenario::put(bytes, 12, 4, uint64_t{id()} << 16 | endpoint());
  sim::scenario::put(bytes, 16, 4, how & 0x1fU);
  to_->push_back(PlanStep::write_of(actor_, tx_ipa, std::move(bytes)));
  PlanStep step = PlanStep::call_of(actor_, fid32(Fid::msg_send2));
  step.x[1] = uint64_t{id()} << 16;
  to_->push_back(step);
}

void PlanReader::host() {
  const uint8_t how = input_.byte();
  const uint8_t argument = input_.byte();
  PlanStep step;
  step.actor = Actor::host;
  step.what = What::host;
  step.op.vm = (how & 0x80) != 0 ? vm1_id : vm2_id;
  switch (how & 7) {
    case 0:
      step.code = Opcode::destroy_vm;
      step.op.value = argument & 0x3f;
      step.op.flags = argument >> 7;
      break;
    case 1:
      step.code = Opcode::create_vm;
      step.op.flags = 1;
      break;
    case 2:
      step.code = Opcode::remove_page;
      step.op.value = ram_ipa + argument * page;
      break;
    case 3:
      step.code = Opcode::deliver_sri;
      step.op.flags = argument & 1;
      break;
    case 4:
      step.code = Opcode::interrupt;
      break;
    case 5:
      step.code = Opcode::preempt;
      step.op.sp = sp_ids[argument % 3];
      step.op.vm = 0;
      step.op.value = 1 + (argument >> 6);
      step.op.flags = argument >> 4 & 1;
      break;
    default:
      step.code = Opcode::notify;
      step.op.sp = sp_ids[argument % 3];
      step.op.value = argument;
      break;
  }
  to_->push_back(step);
}

}  // namespace

const WorldSetting& setting_of(WorldId world) {
  static constexpr WorldSetting all[WorldId::settings] = {{"op-tee", "1.1", ffa::v1_1, ffa::v1_0},
                                                          {"hafnium", "1.2", ffa::v1_2, ffa::v1_1},
                                                          {"tf-a-el3", "1.1", ffa::v1_0, ffa::v1_2},
                                                          {"op-tee", "1.2", ffa::v1_2, ffa::v1_2}};
  return all[world.setting % WorldId::settings];
}

PlanStep idle_step() { return PlanStep::write_of(Actor::vm1_0, ram_ipa, {0}); }

Plan read_plan(std::span<const uint8_t> bytes) {
  Input input{bytes};
  Plan plan;
  const uint8_t world = input.byte();
  plan.world = {static_cast<uint8_t>(world % WorldId::settings), (world & 0x80) != 0};
  const unsigned ordered = input.byte() % 16;
  const unsigned unordered = input.byte() % 16;
  PlanReader reader{input, plan};
  plan.first.reserve(1 + size_t{2} * ordered);
  plan.threads.reserve(1 + size_t{2} * unordered);
  plan.first.push_back(PlanStep::begin());
  for (unsigned n = 0; n < ordered && input.left() != 0; ++n) reader.one(plan.first);
  for (unsigned n = 0; n < unordered && input.left() != 0; ++n) reader.one(plan.threads);
  const auto rest = input.bytes(input.left());
  plan.decisions.assign(rest.begin(), rest.end());
  if (plan.threads.empty()) plan.threads.push_back(idle_step());
  return plan;
}

size_t operation_bytes(std::span<const uint8_t> bytes) {
  Input input{bytes};
  Plan plan;
  PlanReader{input, plan}.one(plan.first);
  return bytes.size() - input.left();
}

Plan read_single_call(std::span<const uint8_t> bytes) {
  Input input{bytes};
  Plan plan;
  const uint8_t how = input.byte();
  plan.world = {static_cast<uint8_t>(how % WorldId::settings), (how & 0x80) != 0};
  const Actor actor = (how & 0x40) != 0 ? Actor::vm2_0 : Actor::vm1_0;
  plan.first.push_back(PlanStep::begin());
  const uint64_t function = input.half();
  PlanStep call = PlanStep::call_of(
      actor, ((function & 0x8000) != 0 ? 0xc4000000 : 0x84000000) | (function & 0x7fff));
  call.hvc = (how & 0x20) != 0;
  const auto tx = input.bytes(input.byte());
  if (!tx.empty()) plan.first.push_back(PlanStep::write_of(actor, tx_ipa, {tx.begin(), tx.end()}));
  for (size_t n = 1; n < guest::register_count; ++n) call.x[n] = input.doubleword();
  plan.first.push_back(call);
  const auto rest = input.bytes(input.left());
  plan.decisions.assign(rest.begin(), rest.end());
  plan.threads.push_back(idle_step());
  return plan;
}

Plan read_descriptor_call(std::span<const uint8_t> bytes) {
  static constexpr Fid functions[] = {Fid::mem_share, Fid::mem_lend, Fid::mem_donate,
                                      Fid::mem_retrieve_req};
  static constexpr uint8_t worlds[] = {2, 0, 1, 1};  // where vm1 speaks 1.0, 1.1, 1.2
  Input input{bytes};
  const uint8_t how = input.byte();
  const uint64_t lacks = input.byte() >> 5;
  const auto rest = input.bytes(page);
  std::vector<uint8_t> image(rest.begin(), rest.end());
  constexpr uint16_t caller_there = 1;
  if (image.size() >= 2 && (image[0] | image[1] << 8) == caller_there) {
    sim::scenario::put(image, 0, 2, vm1_id);
  }
  Plan plan;
  plan.world = {worlds[how & 3], false};
  plan.first.push_back(PlanStep::begin());
  PlanStep call = PlanStep::call_of(Actor::vm1_0, fid32(functions[how >> 2 & 3]));
  call.x[1] = image.size() + 16 * lacks;
  call.x[2] = image.size();
  if (!image.empty()) {
    plan.first.push_back(PlanStep::write_of(Actor::vm1_0, tx_ipa, std::move(image)));
  }
  plan.first.push_back(call);
  plan.threads.push_back(idle_step());
  return plan;
}

}  // namespace fuzz
