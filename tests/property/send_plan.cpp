// SPDX-License-Identifier: BSD-3-Clause
#include "send_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/machine/canary.hpp"
#include "spmc-model/personality.hpp"

namespace property {

using mediator::FragmentHandles;
using sim::scenario::DescriptorPlan;
using sim::scenario::find_field;

sim::WorldSpec empty_world(const Setting& setting) {
  sim::WorldSpec world;
  world.mediator.spmc_buffer_pages = setting.spmc_buffer_pages;
  world.mediator.fragment_handles = setting.handles;
  world.mediator.refused_fragment_ends_send = setting.refused_fragment_ends_send;
  world.spmc.personality = setting.personality;
  world.spmc.version = setting.spmc;
  world.own_rx_pa = world.own_tx_pa + 32 * ffa::page_size;
  return world;
}

bool told_of_vms(const Setting& setting) {
  const auto spmc = *spmc_model::find_personality(setting.personality);
  return spmc.guests_tracked && spmc.vm_messages_delivered && setting.spmc >= ffa::v1_1;
}

uint64_t Numbers::next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t mix = state_;
  mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9;
  mix = (mix ^ (mix >> 27)) * 0x94d049bb133111eb;
  return mix ^ (mix >> 31);
}

uint64_t Numbers::word() {
  const auto looks_owned = [](uint64_t value) {
    return sim::is_canary_mark(static_cast<uint32_t>(value));
  };
  uint64_t value = next();
  while (looks_owned(value) || looks_owned(value >> 32)) value = next();
  return value;
}

Setting random_setting(Numbers& numbers) {
  Setting setting;
  setting.personality = numbers.pick({"op-tee", "op-tee", "op-tee-single", "hafnium", "tf-a-el3"});
  setting.spmc = numbers.pick({ffa::v1_0, ffa::v1_1, ffa::v1_2});
  setting.guest = numbers.pick({ffa::v1_0, ffa::v1_1, ffa::v1_2});
  setting.handles = numbers.one_in(24)
                        ? FragmentHandles::none
                        : numbers.pick({FragmentHandles::preset, FragmentHandles::streamed});
  const bool honours_preset = setting.personality.starts_with("op-tee");
  if (setting.handles == FragmentHandles::preset && !honours_preset && !numbers.one_in(8)) {
    setting.handles = FragmentHandles::streamed;
  }
  setting.spmc_buffer_pages = numbers.pick<uint16_t>({1, 1, 1, 2, 3, 8, 32});
  setting.rxtx_pages = numbers.pick<uint16_t>({1, 1, 1, 2, 4, 16, 32});
  setting.refused_fragment_ends_send = setting.personality != "hafnium";
  return setting;
}

namespace {

bool is_op_tee(const Setting& setting) { return setting.personality.starts_with("op-tee"); }

/// Ranges of the RAM's first pages, none touching another, in any order.
void add_ranges(Numbers& numbers, DescriptorPlan& plan) {
  const uint64_t size = numbers.below(40);
  const uint64_t count =
      size == 0 ? 200 + numbers.below(200) : 1 + numbers.below(size < 4 ? 30 : 8);
  const uint64_t longest = count > 30 ? 3 : size == 1 ? 600 : numbers.pick<uint64_t>({1, 3, 9, 40});
  uint64_t at = numbers.below(600);
  uint64_t room = max_share_pages - 1;
  for (uint64_t n = 0; n < count; ++n) {
    const uint64_t pages = std::min(1 + numbers.below(longest), room);
    if (pages == 0 || (at + pages) * page >= ram_bytes - page) break;
    plan.ranges.push_back({ram_ipa + at * page, static_cast<uint32_t>(pages)});
    room -= pages;
    at += pages + (numbers.one_in(4) ? 0 : numbers.below(7));
  }
  for (size_t n = plan.ranges.size(); n > 1; --n) {
    if (!numbers.one_in(3)) std::swap(plan.ranges[n - 1], plan.ranges[numbers.below(n)]);
  }
}

void add_receivers(Numbers& numbers, const Setting& setting, bool plain, Plan& plan) {
  uint64_t most = plan.kind == Kind::donate ? 1 : sps;
  if (plain && setting.personality == "hafnium") most = std::min<uint64_t>(most, 2);
  if (plain && is_op_tee(setting) && plan.kind == Kind::lend) most = 1;
  const uint64_t count = 1 + numbers.below(most);
  const uint64_t first = numbers.below(sps);
  for (uint64_t n = 0; n < count; ++n) {
    sim::scenario::DescriptorReceiver receiver;
    receiver.id = static_cast<uint16_t>(first_sp + (first + n) % sps);
    const bool read_only = !(plain && is_op_tee(setting)) && numbers.one_in(4);
    receiver.permissions = plan.kind == Kind::donate ? 0 : read_only ? 1 : 2;
    receiver.impdef[0] = numbers.word();
    receiver.impdef[1] = numbers.word();
    plan.descriptor.receivers.push_back(receiver);
  }
}

/// A flaw that is a range of its own, or nothing.
sim::scenario::DescriptorRange bad_range(Flaw flaw, const DescriptorPlan& plan) {
  const sim::scenario::DescriptorRange& good = plan.ranges.front();
  switch (flaw) {
    case Flaw::hole:
      return {hole_ipa, 1};
    case Flaw::device_page:
      return {device_ipa, 1};
    case Flaw::read_only_page:
      return {read_only_ipa + page, 2};
    case Flaw::foreign_page:
      return {foreign_ipa, 1};
    case Flaw::buffer_page:
      return {tx_ipa, 1};
    case Flaw::overlap:
      return {good.address, 1};
    case Flaw::unaligned:
      return {good.address + 8, 1};
    case Flaw::empty_range:
      return {ram_ipa + ram_bytes - 2 * page, 0};
    case Flaw::wrapping_range:
      return {~uint64_t{0} & ~(page - 1), 2};
    case Flaw::past_the_end:
      return {read_only_ipa - page, 2};
    case Flaw::shared_already:
      return {taken_ipa, 1};
    default:
      return {0, 0};
  }
}

void add_flaw(Numbers& numbers, Plan& plan) {
  DescriptorPlan& descriptor = plan.descriptor;
  auto& receiver = descriptor.receivers[numbers.below(descriptor.receivers.size())];
  const auto bad = bad_range(plan.flaw, descriptor);
  if (bad.address != 0) {
    const auto at = static_cast<ptrdiff_t>(1 + numbers.below(descriptor.ranges.size()));
    descriptor.ranges.insert(descriptor.ranges.begin() + at, bad);
  }
  switch (plan.flaw) {
    case Flaw::read_only_page:
      if (plan.kind != Kind::donate) receiver.permissions = 2;
      break;
    case Flaw::receiver_unknown:
      receiver.id = 0x8fff;
      break;
    case Flaw::receiver_vm:
      receiver.id = 0x7001;
      break;
    case Flaw::receiver_twice:
      descriptor.receivers.push_back(receiver);
      break;
    case Flaw::permissions_none:
      receiver.permissions = plan.kind == Kind::donate ? 2 : 0;
      break;
    case Flaw::permissions_reserved:
      receiver.permissions |= 0x40;
      break;
    case Flaw::executable:
      receiver.permissions |= 8;
      break;
    case Flaw::flags_reserved:
      descriptor.flags |= 1U << (5 + numbers.below(27));
      break;
    case Flaw::time_slice:
      descriptor.flags |= 2;
      break;
    case Flaw::device_attributes:
      descriptor.attributes = 0x10;
      break;
    case Flaw::too_many_pages: {
      uint64_t most = max_share_pages - plan.pages();
      const uint64_t at = (ram_bytes / page) - 5 - max_share_pages;
      descriptor.ranges.push_back({ram_ipa + at * page, static_cast<uint32_t>(most + 1)});
      break;
    }
    default:
      break;
  }
}

}  // namespace

Plan random_plan(Numbers& numbers, const Setting& setting) {
  Plan plan;
  if (numbers.one_in(2)) {
    plan.flaw = static_cast<Flaw>(1 + numbers.below(static_cast<uint64_t>(Flaw::count) - 1));
  }
  const bool plain = plan.flaw != Flaw::none || !numbers.one_in(4);
  plan.kind = numbers.pick({Kind::share, Kind::share, Kind::lend, Kind::donate});
  if (plain && setting.personality == "tf-a-el3") plan.kind = Kind::share;
  if (plain && is_op_tee(setting) && plan.kind == Kind::donate) plan.kind = Kind::lend;
  plan.descriptor.layout = setting.guest;
  plan.descriptor.tag = numbers.word();
  add_receivers(numbers, setting, plain, plan);
  const bool named =
      plan.kind == Kind::share || (plan.kind == Kind::lend && plan.descriptor.receivers.size() > 1);
  plan.descriptor.attributes = named ? 0x2f : 0;
  if (plan.kind != Kind::share && numbers.one_in(3)) plan.descriptor.flags = 1;
  add_ranges(numbers, plan.descriptor);
  add_flaw(numbers, plan);
  return plan;
}

std::vector<uint8_t> Plan::build(uint16_t sender) const {
  DescriptorPlan mine = descriptor;
  mine.sender = flaw == Flaw::other_sender ? static_cast<uint16_t>(sender + 1) : sender;
  auto bytes = sim::scenario::build_descriptor(mine);
  const auto total = find_field(mine, "composite.total_page_count");
  uint64_t sum = 0;
  for (const auto& range : mine.ranges) sum += range.pages;
  if (flaw == Flaw::sum_too_large) ++sum;
  if (flaw == Flaw::sum_too_small) --sum;
  if (flaw == Flaw::no_total) sum = 0;
  sim::scenario::put(bytes, total->offset, total->width, sum);
  return bytes;
}

uint64_t Plan::ranges_offset() const { return find_field(descriptor, "ranges[0].address")->offset; }

uint64_t Plan::pages() const {
  uint64_t sum = 0;
  for (const auto& range : descriptor.ranges) sum += range.pages;
  return sum;
}

namespace {
constexpr uint64_t range_bytes = 16;

/// Cuts where `cut(n)` says so before range n, and wherever TX is full.
template <class Cut>
std::vector<uint64_t> cuts(const Plan& plan, uint64_t tx_bytes, Cut cut) {
  std::vector<uint64_t> ends;
  uint64_t begin = 0;
  uint64_t at = plan.ranges_offset();
  for (size_t n = 0; n < plan.descriptor.ranges.size(); ++n, at += range_bytes) {
    if (at + range_bytes - begin <= tx_bytes && !cut(n)) continue;
    ends.push_back(begin = at);
  }
  ends.push_back(at);
  return ends;
}
}  // namespace

std::vector<uint64_t> random_cuts(Numbers& numbers, const Plan& plan, uint64_t tx_bytes) {
  const bool few = plan.descriptor.ranges.size() <= 40;
  const uint64_t often = few ? numbers.pick<uint64_t>({1, 2, 2, 4, 1000}) : 20;
  return cuts(plan, tx_bytes, [&](size_t) { return numbers.one_in(often); });
}

std::vector<uint64_t> fewest_cuts(const Plan& plan, uint64_t tx_bytes) {
  return cuts(plan, tx_bytes, [](size_t) { return false; });
}

std::string describe(const Setting& setting) {
  const auto text = [](ffa::Version version) {
    return fmt::format("{}.{}", version.raw() >> 16, version.raw() & 0xffff);
  };
  const char* const handles[] = {"none", "streamed", "preset"};
  return fmt::format("SPMC {} {}, {} pages, fragments {}; guest {}, {} pages", setting.personality,
                     text(setting.spmc), setting.spmc_buffer_pages,
                     handles[static_cast<size_t>(setting.handles)], text(setting.guest),
                     setting.rxtx_pages);
}

std::string describe(const Plan& plan) {
  const char* const kinds[] = {"share", "lend", "donate"};
  std::string text = fmt::format(
      "{}, flaw {}, flags {:#x}, attributes {:#x}; to", kinds[static_cast<size_t>(plan.kind)],
      static_cast<unsigned>(plan.flaw), plan.descriptor.flags, plan.descriptor.attributes);
  for (const auto& receiver : plan.descriptor.receivers) {
    text += fmt::format(" {:#x}:{:#x}", receiver.id, receiver.permissions);
  }
  text += "; ranges";
  for (const auto& range : plan.descriptor.ranges) {
    text += fmt::format(" {:#x}+{}", range.address, range.pages);
  }
  return text;
}

}  // namespace property
