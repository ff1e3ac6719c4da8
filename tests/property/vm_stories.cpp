// SPDX-License-Identifier: BSD-3-Clause
#include "vm_stories.hpp"

#include <algorithm>

#include "ffa/reply.hpp"
#include "spmc-model/sp_protocol.hpp"

namespace property {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using sim::scenario::DescriptorPlan;
using sim::scenario::put;
using spmc_model::sp_protocol::Operation;

namespace {

constexpr uint64_t pair(uint16_t high, uint16_t low) { return uint64_t{high} << 16 | low; }

constexpr Fid all_functions[] = {
#define FFA_FID(name, number, narrow, wide, since) Fid::name,
#include "ffa/fids.def"
#undef FFA_FID
};

}  // namespace

Stories::Stories(Numbers& numbers, const Household& household, bool of_intruder)
    : numbers_(numbers), household_(household), of_intruder_(of_intruder) {}

std::vector<Step> Stories::write(size_t steps) {
  if (of_intruder_) {
    begin(intruder);
  } else {
    for (const uint16_t vm : family) begin(vm);
  }
  while (steps_.size() < steps) tell(of_intruder_ ? intruder : family[numbers_.below(2)]);
  const uint64_t often = of_intruder_ ? 3 : 7;
  for (Step& step : steps_) {
    if (step.action == Action::call && numbers_.one_in(often)) spoil(step);
  }
  return std::move(steps_);
}

void Stories::begin(uint16_t vm) {
  versions(vm);
  buffers(vm);
}

void Stories::tell(uint16_t vm) {
  using Story = void (Stories::*)(uint16_t);
  static constexpr Story all[] = {
      &Stories::versions,      &Stories::buffers,    &Stories::discovery,  &Stories::partitions,
      &Stories::partitions,    &Stories::send_to_sp, &Stories::send_to_sp, &Stories::send_to_vm,
      &Stories::send_to_vm,    &Stories::direct,     &Stories::direct,     &Stories::preempted,
      &Stories::dialogue,      &Stories::dialogue,   &Stories::indirect,   &Stories::indirect,
      &Stories::notifications, &Stories::notify_vm,  &Stories::memory,     &Stories::fragments,
      &Stories::fragments,     &Stories::garbage,    &Stories::garbage,    &Stories::life};
  (this->*all[numbers_.below(std::size(all))])(vm);
}

// ---- The stories.

void Stories::versions(uint16_t vm) { call(vm, fid32(Fid::version), {spoken(vm).raw()}); }

void Stories::buffers(uint16_t vm) {
  if (numbers_.one_in(4)) call(vm, fid32(Fid::rxtx_unmap));
  call(vm, fid64(Fid::rxtx_map), {own_tx_ipa, own_rx_ipa, household_.setting.rxtx_pages});
  if (numbers_.one_in(4)) call(vm, fid32(Fid::rx_release));
}

void Stories::discovery(uint16_t vm) {
  const Fid any = all_functions[numbers_.below(std::size(all_functions))];
  call(vm, fid32(Fid::features), {numbers_.one_in(3) ? 1 + numbers_.below(4) : fid32(any)});
  call(vm, fid32(Fid::features), {fid64(any)});
  call(vm, fid32(numbers_.pick({Fid::id_get, Fid::spm_id_get})));
  call(vm, 0x8400ff00 | numbers_.pick<uint64_t>({0, 1, 3}));  // SMCCC: call count, UID, revision
}

void Stories::partitions(uint16_t vm) {
  const uint64_t uuid = numbers_.pick<uint64_t>({0, 0, 1, 2, 3, 9}) << 24;
  call(vm, fid32(Fid::partition_info_get), {0, 0, 0, uuid, numbers_.pick<uint64_t>({0, 0, 1})});
  call(vm, fid32(Fid::rx_release));
  call(vm, fid64(Fid::partition_info_get_regs), {0, uuid << 32, numbers_.below(3)});
}

void Stories::send_to_sp(uint16_t vm) {
  const Kind kind = numbers_.pick({Kind::share, Kind::share, Kind::lend, Kind::donate});
  send(vm, {user_sp()}, kind);
  if (numbers_.one_in(3)) return;
  ask_sp(vm, static_cast<uint32_t>(Operation::retrieve), 0, 0);
  const Operation use =
      numbers_.pick({Operation::read_word, Operation::write_word, Operation::checksum,
                     Operation::count_pages, Operation::count_ranges});
  ask_sp(vm, static_cast<uint32_t>(use), 8 * numbers_.below(600), numbers_.word() & 0xffffffff);
  if (!numbers_.one_in(5)) ask_sp(vm, static_cast<uint32_t>(Operation::relinquish), 0, 0);
  if (!numbers_.one_in(4)) reclaim(vm);
}

void Stories::send_to_vm(uint16_t vm) {
  const uint16_t to = peer(vm);
  const bool lend = numbers_.one_in(2);
  std::vector<uint16_t> receivers{to};
  if (numbers_.one_in(4)) receivers.push_back(user_sp());
  const uint64_t tag = send(vm, receivers, lend ? Kind::lend : Kind::share);
  const uint16_t borrower = of_intruder_ ? vm : to;
  DescriptorPlan plan;
  plan.layout = spoken(borrower);
  plan.sender = of_intruder_ ? to : vm;
  plan.tag = tag;
  plan.attributes = lend && receivers.size() == 1 ? 0 : 0x2f;
  plan.flags = numbers_.pick<uint32_t>({0, 0, 0, 0, 4});
  for (const uint16_t id : receivers) plan.receivers.push_back({.id = id});
  auto request = build_descriptor(plan);
  for (size_t n = 0; n < receivers.size(); ++n) {
    const auto at = find_field(plan, "receivers[" + std::to_string(n) + "].composite_offset");
    put(request, at->offset, at->width, 0);
  }
  const size_t length = find_field(plan, "composite.total_page_count")->offset;
  request.resize(length);
  Step& retrieve = call(borrower, fid32(Fid::mem_retrieve_req), {length, length});
  retrieve.tx = std::move(request);
  retrieve.tx_handle = handle();
  retrieve.tx_handle_at = 8;
  if (!numbers_.one_in(4)) call(borrower, fid32(Fid::rx_release));
  for (const Action action : {Action::read_memory, Action::write_memory}) {
    Step& access = host(borrower, action);
    access.address = window_ipa + 8 * numbers_.below(1500);
    access.value = numbers_.word();
  }
  if (numbers_.one_in(3)) return;
  Step& relinquish = call(borrower, fid32(Fid::mem_relinquish));
  relinquish.tx.resize(18);
  put(relinquish.tx, 12, 4, 1);
  put(relinquish.tx, 16, 2, borrower);
  relinquish.tx_handle = handle();
  relinquish.tx_handle_at = 0;
  reclaim(vm);
}

void Stories::direct(uint16_t vm) {
  const uint16_t to = numbers_.one_in(3) ? any_endpoint(vm) : echo();
  if (numbers_.one_in(3)) {
    call(vm, fid64(Fid::msg_send_direct_req2),
         {pair(vm, to), 0, 0, numbers_.word(), numbers_.word(), numbers_.word()});
    return;
  }
  const Fid request = Fid::msg_send_direct_req;
  call(vm, numbers_.one_in(2) ? fid32(request) : fid64(request),
       {pair(vm, to), 0, numbers_.word(), numbers_.word(), numbers_.word(), 0, numbers_.word()});
}

void Stories::preempted(uint16_t vm) {
  Step& stop = host(vm, Action::preempt);
  stop.sp = echo();
  stop.value = 1 + numbers_.below(2);
  stop.stop = static_cast<spmc_model::StopKind>(numbers_.below(3));
  const uint64_t times = stop.value;
  call(vm, fid32(Fid::msg_send_direct_req), {pair(vm, echo()), 0, numbers_.word()});
  if (numbers_.one_in(3)) direct(vm);
  for (uint64_t n = 0; n < times + numbers_.below(2); ++n) {
    call(vm, fid32(Fid::run), {pair(echo(), 0)}).vcpu = numbers_.one_in(5) ? 1 : 0;
  }
}

void Stories::dialogue(uint16_t vm) {
  const uint16_t server = peer(vm);
  if (!of_intruder_) call(server, fid32(Fid::msg_wait)).vcpu = 1;
  const bool extended = numbers_.one_in(3);
  const uint64_t request =
      extended ? fid64(Fid::msg_send_direct_req2) : fid32(Fid::msg_send_direct_req);
  const uint64_t answer =
      extended ? fid64(Fid::msg_send_direct_resp2) : fid32(Fid::msg_send_direct_resp);
  call(vm, request, {pair(vm, server), 0, extended ? 0 : numbers_.word(), numbers_.word()});
  const uint16_t speaker = of_intruder_ ? vm : server;
  if (numbers_.one_in(4)) {
    call(speaker, fid32(Fid::yield)).vcpu = 1;
    call(vm, fid32(Fid::run), {pair(server, 1)});
  }
  if (numbers_.one_in(4)) host(vm, Action::interrupt);
  call(speaker, answer, {pair(speaker, of_intruder_ ? family[1] : vm), 0, 0, numbers_.word()})
      .vcpu = 1;
  if (numbers_.one_in(4)) call(vm, fid32(Fid::run), {pair(server, 1)});
  if (numbers_.one_in(2)) host(of_intruder_ ? vm : server, Action::interrupt).vcpu = 1;
}

void Stories::indirect(uint16_t vm) {
  const uint16_t to = numbers_.one_in(2) ? peer(vm) : any_endpoint(vm);
  const uint32_t header = spoken(vm) >= ffa::v1_2 ? 40 : 20;
  Step& message = call(vm, fid32(Fid::msg_send2), {0, numbers_.pick<uint64_t>({0, 0, 0, 0, 0, 2})});
  const auto size = static_cast<uint32_t>(numbers_.below(200));
  message.tx.resize(header + size);
  put(message.tx, 8, 4, header);
  put(message.tx, 12, 2, to);
  put(message.tx, 14, 2, vm);
  put(message.tx, 16, 4, size);
  for (uint32_t n = header; n < header + size; ++n) {
    message.tx[n] = static_cast<uint8_t>(1 + numbers_.below(99));
  }
  const uint16_t reader = of_intruder_ ? vm : peer(vm);
  if (!numbers_.one_in(4)) call(reader, fid32(Fid::notification_get), {reader, 8});
  call(reader, fid32(Fid::rx_release));
}

void Stories::notifications(uint16_t vm) {
  const uint16_t sp = numbers_.one_in(2) ? user_sp() : echo();
  const uint64_t bits = 1ULL << numbers_.below(40) | 1ULL << numbers_.below(64);
  const uint64_t low = bits & 0xffffffff;
  const uint64_t high = bits >> 32;
  call(vm, fid32(Fid::notification_bind), {pair(sp, vm), 0, low, high});
  Step& set = host(vm, Action::notify);
  set.sp = sp;
  set.value = bits;
  // Where vCPU 0 waits, it is the one that is told: again and again as long as it fetches nothing.
  if (numbers_.one_in(3)) call(vm, fid32(Fid::msg_wait)).vcpu = numbers_.one_in(3) ? 0 : 1;
  if (numbers_.one_in(4)) call(vm, fid64(Fid::notification_info_get));
  if (!numbers_.one_in(4)) call(vm, fid32(Fid::notification_get), {vm, 1 + numbers_.below(15)});
  if (numbers_.one_in(2)) {
    call(vm, fid32(Fid::notification_unbind), {pair(sp, vm), 0, low, high});
  }
}

void Stories::notify_vm(uint16_t vm) {
  const uint16_t to = peer(vm);
  const uint16_t receiver = of_intruder_ ? vm : to;
  const uint16_t sender = of_intruder_ ? to : vm;
  const uint64_t bits = 1ULL << numbers_.below(64) | 1ULL << numbers_.below(64);
  const uint64_t low = bits & 0xffffffff;
  const uint64_t high = bits >> 32;
  const uint64_t per_vcpu = numbers_.below(2);
  const uint64_t vcpu = per_vcpu * numbers_.below(vcpus);
  call(receiver, fid32(Fid::notification_bind), {pair(sender, receiver), per_vcpu, low, high});
  if (numbers_.one_in(4)) call(receiver, fid32(Fid::msg_wait)).vcpu = 1;
  call(vm, fid32(Fid::notification_set), {pair(vm, to), vcpu << 16 | per_vcpu, low, high});
  if (numbers_.one_in(3)) call(receiver, fid64(Fid::notification_info_get));
  if (!numbers_.one_in(4)) {
    call(receiver, fid32(Fid::notification_get), {vcpu << 16 | receiver, 1 + numbers_.below(15)});
  }
  if (!numbers_.one_in(4)) {
    call(receiver, fid32(Fid::notification_unbind), {pair(sender, receiver), 0, low, high});
  }
}

void Stories::memory(uint16_t vm) {
  for (const Action action : {Action::write_memory, Action::read_memory}) {
    Step& access = host(vm, action);
    access.address = own_ram_ipa + 8 * numbers_.below(own_ram_pages * page / 8);
    access.value = numbers_.word();
  }
}

void Stories::fragments(uint16_t vm) {
  send(vm, {user_sp()}, Kind::share);
  Step rest = steps_.back();
  const size_t length = rest.tx.size();
  constexpr size_t one_range = 16;
  const size_t tail = one_range * (1 + numbers_.below(2));
  steps_.back().tx.resize(length - tail);
  steps_.back().in.x[2] = length - tail;
  rest.tx.erase(rest.tx.begin(), rest.tx.end() - static_cast<ptrdiff_t>(tail));
  rest.in = {};
  rest.in.x[0] = fid32(Fid::mem_frag_tx);
  rest.in.x[3] = tail;
  rest.handle = handle();
  rest.handle_register = 1;
  if (numbers_.one_in(4)) tell(vm);
  steps_.push_back(std::move(rest));
  if (!numbers_.one_in(3)) reclaim(vm);
}

void Stories::garbage(uint16_t vm) {
  Step& wild = call(vm, 0);
  for (uint64_t& word : wild.in.x) word = numbers_.one_in(3) ? 0 : numbers_.word();
  const uint64_t number = 0x60 + numbers_.below(0x40);
  const uint64_t width = numbers_.one_in(2) ? 0x40000000 : 0;
  wild.in.x[0] = numbers_.one_in(8) ? numbers_.word() & 0xffffffff : 0x84000000 | width | number;
}

void Stories::life(uint16_t vm) {
  if (!numbers_.one_in(2)) return;
  const uint64_t rounds = of_intruder_ ? 1 + numbers_.below(8) : 1;
  for (uint64_t n = 0; n < rounds; ++n) {
    host(vm, Action::destroy).value = numbers_.pick<uint64_t>({0, 1, 2, 5});
  }
  host(vm, Action::create);
  begin(vm);
}

// ---- What they are made of.

Step& Stories::call(uint16_t vm, uint64_t function, std::vector<uint64_t> arguments) {
  Step step;
  step.vm = vm;
  step.in.x[0] = function;
  std::copy(arguments.begin(), arguments.end(), step.in.x.begin() + 1);
  steps_.push_back(std::move(step));
  return steps_.back();
}

Step& Stories::host(uint16_t vm, Action action) {
  Step& step = call(vm, 0);
  step.action = action;
  return step;
}

uint64_t Stories::send(uint16_t vm, std::vector<uint16_t> receivers, Kind kind) {
  DescriptorPlan plan;
  plan.layout = spoken(vm);
  plan.sender = vm;
  plan.attributes = kind == Kind::share || receivers.size() > 1 ? 0x2f : 0;
  plan.tag = numbers_.word();
  for (const uint16_t id : receivers) {
    const auto access = static_cast<uint8_t>(kind == Kind::donate ? 0 : numbers_.pick({1, 2, 2}));
    plan.receivers.push_back({.id = id, .permissions = access});
  }
  if (kind != Kind::share && numbers_.one_in(3)) plan.flags = 1;
  uint64_t at = numbers_.below(own_ram_pages - 6);
  for (uint64_t n = 0; n < 3 && at < own_ram_pages - 1; ++n) {
    const auto pages = static_cast<uint32_t>(1 + numbers_.below(2));
    plan.ranges.push_back({own_ram_ipa + at * page, pages});
    at += pages + numbers_.below(3);
  }
  auto bytes = build_descriptor(plan);
  const Fid fid = kind == Kind::share  ? Fid::mem_share
                  : kind == Kind::lend ? Fid::mem_lend
                                       : Fid::mem_donate;
  Step& step = call(vm, numbers_.one_in(2) ? fid64(fid) : fid32(fid), {bytes.size(), bytes.size()});
  step.tx = std::move(bytes);
  return plan.tag;
}

void Stories::reclaim(uint16_t vm) {
  Step& step = call(vm, fid32(Fid::mem_reclaim), {0, 0, numbers_.one_in(6) ? uint64_t{1} : 0});
  step.handle = handle();
  step.handle_register = 1;
}

void Stories::ask_sp(uint16_t vm, uint32_t operation, uint64_t offset, uint64_t value) {
  // What is meant to break an SP is the intruder's.
  if (of_intruder_ && numbers_.one_in(4)) {
    operation =
        static_cast<uint32_t>(numbers_.pick({Operation::prepare, Operation::speak, Operation::rx,
                                             Operation::refuse, Operation::crash}));
    offset = numbers_.below(4);
  }
  Step& step = call(vm, fid32(Fid::msg_send_direct_req),
                    {pair(vm, user_sp()), 0, operation, 0, 0, offset, value});
  step.handle = handle();
  step.handle_register = 4;
}

/// One thing about a call becomes wrong. One with a handle stays the function that it is, and to an
/// SP that does not show it: its number is another one in another run.
void Stories::spoil(Step& step) {
  const bool to_sp = step.handle_register == 4;
  const bool names_handle = step.handle_register != 0 || step.tx_handle_at;
  const uint64_t at = to_sp ? 2 : 1 + numbers_.below(7);
  const uint16_t other = of_intruder_ ? family[numbers_.below(2)] : intruder;
  const Fid any = all_functions[numbers_.below(std::size(all_functions))];
  switch (numbers_.below(8)) {
    case 0:
      step.in.x[at] ^= 1ULL << numbers_.below(64);
      break;
    case 1:
      step.in.x[at] = numbers_.pick<uint64_t>({0, 1, page, 0xffffffff, ~uint64_t{0}});
      break;
    case 2:
      if (!to_sp) step.in.x[1] = pair(other, static_cast<uint16_t>(step.in.x[1]));
      break;
    case 3:
      if (!to_sp) step.in.x[1] = pair(step.vm, other);
      break;
    case 4:
      if (!names_handle) step.in.x[0] = numbers_.one_in(2) ? fid32(any) : fid64(any);
      break;
    case 5:
      if (!step.tx.empty()) {
        step.tx[numbers_.below(step.tx.size())] ^= static_cast<uint8_t>(1U << numbers_.below(8));
      }
      break;
    case 6:
      for (size_t n = 8; n < step.in.x.size(); ++n) step.in.x[n] = numbers_.word();
      break;
    default:
      step.hvc = true;
      break;
  }
}

ffa::Version Stories::spoken(uint16_t vm) const {
  return household_.spoken[vm == family[0] ? 0 : vm == family[1] ? 1 : 2];
}

uint16_t Stories::peer(uint16_t vm) {
  if (of_intruder_) return family[numbers_.below(2)];
  return vm == family[0] ? family[1] : family[0];
}

uint16_t Stories::any_endpoint(uint16_t vm) {
  return numbers_.pick<uint16_t>({echo_sp, family_sp, intruder_sp, intruder_echo_sp, peer(vm),
                                  intruder, family[0], 0, 0x8000, 0x8fff});
}

uint16_t Stories::user_sp() const {
  return of_intruder_ && !household_.shared_sps ? intruder_sp : family_sp;
}

uint16_t Stories::echo() const {
  return of_intruder_ && !household_.shared_sps ? intruder_echo_sp : echo_sp;
}

HandleRef Stories::handle() {
  using Whose = HandleRef::Whose;
  if (numbers_.one_in(of_intruder_ ? 4 : 12)) {
    return {Whose::others, static_cast<uint32_t>(numbers_.below(3))};
  }
  if (numbers_.one_in(20)) return {};
  return {Whose::own, numbers_.one_in(6) ? static_cast<uint32_t>(numbers_.below(5)) : 0};
}

}  // namespace property
