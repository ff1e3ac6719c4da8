// SPDX-License-Identifier: BSD-3-Clause
// I30: a notification between VMs is set by the VM only that it is bound to, pending until one GET
// of its receiver returns it, and lost by nobody; what the SPMC gave reaches the VM.
// [DEN0077A 1.2 chapter 16]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"

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

  void begin_binding() { ++open_bindings_; }
  /// An FFA_NOTIFICATION_BIND or UNBIND that is over: true if another one overlapped, and which of
  /// them came first can't be told.
  bool end_binding(const trace::Event& call) {
    if (open_bindings_ != 0) --open_bindings_;  // 0: the VM has been freed meanwhile
    const bool overlapped = open_bindings_ != 0 || last_binding_end_ > call.seq;
    last_binding_end_ = std::max(last_binding_end_, call.seq_ret);
    return overlapped;
  }
  void bind(uint16_t sender, uint64_t bitmap, bool per_vcpu, bool unsure) {
    each(bitmap, [&](size_t n) { bound_[n] = {sender, per_vcpu, unsure}; });
  }
  void unbind(uint64_t bitmap, bool unsure) {
    each(bitmap, [&](size_t n) { bound_[n] = {.unsure = unsure}; });
  }
  /// The sender is gone, and so is its right to set.
  void forget(uint16_t sender) {
    for (Binding& binding : bound_) {
      if (binding.sender == sender) binding.sender = 0;
    }
  }
  [[nodiscard]] bool is_bound(uint16_t sender, uint64_t bitmap, bool per_vcpu) const {
    bool all = true;
    each(bitmap, [&](size_t n) {
      const Binding& binding = bound_[n];
      all = all && (binding.unsure || (binding.sender == sender && binding.per_vcpu == per_vcpu));
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

  void begin_get() { ++open_gets_; }
  /// A GET that is over: true if another one overlapped, which may have what this one has not.
  bool end_get(const trace::Event& call) {
    if (open_gets_ != 0) --open_gets_;  // 0: the VM has been freed meanwhile
    const bool overlapped = open_gets_ != 0 || last_get_end_ > call.seq;
    last_get_end_ = std::max(last_get_end_, call.seq_ret);
    return overlapped;
  }
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
    bool unsure = false;  ///< bound and unbound at once
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

  std::array<Binding, 64> bound_{};
  std::map<Whom, Place> places_;
  uint32_t open_gets_ = 0;
  uint64_t last_get_end_ = 0;
  uint32_t open_bindings_ = 0;
  uint64_t last_binding_end_ = 0;
};

class Notifications final : public CheckerOf<Notifications> {
 public:
  std::string id() const override { return "I30"; }

  void before(const Step& step) override {
    if (!step.is_guest()) return;
    if (is_function(step.event.in, Fid::notification_get)) {
      receivers_[step.event.vm].begin_get();
    }
    if (is_binding(step.event)) receivers_[step.event.vm].begin_binding();
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
    if (is_binding(event)) note_binding(event, receivers_[event.vm].end_binding(event));
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
  void note_binding(const trace::Event& event, bool overlapped) {
    if (!ffa::is_success(event.out)) return;
    Receiver& receiver = receivers_[event.vm];
    if (const auto bind = ffa::NotificationBind::decode(event.in);
        is_function(event.in, Fid::notification_bind) && bind.ok() && !bind->sender.is_secure()) {
      receiver.bind(bind->sender.raw(), bind->bitmap, bind->per_vcpu, overlapped);
    }
    if (const auto unbind = ffa::NotificationUnbind::decode(event.in);
        is_function(event.in, Fid::notification_unbind) && unbind.ok() &&
        !unbind->sender.is_secure()) {
      receiver.unbind(unbind->bitmap, overlapped);
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
