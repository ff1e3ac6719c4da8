// SPDX-License-Identifier: BSD-3-Clause
// I27: what FFA_FEATURES says of a function is what comes of calling it. [DEN0077A 1.2 §13.3]
#include <map>
#include <utility>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"

namespace sim::check {

namespace {

using ffa::Fid;
using ffa::is_function;

constexpr uint32_t function_bit = 1U << 31;

/// Told of before, and called now; or called before, and told of now. What was learned first is
/// kept for each VM from its FFA_VERSION on.
class HonestFeatures final : public CheckerOf<HonestFeatures> {
 public:
  std::string id() const override { return "I27"; }
  void after(const Step& step) override {
    const trace::Event& event = step.event;
    if (event.side == trace::Side::lifecycle) {
      forget(event.vm);
      return;
    }
    if (!step.is_ffa()) return;
    if (is_version_call(event.in)) return forget(event.vm);
    if (step.not_live() || event.conduit == "hvc") return;
    if (step.guests.version_unsure(event.vm, event.seq)) return;
    if (is_function(event.in, Fid::features)) return note_query(step);
    note_call(step);
  }

 private:
  using Key = std::pair<uint16_t, uint32_t>;  // VM, function id

  void forget(uint16_t vm) {
    std::erase_if(said_, [vm](const auto& entry) { return entry.first.first == vm; });
    std::erase_if(served_, [vm](const auto& entry) { return entry.first.first == vm; });
  }

  void note_query(const Step& step) {
    const uint32_t function = step.event.in.w(1);
    // Replies are answered yes, since a caller gets them; they are not to be called.
    const ffa::FunctionId asked{function};
    const bool reply = is_reply(function);
    if ((function & function_bit) == 0 || asked.raw != function || reply) return;
    const bool says = ffa::is_success(step.event.out);
    if (!says && !is_not_supported(step)) return;
    said_[{step.event.vm, function}] = says;
    const auto served = served_.find({step.event.vm, function});
    if (served != served_.end() && served->second != says) {
      report(step, says ? "says yes, but the call was NOT_SUPPORTED" : "says no of a call served");
    }
  }

  // A call that reached the SPMC was offered, whatever the SPMC made of it.
  void note_call(const Step& step) {
    const uint32_t function = ffa::FunctionId{step.event.in.x[0]}.raw;
    const bool refused = is_not_supported(step);
    if (refused && !step.smcs.empty()) return;
    if (refused && !is_whole(step)) return;
    served_[{step.event.vm, function}] = !refused;
    const auto said = said_.find({step.event.vm, function});
    if (said == said_.end() || said->second == !refused) return;
    report(step, refused ? "is NOT_SUPPORTED, but FFA_FEATURES says yes"
                         : "is served, but FFA_FEATURES says no");
  }

  static bool is_not_supported(const Step& step) {
    return ffa::is_error(step.event.out) &&
           ffa::error_status(step.event.out) == ffa::Status::not_supported;
  }
  static bool is_reply(uint32_t function) {
    const ffa::Regs call{{function}};
    return is_function(call, Fid::error) || is_function(call, Fid::success) ||
           is_function(call, Fid::interrupt);
  }
  // Sends in fragments are an option of the send that has no query of its own.
  static bool is_whole(const Step& step) {
    return !is_memory_send(step.event.in) || step.event.in.w(1) == step.event.in.w(2);
  }

  std::map<Key, bool> said_;
  std::map<Key, bool> served_;
};

}  // namespace

void add_features_checkers(CheckerList& list) {
  list.push_back(std::make_unique<HonestFeatures>());
}

}  // namespace sim::check
