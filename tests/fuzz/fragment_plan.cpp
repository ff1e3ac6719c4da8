// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/fragment_plan.hpp"

#include <algorithm>
#include <utility>

#include "ffa/fid.hpp"
#include "sim/scenario/descriptor.hpp"
#include "spmc-model/sp_protocol.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

namespace {

using ffa::Fid;
using ffa::fid32;
using sim::scenario::DescriptorPlan;
using SpOperation = spmc_model::sp_protocol::Operation;

constexpr uint64_t page_bytes = ffa::page_size;
constexpr size_t range_bytes = 16;
constexpr size_t longest_write = 2048;  // what a step of a scenario may write
constexpr uint16_t user = sp_ids[1];
constexpr uint16_t own_slot = 0;
constexpr uint16_t neighbour_slot = 1;

struct Sending {
  uint32_t function;
  std::vector<uint8_t> image;
  size_t head;  ///< bytes in front of the ranges
};

DescriptorPlan read_descriptor(Input& input, ffa::Version version, bool donate, bool lend) {
  DescriptorPlan plan;
  plan.layout = version;
  plan.sender = vm1_id;
  const uint8_t receivers = input.byte();
  plan.receivers.push_back({.id = user, .permissions = static_cast<uint8_t>(donate ? 0 : 2)});
  for (const unsigned n : {0U, 2U}) {
    if (!donate && (receivers >> n & 1) != 0) plan.receivers.push_back({.id = sp_ids[n]});
  }
  if (donate || (lend && plan.receivers.size() == 1)) plan.attributes = 0;
  const unsigned count = 1 + input.half() % 600;
  const uint64_t distance = 1 + input.byte() % 8;
  for (uint64_t n = 0; n < count; ++n) {
    plan.ranges.push_back({ram_ipa + n * distance * page_bytes, 1});
  }
  for (unsigned elsewhere = input.byte() % 8; elsewhere != 0; --elsewhere) {
    auto& range = plan.ranges[input.half() % count];
    range = {ram_ipa + input.half() % 1100U * page_bytes, 1U + input.byte() % 8};
  }
  return plan;
}

Sending read_sending(Input& input, uint8_t how, ffa::Version version) {
  static constexpr Fid functions[] = {Fid::mem_share, Fid::mem_lend, Fid::mem_share,
                                      Fid::mem_donate};
  const Fid fid = functions[how >> 2 & 3];
  const DescriptorPlan plan =
      read_descriptor(input, version, fid == Fid::mem_donate, fid == Fid::mem_lend);
  Sending sending{(how & 0x10) != 0 ? ffa::fid64(fid) : fid32(fid),
                  sim::scenario::build_descriptor(plan), 0};
  sending.head = sending.image.size() - plan.ranges.size() * range_bytes;
  if ((how & 0x80) != 0) {
    const uint32_t at = input.half();
    const uint32_t width = 1U << (at & 3);
    sim::scenario::put(sending.image, at / 4 * 4 % (sending.image.size() - 8), width,
                       input.take(width));
  }
  return sending;
}

/// Lengths of the pieces, none longer than TX.
std::vector<size_t> read_cuts(Input& input, const Sending& sending, bool anywhere) {
  std::vector<size_t> cuts;
  size_t left = sending.image.size();
  while (left != 0) {
    const size_t head = cuts.empty() ? sending.head : 0;
    const size_t asked = input.byte();
    size_t now = (page_bytes - head) / range_bytes * range_bytes + head;
    if (asked != 0) now = head + (head != 0 ? asked - 1 : asked) * range_bytes;
    if (asked != 0 && anywhere) now = asked * 4;
    cuts.push_back(std::min({now, left, size_t{page_bytes}}));
    left -= cuts.back();
  }
  return cuts;
}

/// Sends a piece each time; the handle of the transaction is kept in a slot.
class Sender {
 public:
  Sender(Actor actor, const Sending& sending, uint16_t slot)
      : actor_(actor), sending_(sending), slot_(slot) {}
  [[nodiscard]] bool done() const { return sent_ == sending_.image.size(); }
  void piece(size_t length, std::vector<PlanStep>& to) {
    const std::span<const uint8_t> bytes = std::span{sending_.image}.subspan(sent_, length);
    for (size_t at = 0; at < length; at += longest_write) {
      const auto part = bytes.subspan(at, std::min(longest_write, length - at));
      to.push_back(PlanStep::write_of(actor_, tx_ipa + at, {part.begin(), part.end()}));
    }
    if (sent_ == 0) {
      PlanStep first = PlanStep::call_of(actor_, sending_.function);
      first.x[1] = sending_.image.size();
      first.x[2] = length;
      first.slot = slot_;
      first.save_from = length == sending_.image.size() ? 2 : 1;
      to.push_back(first);
    } else {
      PlanStep next = PlanStep::call_of(actor_, fid32(Fid::mem_frag_tx));
      next.handle_register = 1;
      next.slot = slot_;
      next.x[3] = length;
      to.push_back(next);
    }
    sent_ += length;
  }

 private:
  Actor actor_;
  const Sending& sending_;
  uint16_t slot_;
  size_t sent_ = 0;
};

/// What the SP finds, and the end of it. Not how many ranges: those of a fragment that continue
/// each other are one to the SPMC. How many calls that is.
size_t look(std::vector<PlanStep>& to) {
  const size_t before = to.size();
  for (const SpOperation what : {SpOperation::retrieve, SpOperation::count_pages,
                                 SpOperation::checksum, SpOperation::relinquish}) {
    PlanStep ask = PlanStep::call_of(Actor::vm1_0, fid32(Fid::msg_send_direct_req));
    ask.x[1] = uint64_t{vm1_id} << 16 | user;
    ask.x[3] = static_cast<uint64_t>(what);
    ask.handle_register = 4;
    ask.slot = own_slot;
    to.push_back(ask);
  }
  PlanStep reclaim = PlanStep::call_of(Actor::vm1_0, fid32(Fid::mem_reclaim));
  reclaim.handle_register = 1;
  reclaim.slot = own_slot;
  to.push_back(reclaim);
  return to.size() - before;
}

/// What vm2 sends meanwhile, a range a piece.
Sending of_neighbour(ffa::Version version) {
  DescriptorPlan plan;
  plan.layout = version;
  plan.sender = vm2_id;
  plan.receivers = {{.id = user}};
  for (uint64_t n = 0; n < 4; ++n) plan.ranges.push_back({ram_ipa + (3 * n + 1) * page_bytes, 2});
  Sending sending{fid32(Fid::mem_share), sim::scenario::build_descriptor(plan), 0};
  sending.head = sending.image.size() - plan.ranges.size() * range_bytes;
  return sending;
}

FragmentPlan make_plan(WorldId world, const Sending& sending, const std::vector<size_t>& cuts,
                       const Sending* neighbour) {
  FragmentPlan made;
  made.pieces = cuts.size();
  made.plan.world = world;
  auto& steps = made.plan.first;
  steps.push_back(PlanStep::begin());
  Sender own{Actor::vm1_0, sending, own_slot};
  std::optional<Sender> other;
  if (neighbour != nullptr) other.emplace(Actor::vm2_0, *neighbour, neighbour_slot);
  size_t other_piece = neighbour != nullptr ? neighbour->head : 0;
  for (const size_t cut : cuts) {
    own.piece(cut, steps);
    if (other && !other->done()) other->piece(std::exchange(other_piece, range_bytes), steps);
  }
  made.looks = look(steps);
  made.plan.threads.push_back(idle_step());
  return made;
}

}  // namespace

FragmentPlans read_fragments(std::span<const uint8_t> bytes) {
  Input input{bytes};
  const uint8_t how = input.byte();
  const WorldId world{static_cast<uint8_t>(how % WorldId::settings), false};
  const WorldSetting& setting = setting_of(world);
  const Sending sending = read_sending(input, how, setting.vm1);
  const bool anywhere = (how & 0x40) != 0;
  const auto cuts = read_cuts(input, sending, false);
  const auto other_cuts = read_cuts(input, sending, anywhere);
  const Sending neighbour = of_neighbour(setting.vm2);
  FragmentPlans plans;
  plans.first = make_plan(world, sending, cuts, nullptr);
  plans.second = make_plan(world, sending, other_cuts, (how & 0x20) != 0 ? &neighbour : nullptr);
  plans.comparable = !anywhere;
  plans.damaged = (how & 0x80) != 0;
  return plans;
}

}  // namespace fuzz
