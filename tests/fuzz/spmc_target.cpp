// SPDX-License-Identifier: BSD-3-Clause
// The SPMC model by its calls: descriptors, fragments, messages, requests to its SPs, any
// registers. Its answers are well-formed, what it says of itself fits together after each call, and
// at the end every region that nobody holds is reclaimed. Input: byte 0: personality (1:0),
// negotiated version (3:2); then a byte an operation, and what it wants.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "ffa/fid.hpp"
#include "sim/scenario/descriptor.hpp"
#include "spmc-model/sp_protocol.hpp"
#include "tests/fuzz/spmc_world.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ffa::Regs;
using fuzz::SpmcWorld;
using sim::scenario::DescriptorPlan;

constexpr uint64_t odd_values[] = {0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   8,
                                   16,
                                   32,
                                   48,
                                   64,
                                   0x60,
                                   0xfff,
                                   0x1000,
                                   0xffff,
                                   1ULL << 31,
                                   0xffffffff,
                                   ~0ULL,
                                   1ULL << 63,
                                   SpmcWorld::tx,
                                   SpmcWorld::rx,
                                   SpmcWorld::vm_pages,
                                   SpmcWorld::ram,
                                   SpmcWorld::vms[0],
                                   SpmcWorld::vms[1],
                                   uint64_t{SpmcWorld::vms[0]} << 16,
                                   uint64_t{SpmcWorld::vms[1]} << 16,
                                   0x80000004,
                                   0x80000006};

class Operations {
 public:
  Operations(fuzz::Input& input, SpmcWorld& world) : input_(input), world_(world) {}

  void one() {
    using Read = void (Operations::*)();
    static constexpr Read reads[] = {
        &Operations::raw,     &Operations::send,    &Operations::send,    &Operations::rest,
        &Operations::request, &Operations::region,  &Operations::message, &Operations::bytes,
        &Operations::request, &Operations::control, &Operations::notify,  &Operations::rest};
    (this->*reads[input_.byte() % std::size(reads)])();
  }

 private:
  uint64_t value() {
    const uint8_t which = input_.byte();
    if (which < std::size(odd_values)) return odd_values[which];
    if (which < 0x80) return SpmcWorld::sps[which & 3];
    if (which < 0xc0) return handle(which);
    return input_.take(which & 7);
  }
  uint16_t vm() { return SpmcWorld::vms[input_.byte() & 1]; }
  uint16_t sp() { return SpmcWorld::sps[input_.byte() & 3]; }
  /// Of a region that there is, if there is one.
  [[nodiscard]] uint64_t handle(uint8_t which) const {
    const size_t count = world_.spmc().regions();
    return count == 0 ? 0 : world_.spmc().region(which % count).handle.raw();
  }
  static Regs call(uint64_t function, uint64_t x1 = 0, uint64_t x2 = 0, uint64_t x3 = 0,
                   uint64_t x4 = 0) {
    Regs in;
    in.x = {function, x1, x2, x3, x4};
    return in;
  }
  static Regs with_handle(Fid fid, uint64_t handle, uint64_t x3, uint64_t x4 = 0) {
    return call(fid32(fid), static_cast<uint32_t>(handle), handle >> 32, x3, x4);
  }

  void raw() {
    const uint8_t function = input_.byte();
    Regs in;
    in.x[0] = ((function & 0x80) != 0 ? 0xc4000060 : 0x84000060) + (function & 0x3fU);
    const uint8_t given = input_.byte();
    for (unsigned n = 1; n < 8; ++n) {
      if ((given >> n & 1) != 0) in.x[n] = value();
    }
    if ((given & 1) != 0) in.x[input_.byte() % in.x.size()] = value();
    world_.smc(in);
  }

  void send() {
    static constexpr Fid functions[] = {Fid::mem_share, Fid::mem_lend, Fid::mem_share,
                                        Fid::mem_donate};
    const uint8_t how = input_.byte();
    const Fid fid = functions[how & 3];
    DescriptorPlan plan;
    plan.layout = world_.version();
    plan.sender = sender_ = vm();
    const uint8_t receivers = input_.byte();
    for (unsigned n = 0; n < 4; ++n) {
      if ((receivers >> n & 1) == 0) continue;
      const uint8_t permissions = (receivers >> (4 + n) & 1) != 0 ? 1 : 2;
      plan.receivers.push_back({.id = SpmcWorld::sps[n], .permissions = permissions});
    }
    if (plan.receivers.empty()) plan.receivers.push_back({.id = SpmcWorld::user});
    if (fid != Fid::mem_share && plan.receivers.size() == 1) plan.attributes = 0;
    for (unsigned count = 1 + input_.byte() % 8; count != 0; --count) {
      const uint64_t at = input_.byte() % (SpmcWorld::ram_pages + 2);
      plan.ranges.push_back({SpmcWorld::ram + at * ffa::page_size, 1U + input_.byte() % 6});
    }
    image_ = sim::scenario::build_descriptor(plan);
    for (unsigned damage = how >> 6; damage != 0; --damage) {
      const uint8_t at = input_.byte();
      const uint32_t width = 1U << (at & 3);
      sim::scenario::put(image_, at / 4 * 4 % (image_.size() - 8), width, value());
    }
    const size_t lacks = (how >> 2 & 7) * 16;
    const size_t length = image_.size();
    const size_t first = length - std::min(lacks, length);
    world_.put(SpmcWorld::tx, {image_.data(), first});
    sent_ = first;
    const uint64_t function = (how & 0x20) != 0 ? fid64(fid) : fid32(fid);
    const Regs out = world_.smc(call(function, length, first));
    if (out.w(0) == fid32(Fid::mem_frag_rx)) handle_ = uint64_t{out.w(2)} << 32 | out.w(1);
  }

  /// The next fragment of what was sent last, or a wrong one.
  void rest() {
    const uint8_t how = input_.byte();
    const size_t length = std::min<size_t>(how & 0x7f, image_.size() - sent_);
    world_.put(SpmcWorld::tx, {image_.data() + sent_, length});
    sent_ += length;
    const bool odd = (how & 0x80) != 0;
    const uint64_t x3 = odd ? value() : length;
    const uint64_t x4 = odd ? value() : uint64_t{sender_} << 16;
    const Fid fid = odd && x3 % 2 != 0 ? Fid::mem_frag_rx : Fid::mem_frag_tx;
    world_.smc(with_handle(fid, odd ? handle(input_.byte()) : handle_, x3, x4));
  }

  /// A direct request that means something to the memory_user, the notifier or the service.
  void request() {
    const uint8_t how = input_.byte();
    const uint16_t to = SpmcWorld::sps[how >> 4 & 3];
    Regs in =
        call((how & 0x40) != 0 ? fid64(Fid::msg_send_direct_req) : fid32(Fid::msg_send_direct_req),
             uint64_t{vm()} << 16 | to);
    const uint64_t known = handle(input_.byte());
    in.x[3] = (to == SpmcWorld::notifier ? 0x30 : 0x10) + (how & 0xfU);
    in.x[4] = static_cast<uint32_t>(known);
    in.x[5] = known >> 32;
    in.x[6] = value();
    in.x[7] = value();
    if (to == SpmcWorld::service) {
      in.x[3] = (how & 8) != 0 ? value() : how & 7U;
      in.x[4] = value();
      in.x[5] = value();
    }
    world_.smc(in);
  }

  void region() {
    const uint8_t how = input_.byte();
    const uint64_t known = handle(how);
    if ((how & 0x80) == 0) {
      world_.smc(with_handle(Fid::mem_reclaim, known, how >> 6 & 1));
      return;
    }
    DescriptorPlan plan;  // what a hypervisor asks for a region
    plan.layout = world_.version();
    plan.sender = 0;
    plan.attributes = 0;
    plan.handle = known;
    std::vector<uint8_t> ask = sim::scenario::build_descriptor(plan);
    ask.resize(how % 3 == 0 ? ask.size() : 32 + how % 3 * 16);
    world_.put(SpmcWorld::tx, ask);
    world_.smc(call(fid32(Fid::mem_retrieve_req), ask.size(), ask.size()));
  }

  /// VMs come and go; an indirect message.
  void message() {
    const uint8_t how = input_.byte();
    if ((how & 3) != 0) {
      Regs in = call(fid32(Fid::msg_send_direct_req), sp(),
                     0x80000000U | ((how & 3) == 1 ? 6U : 4U), ~0U, ~0U);
      in.x[5] = vm();
      world_.smc(in);
      return;
    }
    std::array<uint8_t, 64> text{};
    text[8] = (how & 4) != 0 ? 20 : 40;
    const uint16_t to = sp();
    const uint16_t from = vm();
    std::memcpy(&text[12], &to, 2);
    std::memcpy(&text[14], &from, 2);
    text[16] = how >> 3;
    world_.put(SpmcWorld::vm_pages, text);
    world_.put(SpmcWorld::tx, text);
    world_.smc(call(fid32(Fid::msg_send2), uint64_t{from} << 16));
  }

  void bytes() {
    const uint8_t where = input_.byte();
    const uint64_t page = (where & 1) != 0 ? SpmcWorld::tx : SpmcWorld::ram;
    world_.put(page + (where & 0xfeU) * 8, input_.bytes(1 + (where >> 1 & 0x3f)));
  }

  void control() {
    const uint8_t how = input_.byte();
    spmc_model::Spmc& spmc = world_.spmc();
    const ffa::EndpointId id{sp()};
    switch (how & 7) {
      case 0:
        spmc.abort(id);
        break;
      case 1:
        spmc.answer_busy(id, how >> 6);
        break;
      case 2:
        spmc.answer_vm_messages(id, ffa::Status::denied, how >> 6);
        break;
      case 3:
        spmc.drop_send(ffa::Handle{handle(how)});
        break;
      default:
        spmc.preempt(id, how >> 6, static_cast<spmc_model::StopKind>((how & 7) % 3));
        break;
    }
  }

  void notify() {
    const uint8_t how = input_.byte();
    static constexpr Fid functions[] = {
        Fid::notification_bitmap_create, Fid::notification_bitmap_destroy,
        Fid::notification_bind,          Fid::notification_unbind,
        Fid::notification_set,           Fid::notification_get,
        Fid::notification_info_get,      Fid::run};
    const Fid fid = functions[how & 7];
    const uint16_t to = vm();
    const uint16_t from = sp();
    const bool create = fid <= Fid::notification_bitmap_destroy;
    const uint64_t pair = fid == Fid::run ? uint64_t{from} << 16 : uint64_t{from} << 16 | to;
    world_.smc(call(fid == Fid::notification_info_get ? fid64(fid) : fid32(fid), create ? to : pair,
                    how >> 4, how, how >> 6));
    if ((how & 8) == 0) return;
    (void)world_.spmc().set_notification(ffa::EndpointId{from}, ffa::EndpointId{to}, how);
  }

  fuzz::Input& input_;
  SpmcWorld& world_;
  std::vector<uint8_t> image_;  // what was sent last, of which sent_ bytes have been sent
  size_t sent_ = 0;
  uint16_t sender_ = SpmcWorld::vms[0];
  uint64_t handle_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto& world = *new SpmcWorld;
  fuzz::Input input{{data, size}};
  const uint8_t how = input.byte();
  world.begin(how & 3, ffa::Version::make(1, (how >> 2 & 3) % 3));
  Operations operations{input, world};
  while (input.left() != 0) operations.one();
  world.reclaim_all();
  return 0;
}
