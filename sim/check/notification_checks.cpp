// SPDX-License-Identifier: BSD-3-Clause
// I30: a notification between VMs is set by the VM only that it is bound to, pending until one GET
// of its receiver returns it, and lost by nobody; what the SPMC gave reaches the VM.
// [DEN0077A 1.2 chapter 16]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/overlaps.hpp"

namespace sim::check {

namespace {

using ffa::Fid;
using ffa::is_function;
using ffa::NotificationGet;
using ffa::NotificationGetSuccess;

/// What calls that are over, and those under way, say of one receiver's notifications from VMs.
class Receiver {
 public:
  /// For the VM as a whole (no vCPU), or for one vCPU.
  using Whom = std::optional<uint16_t>;

  void begin_binding(const trace::Event& call, uint64_t bitmap) {
    open_bindings_[call.seq] = bitmap;
  }
  /// An FFA_NOTIFICATION_BIND or UNBIND that is over: those of its notifications that another one
  /// was at work on meanwhile, so that which came first can't be told.
  uint64_t end_binding(const trace::Event& call, uint64_t bitmap) {
    open_bindings_.erase(call.seq);  // not there: the VM has been freed meanwhile
    uint64_t unsure = 0;
    for (const auto& [seq, other] : open_bindings_) unsure |= other;
    each(bitmap, [&](size_t n) {
      if (bound_at_[n] > call.seq) unsure |= uint64_t{1} << n;
    });
    if (!ffa::is_success(call.out)) return unsure;
    each(bitmap, [&](size_t n) { bound_at_[n] = std::max(bound_at_[n], call.seq_ret); });
    return unsure;
  }
  void bind(uint16_t sender, uint64_t bitmap, bool per_vcpu, uint64_t unsure) {
    unbind(bitmap, unsure);
    each(bitmap, [&](size_t n) { bound_[n].push_back({sender, per_vcpu}); });
  }
  void unbind(uint64_t bitmap, uint64_t unsure) {
    each(bitmap & ~unsure, [&](size_t n) { bound_[n].clear(); });
  }
  /// The sender is gone, and so is its right to set.
  void forget(uint16_t sender) {
    for (auto& bindings : bound_) {
      std::erase_if(bindings, [&](Binding binding) { return binding.sender == sender; });
    }
  }
  [[nodiscard]] bool is_bound(uint16_t sender, uint64_t bitmap, bool per_vcpu) const {
    bool all = true;
    each(bitmap, [&](size_t n) {
      all = all && std::ranges::any_of(bound_[n], [&](Binding binding) {
              return binding.sender == sender && binding.per_vcpu == per_vcpu;
            });
    });
    return all;
  }

  /// A SET that may succeed is under way.
  void may_set(const Whom& whom, uint64_t bitmap) {
    each(bitmap, [&](size_t n) { ++places_[whom].maybe[n]; });
  }
  void not_set(const Whom& whom, uint64_t bitmap) {
    each(bitmap, [&](size_t n) { --places_[whom].maybe[n]; });
  }
  /// It has succeeded. Pending from now on, unless a GET that ended after it began has taken it.
  void set(const Whom& whom, uint64_t bitmap, const trace::Event& call) {
    Place& place = places_[whom];
    each(bitmap, [&](size_t n) {
      if (place.taken_at[n] < call.seq) place.surely_since[n] = call.seq_ret;
    });
  }

  void begin_get() { gets_.begin(); }
  /// A GET that is over: true if another one overlapped, which may have what this one has not.
  bool end_get(const trace::Event& call) { return gets_.end(call); }
  /// What a GET that is over returned. Returns what it says that nobody set, and what it should
  /// have returned and did not.
  struct Judgement {
    uint64_t invented = 0;
    uint64_t lost = 0;
  };
  Judgement get(uint16_t vcpu, uint64_t bitmap, const trace::Event& call, bool overlapped,
                bool alone) {
    Judgement judgement;
    Place& whole = places_[Whom{}];
    Place& part = places_[Whom{vcpu}];
    for (size_t n = 0; n < 64; ++n) {
      const bool returned = (bitmap >> n & 1U) != 0;
      const bool due = is_due(whole, n, call) || is_due(part, n, call);
      if (returned && whole.maybe[n] + part.maybe[n] <= 0) judgement.invented |= uint64_t{1} << n;
      if (!returned && due && !overlapped) judgement.lost |= uint64_t{1} << n;
      if (!returned) continue;
      for (Place* const place : {&whole, &part}) {
        place->surely_since[n] = 0;
        place->taken_at[n] = call.seq_ret;
      }
    }
    // Nobody else is at work: nothing is pending any more.
    if (alone) {
      whole.maybe.fill(0);
      part.maybe.fill(0);
    }
    return judgement;
  }

 private:
  struct Binding {
    uint16_t sender = 0;
    bool per_vcpu = false;
  };
  struct Place {
    std::array<int64_t, 64> maybe{};          ///< SETs since nothing was pending for certain
    std::array<uint64_t, 64> surely_since{};  ///< 0: not sure
    std::array<uint64_t, 64> taken_at{};      ///< end of the last GET that returned it
  };

  static bool is_due(const Place& place, size_t n, const trace::Event& call) {
    return place.surely_since[n] != 0 && place.surely_since[n] < call.seq;
  }
  template <class Visit>
  static void each(uint64_t bitmap, Visit visit) {
    for (size_t n = 0; n < 64; ++n) {
      if ((bitmap >> n & 1U) != 0) visit(n);
    }
  }

  /// More than one: bound and unbound at once, and any of them may be the last.
  std::array<std::vector<Binding>, 64> bound_{};
  std::map<Whom, Place> places_;
  Overlaps gets_;
  std::map<uint64_t, uint64_t> open_bindings_;  ///< seq of the call -> bitmap
  std::array<uint64_t, 64> bound_at_{};         ///< end of the last successful BIND or UNBIND
};

class Notifications final : public CheckerOf<Notifications> {
 public:
  std::string id() const override { return "I30"; }

  void before(const Step& step) override {
    if (!step.is_guest()) return;
    if (is_function(step.event.in, Fid::notification_get)) {
      receivers_[step.event.vm].begin_get();
    }
    if (is_binding(step.event)) {
      receivers_[step.event.vm].begin_binding(step.event, bitmap_of(step.event));
    }
    if (const auto set = set_of(step.event)) {
      receivers_[set->receiver.raw()].may_set(whom(*set), set->bitmap);
    }
  }

  void after(const Step& step) override {
    const trace::Event& event = step.event;
    if (event.side == trace::Side::lifecycle && event.op == "free") {
      receivers_.erase(event.vm);
      for (auto& [id, receiver] : receivers_) receiver.forget(event.vm);
    }
    if (!step.is_guest() || step.guests.freed_since(event.vm, event.seq)) return;
    if (is_binding(event)) note_binding(event);
    if (const auto set = set_of(event)) check_set(step, *set);
    if (is_function(event.in, Fid::notification_get)) check_get(step);
  }

 private:
  static Receiver::Whom whom(const ffa::NotificationSet& set) {
    return set.per_vcpu ? Receiver::Whom{set.vcpu.raw()} : Receiver::Whom{};
  }
  /// From VM to VM.
  static std::optional<ffa::NotificationSet> set_of(const trace::Event& event) {
    if (!is_function(event.in, Fid::notification_set)) return {};
    const auto set = ffa::NotificationSet::decode(event.in);
    if (!set.ok() || set->receiver.is_secure()) return {};
    return *set;
  }

  static bool is_binding(const trace::Event& event) {
    return is_function(event.in, Fid::notification_bind) ||
           is_function(event.in, Fid::notification_unbind);
  }
  /// BIND and UNBIND have it in the same place.
  static uint64_t bitmap_of(const trace::Event& event) {
    return uint64_t{event.in.w(4)} << 32 | event.in.w(3);
  }
  void note_binding(const trace::Event& event) {
    Receiver& receiver = receivers_[event.vm];
    const uint64_t unsure = receiver.end_binding(event, bitmap_of(event));
    if (!ffa::is_success(event.out)) return;
    if (is_function(event.in, Fid::notification_bind)) {
      const auto bind = ffa::NotificationBind::decode(event.in);
      if (!bind.ok() || bind->sender.is_secure()) return;
      receiver.bind(bind->sender.raw(), bind->bitmap, bind->per_vcpu, unsure);
    } else {
      const auto unbind = ffa::NotificationUnbind::decode(event.in);
      if (!unbind.ok() || unbind->sender.is_secure()) return;
      receiver.unbind(unbind->bitmap, unsure);
    }
  }

  void check_set(const Step& step, const ffa::NotificationSet& set) {
    const trace::Event& event = step.event;
    if (step.guests.freed_since(set.receiver.raw(), event.seq)) return;
    Receiver& receiver = receivers_[set.receiver.raw()];
    if (!ffa::is_success(event.out)) return receiver.not_set(whom(set), set.bitmap);
    receiver.set(whom(set), set.bitmap, event);
    const bool known =
        set.sender.raw() == event.vm && receiver.is_bound(event.vm, set.bitmap, set.per_vcpu);
    if (step.alone && !known) {
      report(step, fmt::format("sets {:#x} of VM {}, which is not bound to it so", set.bitmap,
                               set.receiver.raw()));
    }
  }

  void check_get(const Step& step) {
    const trace::Event& event = step.event;
    Receiver& receiver = receivers_[event.vm];
    const bool overlapped = receiver.end_get(event);
    const auto get = NotificationGet::decode(event.in);
    if (!get.ok()) return;
    const auto got = NotificationGetSuccess::decode(event.out).value();
    const bool given = ffa::is_success(event.out);
    check_relayed(step, *get, given ? got : NotificationGetSuccess{});
    if (!given || !get->wants(NotificationGet::from_vms)) return;
    const auto judged = receiver.get(get->vcpu.raw(), got.from_vms, event, overlapped, step.alone);
    if (judged.invented != 0)
      report(step, fmt::format("gets {:#x}, set by nobody", judged.invented));
    if (judged.lost != 0)
      report(step, fmt::format("does not get {:#x}, which is set", judged.lost));
  }

  /// What the SPMC gave is pending there no longer, so it is lost unless the VM gets it.
  void check_relayed(const Step& step, const NotificationGet& get,
                     const NotificationGetSuccess& got) const {
    NotificationGetSuccess given;
    for (const trace::Event* const smc : step.smcs) {
      if (!is_function(smc->in, Fid::notification_get) || !ffa::is_success(smc->out)) continue;
      const auto each = NotificationGetSuccess::decode(smc->out).value();
      if (get.wants(NotificationGet::from_sps)) given.from_sps |= each.from_sps;
      if (get.wants(NotificationGet::from_spm)) given.spm_framework |= each.spm_framework;
    }
    if (got.from_sps != given.from_sps || got.spm_framework != given.spm_framework) {
      report(step,
             fmt::format("gets {:#x} and {:#x} where the SPMC gave {:#x} and {:#x}", got.from_sps,
                         got.spm_framework, given.from_sps, given.spm_framework));
    }
  }

  std::map<uint16_t, Receiver> receivers_;
};

}  // namespace

void add_notification_checkers(CheckerList& list) {
  list.push_back(std::make_unique<Notifications>());
}

}  // namespace sim::check
