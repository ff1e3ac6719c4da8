// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"

namespace sim::report {
namespace {

using trace::Event;
using trace::Side;
using Kind = Timeline::Kind;

constexpr uint64_t at_the_end = ~uint64_t{0};

std::string function_text(const ffa::Regs& regs) {
  const char* const name = ffa::fid_name(ffa::FunctionId{regs.x[0]}.raw);
  return name != nullptr ? name : fmt::format("{:#x}", regs.x[0]);
}

std::string vm_name(uint16_t vm, const VmNames& names) {
  const auto known = names.find(vm);
  return known == names.end() ? fmt::format("vm{}", vm) : known->second;
}

std::string call_text(const Event& event, const VmNames& names) {
  if (event.side == Side::lifecycle) {
    return event.op == "probe" ? event.op : event.op + " " + vm_name(event.vm, names);
  }
  return event.side == Side::irq ? "schedule receiver interrupt" : function_text(event.in);
}

std::string progress_text(int64_t result) {
  constexpr std::array<const char*, 4> names{"done", "restart", "quarantined", "later"};
  if (result < 0) return ffa::status_name(static_cast<ffa::Status>(result));
  return result < std::ssize(names) ? names[static_cast<size_t>(result)]
                                    : fmt::format("{}", result);
}

std::string answer_text(const Event& event) {
  std::string text;
  if (event.side == Side::irq) return "done";
  if (event.side == Side::lifecycle) {
    text = progress_text(event.result);
  } else if (ffa::is_error(event.out)) {
    text = ffa::status_name(ffa::error_status(event.out));
  } else {
    text = ffa::is_success(event.out) ? "SUCCESS" : function_text(event.out);
  }
  if (!event.rule.empty()) text += fmt::format(" ({})", event.rule);
  return text;
}

std::string place_text(const SwitchPlace& place) {
  return fmt::format("{}.{}", place.event, place.point);
}

std::string turn_text(const Turn& turn, const std::string& from, const std::string& to) {
  std::string text;
  if (turn.from.point != 0) {
    text =
        fmt::format("{} stops at {}, {}; ", from, place_text(turn.from), in_words(turn.from.here));
  }
  if (turn.to.point == 0) return text + to + " begins";
  return text + fmt::format("{} goes on from {}", to, place_text(turn.to));
}

/// Puts tokens, turns and remarks in the order in which they happened.
class Builder {
 public:
  Builder(const RunRecord& record, const std::vector<Remark>& remarks, const VmNames& names)
      : record_(record), names_(names) {
    name_lanes();
    for (size_t n = 0; n < record.events.size(); ++n) {
      const Event& event = record.events[n];
      tokens_.push_back({event.seq, What::token, n, true});
      if (event.seq_ret != 0) tokens_.push_back({event.seq_ret, What::token, n, false});
    }
    for (size_t n = 0; n < record.turns.size(); ++n) {
      tokens_.push_back({record.turns[n].seq, What::turn, n, false});
    }
    for (size_t n = 0; n < remarks.size(); ++n) {
      tokens_.push_back({remarks[n].seq, What::remark, n, false});
    }
    std::ranges::sort(tokens_, {}, [](const Token& one) {
      return std::tuple(one.seq, one.what, one.index, !one.begins);
    });
    for (const Token& one : tokens_) {
      if (one.what == What::remark) {
        timeline_.rows.push_back({.text = remarks[one.index].text});
      } else if (one.what == What::turn) {
        add_turn(record.turns[one.index]);
      } else {
        add_token(record.events[one.index], one.begins);
      }
    }
  }
  Timeline take() { return std::move(timeline_); }

 private:
  /// In this order where the counter is the same.
  enum class What : uint8_t { turn, remark, token };
  struct Token {
    uint64_t seq;
    What what;
    size_t index;
    bool begins;
  };
  using Vcpu = std::pair<uint16_t, uint16_t>;

  void name_lanes() {
    for (const Event& event : record_.events) {
      if (event.side == Side::guest || event.op == "inject") vcpus_[{event.vm, event.vcpu}] = 0;
    }
    timeline_.lanes = {"host"};
    for (auto& [vcpu, lane] : vcpus_) {
      lane = timeline_.lanes.size();
      timeline_.lanes.push_back(fmt::format("{}.{}", vm_name(vcpu.first, names_), vcpu.second));
    }
    timeline_.lanes.insert(timeline_.lanes.end(), {"mediator", "SPMC"});
  }

  size_t lane_of(const Event& event) const {
    const auto vcpu = vcpus_.find({event.vm, event.vcpu});
    const bool of_vcpu = event.side == Side::guest || event.op == "inject";
    return of_vcpu ? vcpu->second : 0;
  }
  size_t lane_of(uint64_t seq) const {
    const auto found = std::ranges::lower_bound(record_.events, seq, {}, &Event::seq);
    return found == record_.events.end() || found->seq != seq ? 0 : lane_of(*found);
  }

  void add_turn(const Turn& turn) {
    running_ = lane_of(turn.to.event);
    const size_t from = lane_of(turn.from.event);
    std::string text = turn_text(turn, timeline_.lanes[from], timeline_.lanes[running_]);
    add({Kind::turn, 0, from, running_, running_, std::move(text), turn.decision});
  }

  void add_token(const Event& event, bool begins) {
    const size_t mediator = timeline_.mediator();
    if (event.op == "inject") {
      if (!begins) return;
      add({Kind::answer,
           event.seq,
           mediator,
           lane_of(event),
           lane_of(event),
           fmt::format("interrupt {}", event.result),
           {}});
      return;
    }
    size_t who = running_;
    size_t from = mediator;
    size_t to = timeline_.spmc();
    if (event.side != Side::spmc) {
      if (begins) running_ = lane_of(event);
      from = who = lane_of(event);
      to = mediator;
      probing_ = begins && event.op == "probe";
    } else if (probing_) {
      if (begins) ++probed_;
      return;
    } else if (const auto vcpu = vcpus_.find({event.vm, event.vcpu}); vcpu != vcpus_.end()) {
      who = vcpu->second;  // a call that has waited goes on without a turn
    }
    if (begins) {
      add({Kind::call, event.seq, from, to, who, call_text(event, names_), {}});
      return;
    }
    std::string text = answer_text(event);
    if (event.op == "probe") text += fmt::format(", after {} SMCs", probed_);
    add({Kind::answer, event.seq_ret, to, from, who, std::move(text), {}});
  }

  void add(Timeline::Row row) { timeline_.rows.push_back(std::move(row)); }

  const RunRecord& record_;
  const VmNames& names_;
  std::map<Vcpu, size_t> vcpus_;  // their lanes
  std::vector<Token> tokens_;
  Timeline timeline_;
  size_t running_ = 0;
  bool probing_ = false;
  uint64_t probed_ = 0;
};

/// Behind the call of the step that a place in the scenario belongs to.
uint64_t behind_step(const scenario::CompiledCase& compiled, const RunRecord& record,
                     const std::string& pointer) {
  for (size_t n = 0; n < record.steps.size() && n < compiled.steps.size(); ++n) {
    const scenario::CompiledStep& step = compiled.steps[n];
    if (pointer != step.pointer && !pointer.starts_with(step.pointer + "/")) continue;
    const StepRecord& done = record.steps[n];
    for (size_t at = std::min(done.end_event, record.events.size()); at-- > done.first_event;) {
      const Event& event = record.events[at];
      if (event.side == Side::guest && event.vm == step.actor.vm && event.vcpu == step.actor.vcpu &&
          event.seq_ret != 0) {
        return event.seq_ret + 1;
      }
    }
  }
  return at_the_end;
}

}  // namespace

std::vector<Remark> remarks_of(const scenario::CompiledCase& compiled, const RunRecord& record,
                               const std::vector<scenario::Failure>& failures) {
  std::vector<Remark> remarks;
  for (const Violation& violation : record.violations) {
    remarks.push_back({violation.seq, fmt::format("{}: {}", violation.invariant, violation.text)});
  }
  for (const scenario::Failure& failure : failures) {
    if (failure.pointer.empty() && !failure.rule.empty()) continue;  // violated, and told above
    const bool whole = failure.pointer.empty();
    remarks.push_back(
        {whole ? at_the_end : behind_step(compiled, record, failure.pointer), failure.text});
  }
  return remarks;
}

VmNames names_of(const scenario::CompiledCase& compiled) {
  VmNames names;
  for (const scenario::CompiledStep& step : compiled.steps) {
    const scenario::Actor& actor = step.actor;
    if (!actor.host) names[actor.vm] = actor.name.substr(0, actor.name.rfind('.'));
  }
  return names;
}

Timeline timeline_of(const RunRecord& record, const std::vector<Remark>& remarks,
                     const VmNames& names) {
  return Builder(record, remarks, names).take();
}

}  // namespace sim::report
