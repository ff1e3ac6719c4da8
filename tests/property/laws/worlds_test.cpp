// SPDX-License-Identifier: BSD-3-Clause
// Two VMs in a whole world, against models of a few lines: who owns RX after any calls; which pages
// are in a transaction after any shares and reclaims, in any order; and that the order of a
// transaction's ranges, and how they are cut, is nothing that the SPMC keeps.
#include <algorithm>
#include <map>
#include <set>

#include "ffa/fid.hpp"
#include "laws.hpp"
#include "tests/property/send_world.hpp"

namespace laws::worlds {
namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ffa::Status;
using property::Kind;
using property::Outcome;
using property::page;
using property::Plan;
using property::SendWorld;
using property::Setting;

std::string any_personality() {
  return *rc::gen::element(std::string("op-tee"), std::string("op-tee-single"),
                           std::string("hafnium"), std::string("tf-a-el3"));
}
ffa::Version any_version() { return *rc::gen::element(ffa::v1_0, ffa::v1_1, ffa::v1_2); }

/// A world in which each right share of VM 1 and 2 is served.
Setting any_setting() {
  Setting setting{};
  setting.personality = any_personality();
  setting.spmc = any_version();
  setting.guest = any_version();
  const bool honours_preset = setting.personality.starts_with("op-tee");
  setting.handles =
      honours_preset ? mediator::FragmentHandles::preset : mediator::FragmentHandles::streamed;
  setting.spmc_buffer_pages = 1;
  setting.rxtx_pages = *rc::gen::element<uint16_t>(1, 2, 16);
  setting.refused_fragment_ends_send = setting.personality != "hafnium";
  RC_LOG(property::describe(setting));
  return setting;
}

/// One VM whose memory lies in one piece, one whose pages are scattered.
std::vector<property::HostLayout> two_vms() {
  return {property::host_layouts().at(0), property::host_layouts().at(2)};
}

/// 0 for success, else the status.
Status status_of(const ffa::Regs& answer) {
  if (answer.w(0) == fid32(Fid::success)) return Status::success;
  RC_ASSERT(answer.w(0) == fid32(Fid::error));
  return static_cast<Status>(static_cast<int32_t>(answer.w(2)));
}

// --- RX and TX -----------------------------------------------------------------------------------

enum class BufferCall : uint8_t { map, unmap, release, list, count };
constexpr const char* buffer_call_names[] = {"map", "unmap", "release", "list", "count"};

struct BufferStep {
  size_t vm = 0;
  BufferCall call{};
};

void showValue(const BufferStep& step, std::ostream& out) {
  out << buffer_call_names[static_cast<size_t>(step.call)] << " by VM " << step.vm + 1;
}

/// All that there is to know of a VM's buffers between two calls.
struct BufferModel {
  bool mapped = true;
  bool full = false;

  Status step(BufferCall call) {
    switch (call) {
      case BufferCall::map:
        if (mapped) return Status::denied;
        mapped = true;
        return Status::success;
      case BufferCall::unmap:
        if (!mapped) return Status::invalid_parameters;
        if (full) return Status::denied;
        mapped = false;
        return Status::success;
      case BufferCall::release:
        if (!full) return Status::denied;
        full = false;
        return Status::success;
      case BufferCall::list:
        if (!mapped || full) return Status::busy;
        full = true;
        return Status::success;
      case BufferCall::count:
        return Status::success;
    }
    return Status::aborted;
  }
};

Status make(SendWorld& world, const Setting& setting, uint16_t vm, BufferCall call) {
  switch (call) {
    case BufferCall::map:
      return status_of(world.call(
          vm, {fid64(Fid::rxtx_map), property::tx_ipa, property::rx_ipa, setting.rxtx_pages}));
    case BufferCall::unmap:
      return status_of(world.call(vm, {fid32(Fid::rxtx_unmap)}));
    case BufferCall::release:
      return status_of(world.call(vm, {fid32(Fid::rx_release)}));
    case BufferCall::list:
      return status_of(world.call(vm, {fid32(Fid::partition_info_get)}));
    case BufferCall::count:
      return status_of(world.call(vm, {fid32(Fid::partition_info_get), 0, 0, 0, 0, 1}));
  }
  return Status::aborted;
}

RC_GTEST_PROP(Buffers, DoWhatAModelOfTwoBitsDoes, ()) {
  const Setting setting = any_setting();
  const auto vms = two_vms();
  const auto steps = *list_of<BufferStep>(
      1, 40,
      rc::gen::apply([](size_t vm, BufferCall call) { return BufferStep{vm, call}; },
                     rc::gen::inRange<size_t>(0, 2),
                     rc::gen::element(BufferCall::map, BufferCall::unmap, BufferCall::release,
                                      BufferCall::list, BufferCall::list, BufferCall::count)));
  SendWorld world{setting, vms};
  std::array<BufferModel, 2> models;
  for (const BufferStep& step : steps) {
    // Before 1.1 nobody can ask how many there are.
    if (step.call == BufferCall::count && setting.guest < ffa::v1_1) continue;
    const Status expected = models.at(step.vm).step(step.call);
    RC_ASSERT(make(world, setting, vms.at(step.vm).vm, step.call) == expected);
  }
  RC_ASSERT(world.violations() == "");
}

// --- Transactions ------------------------------------------------------------------------------

using Ranges = std::vector<sim::scenario::DescriptorRange>;

Plan plan_of(const Setting& setting, const Ranges& ranges, uint64_t tag) {
  Plan plan;
  plan.kind = Kind::share;
  plan.descriptor.layout = setting.guest;
  plan.descriptor.tag = tag;
  plan.descriptor.receivers.push_back({.id = property::first_sp});
  plan.descriptor.ranges = ranges;
  return plan;
}

Outcome send(SendWorld& world, const Plan& plan, uint16_t vm) {
  const Outcome outcome = world.send(plan, vm, fewest_cuts(plan, world.tx_bytes()));
  RC_ASSERT(outcome.wrong == "");
  return outcome;
}

struct ShareStep {
  size_t vm = 0;
  bool share = false;
  size_t which = 0;                                   ///< of a reclaim: of the live ones, or none
  std::vector<std::pair<uint64_t, uint32_t>> ranges;  ///< first page and pages, in a space of 24
};

void showValue(const ShareStep& step, std::ostream& out) {
  out << fmt::format("VM {}: ", step.vm + 1);
  if (!step.share) {
    out << fmt::format("reclaim {}", step.which);
    return;
  }
  out << "share";
  for (const auto& [first, pages] : step.ranges) out << fmt::format(" {}+{}", first, pages);
}

constexpr uint64_t shared_space = 24;

rc::Gen<ShareStep> share_step() {
  const auto range =
      rc::gen::pair(rc::gen::inRange<uint64_t>(0, shared_space), rc::gen::inRange<uint32_t>(1, 5));
  return rc::gen::apply(
      [](size_t vm, bool share, size_t which, std::vector<std::pair<uint64_t, uint32_t>> ranges) {
        return ShareStep{vm, share, which, std::move(ranges)};
      },
      rc::gen::inRange<size_t>(0, 2),
      rc::gen::map(rc::gen::inRange(0, 5), [](int n) { return n < 3; }),
      rc::gen::inRange<size_t>(0, 6), list_of<std::pair<uint64_t, uint32_t>>(1, 4, range));
}

/// Which pages of a VM are in which of its transactions.
struct ShareModel {
  std::map<uint64_t, std::set<uint64_t>> live;  ///< by handle

  [[nodiscard]] bool taken(uint64_t number) const {
    return std::any_of(live.begin(), live.end(),
                       [&](const auto& share) { return share.second.contains(number); });
  }
  /// The first range that is wrong decides; one that is wrong in both ways may be so in either.
  [[nodiscard]] std::set<Status> answers(const ShareStep& step) const {
    std::set<uint64_t> own;
    for (const auto& [first, pages] : step.ranges) {
      std::set<Status> wrong;
      for (uint64_t number = first; number < first + pages; ++number) {
        if (own.contains(number)) wrong.insert(Status::invalid_parameters);
        if (taken(number)) wrong.insert(Status::denied);
      }
      if (!wrong.empty()) return wrong;
      for (uint64_t number = first; number < first + pages; ++number) own.insert(number);
    }
    return {Status::success};
  }
};

std::set<uint64_t> numbers_of(const ShareStep& step) {
  std::set<uint64_t> numbers;
  for (const auto& [first, pages] : step.ranges) {
    for (uint64_t number = first; number < first + pages; ++number) numbers.insert(number);
  }
  return numbers;
}

class ShareRun {
 public:
  explicit ShareRun(const Setting& setting)
      : setting_(setting), world_(setting, vms_), before_(world_.state()) {}

  void make(const ShareStep& step) {
    const auto state = world_.state();
    const Status status = step.share ? share(step) : reclaim(step);
    if (status != Status::success) RC_ASSERT(world_.state() == state);
  }
  /// Everything is given back, in the order of `first` and what follows it.
  void finish(bool newest_first) {
    for (size_t vm = 0; vm < models_.size(); ++vm) {
      auto& live = models_.at(vm).live;
      while (!live.empty()) {
        const auto which = newest_first ? std::prev(live.end()) : live.begin();
        RC_ASSERT(status_of(world_.reclaim(vms_.at(vm).vm, which->first)) == Status::success);
        live.erase(which);
      }
    }
    RC_ASSERT(world_.state() == before_);
    RC_ASSERT(world_.violations() == "");
  }
  [[nodiscard]] size_t live() const { return models_[0].live.size() + models_[1].live.size(); }

 private:
  Status share(const ShareStep& step) {
    ShareModel& model = models_.at(step.vm);
    Ranges ranges;
    for (const auto& [first, pages] : step.ranges) {
      ranges.push_back({property::ram_ipa + first * page, pages});
    }
    const Outcome outcome =
        send(world_, plan_of(setting_, ranges, step.which), vms_.at(step.vm).vm);
    const Status status =
        outcome.ok ? Status::success : static_cast<Status>(static_cast<int32_t>(outcome.status));
    RC_ASSERT(model.answers(step).contains(status));
    if (outcome.ok) {
      RC_ASSERT(!models_[0].live.contains(outcome.handle));
      RC_ASSERT(!models_[1].live.contains(outcome.handle));
      model.live[outcome.handle] = numbers_of(step);
    }
    return status;
  }
  /// Of a handle of one's own, of the other VM's, or of nobody's.
  Status reclaim(const ShareStep& step) {
    ShareModel& model = models_.at(step.vm);
    const ShareModel& other = models_.at(1 - step.vm);
    const bool own = step.which < model.live.size();
    uint64_t handle = 0x7777;
    if (own) {
      handle = std::next(model.live.begin(), static_cast<ptrdiff_t>(step.which))->first;
    } else if (!other.live.empty()) {
      handle = other.live.begin()->first;
    }
    const Status status = status_of(world_.reclaim(vms_.at(step.vm).vm, handle));
    RC_ASSERT(status == (own ? Status::success : Status::invalid_parameters));
    if (own) model.live.erase(handle);
    return status;
  }

  const Setting setting_;
  const std::vector<property::HostLayout> vms_ = two_vms();
  SendWorld world_;
  const property::State before_;
  std::array<ShareModel, 2> models_;
};

RC_GTEST_PROP(Shares, DoWhatASetOfPagesDoesAndLeaveNothing, ()) {
  ShareRun run{any_setting()};
  const auto steps = *list_of<ShareStep>(1, 30, share_step());
  size_t most = 0;
  for (const ShareStep& step : steps) {
    run.make(step);
    most = std::max(most, run.live());
  }
  RC_TAG(most < 2 ? "less than two at once" : "several at once");
  run.finish(*rc::gen::arbitrary<bool>());
}

/// Disjoint ranges in rising order, with and without room between them.
Ranges rising_ranges() {
  Ranges ranges;
  uint64_t at = 0;
  for (const auto& [gap, pages] : *list_of<std::pair<uint64_t, uint32_t>>(
           1, 40,
           rc::gen::pair(rc::gen::inRange<uint64_t>(0, 3), rc::gen::inRange<uint32_t>(1, 6)))) {
    at += gap;
    ranges.push_back({property::ram_ipa + at * page, pages});
    at += pages;
  }
  return ranges;
}

/// The pages that the SPMC holds after a share of these ranges, which is then taken back.
std::vector<uint64_t> told(SendWorld& world, const Setting& setting, const Ranges& ranges,
                           uint16_t vm) {
  const Outcome outcome = send(world, plan_of(setting, ranges, 5), vm);
  RC_ASSERT(outcome.ok);
  RC_ASSERT(status_of(world.reclaim(vm, outcome.handle)) == Status::success);
  return outcome.told;
}

RC_GTEST_PROP(Ranges, MeanTheSamePagesInAnyOrder, ()) {
  const Setting setting = any_setting();
  SendWorld world{setting, two_vms()};
  const uint16_t vm = two_vms().at(*rc::gen::inRange<size_t>(0, 2)).vm;
  const Ranges ranges = rising_ranges();
  Ranges shuffled = ranges;
  for (size_t n = shuffled.size(); n > 1; --n) {
    std::swap(shuffled[n - 1], shuffled[*rc::gen::inRange<size_t>(0, n)]);
  }
  std::vector<uint64_t> in_order = told(world, setting, ranges, vm);
  std::vector<uint64_t> in_disorder = told(world, setting, shuffled, vm);
  std::sort(in_order.begin(), in_order.end());
  std::sort(in_disorder.begin(), in_disorder.end());
  RC_ASSERT(in_order == in_disorder);
}

RC_GTEST_PROP(Ranges, MeanTheSamePagesHoweverTheyAreCut, ()) {
  const Setting setting = any_setting();
  SendWorld world{setting, two_vms()};
  const uint16_t vm = two_vms().at(*rc::gen::inRange<size_t>(0, 2)).vm;
  const Ranges ranges = rising_ranges();
  Ranges cut;
  for (const auto& range : ranges) {
    const uint32_t first = *rc::gen::inRange<uint32_t>(0, range.pages);
    if (first != 0) cut.push_back({range.address, first});
    cut.push_back({range.address + first * page, range.pages - first});
  }
  RC_ASSERT(told(world, setting, cut, vm) == told(world, setting, ranges, vm));
}

}  // namespace
}  // namespace laws::worlds
