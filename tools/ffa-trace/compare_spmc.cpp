// SPDX-License-Identifier: BSD-3-Clause
// The SPMC's side: function, registers and the meaning of descriptors, per window of recorded
// calls.
#include <fmt/format.h>

#include <algorithm>

#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/compare.hpp"
#include "tools/ffa-trace/records.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

std::string receiver_text(const std::vector<Receiver>& receivers, size_t i) {
  if (i >= receivers.size()) return "nothing";
  const Receiver& receiver = receivers[i];
  return fmt::format("{:#x} permissions {:#x} flags {:#x} {}", receiver.id, receiver.permissions,
                     receiver.flags, sim::trace::to_hex(receiver.impdef));
}

std::string run_text(const std::vector<PageRun>& runs, size_t i) {
  if (i >= runs.size()) return "nothing";
  return fmt::format("{:#x} pages {}", runs[i].address, runs[i].pages);
}

std::string problems_text(const Descriptor& descriptor) {
  std::string text;
  for (const std::string& problem : descriptor.problems) {
    if (!text.empty()) text += "; ";
    text += problem;
  }
  return text.empty() ? "well-formed" : text;
}

void compare_descriptors(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                         const Descriptor& actual) {
  const char* const rule = "descriptor";
  const auto number = [&](const char* name, uint64_t want, uint64_t got) {
    comparison.number(subject, rule, name, want, got, false);
  };
  number("descriptor.sender", expected.sender, actual.sender);
  number("descriptor.attributes", expected.attributes, actual.attributes);
  number("descriptor.flags", expected.flags, actual.flags);
  number("descriptor.handle", expected.handle, actual.handle);
  number("descriptor.tag", expected.tag, actual.tag);
  comparison.field(subject, rule, "descriptor.form", problems_text(expected), problems_text(actual),
                   true);
  const auto want = sorted(expected.receivers);
  const auto got = sorted(actual.receivers);
  for (size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
    comparison.field(subject, rule, fmt::format("descriptor.receivers[{}]", i),
                     receiver_text(want, i), receiver_text(got, i), false);
  }
  // Every page went through the mediator's own translation.
  const auto want_runs = merged(expected.ranges);
  const auto got_runs = merged(actual.ranges);
  for (size_t i = 0; i < std::max(want_runs.size(), got_runs.size()); ++i) {
    if (i < want_runs.size() && i < got_runs.size() && want_runs[i] == got_runs[i]) {
      ++comparison.counts().compared;
      ++comparison.counts().computed;
      continue;
    }
    comparison.field(subject, rule, fmt::format("descriptor.runs[{}]", i), run_text(want_runs, i),
                     run_text(got_runs, i), true);
  }
}

/// Lengths in w1 and w2: equal where the layouts are; else each must agree with its own bytes.
void compare_lengths(Comparison& comparison, const Subject& subject, const Event& captured,
                     const Asked& ours) {
  const bool same_layout = captured.tx.size() == ours.tx.size();
  for (const unsigned i : {1U, 2U}) {
    const std::string name = fmt::format("in.x{}", i);
    if (same_layout) {
      comparison.number(subject, "spmc-in", name, captured.in.x[i], ours.in.x[i], true);
      continue;
    }
    comparison.number(subject, "spmc-in", name, captured.in.x[i], captured.tx.size(), false);
    comparison.number(subject, "spmc-in", name, ours.tx.size(), ours.in.x[i], true);
  }
}

std::string call_text(const ffa::Regs& in) {
  const std::string words = call_words(in);
  return words.empty() ? function_name(in.x[0]) : function_name(in.x[0]) + " " + words;
}

/// Which recorded call each request is compared with: its answer's, or, for requests that had none,
/// the next unused record of the same function; nothing: too much.
std::vector<std::optional<size_t>> pair_up(const std::vector<Event>& records,
                                           const std::vector<Asked>& asked) {
  std::vector<bool> used(records.size(), false);
  std::vector<std::optional<size_t>> pairs(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    pairs[i] = asked[i].answer;
    if (pairs[i]) used[*pairs[i]] = true;
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    for (size_t r = 0; !pairs[i] && r < records.size(); ++r) {
      if (used[r] || records[r].in.w(0) != asked[i].in.w(0)) continue;
      pairs[i] = r;
      used[r] = true;
    }
  }
  return pairs;
}

}  // namespace

Subject of_record(const Subject& subject, const Event& record) {
  Subject inner = subject;
  inner.event = record.seq;
  inner.prefix = "spmc ";
  return inner;
}

bool is_given(const Asked& asked, unsigned n) {
  return !asked.from_model || (asked.stimulus >> n & 1) != 0;
}

void compare_reply(Comparison& comparison, const Subject& subject, const Event& captured,
                   const Asked& ours) {
  for (unsigned i = 0; i < ours.out.x.size(); ++i) {
    if (is_given(ours, i)) continue;
    comparison.number(subject, "spmc-out", fmt::format("out.x{}", i), captured.out.x[i],
                      ours.out.x[i], true);
  }
}

void compare_listed(Comparison& comparison, const Subject& subject, const Event& captured,
                    const Asked& ours) {
  if (captured.rx.empty() && ours.rx.empty()) return;
  comparison.field(subject, "spmc-out", "rx", sim::trace::to_hex(captured.rx),
                   sim::trace::to_hex(ours.rx), true);
}

void compare_spmc(Comparison& comparison, const Subject& subject, const Event& captured,
                  const Asked& ours, HeaderLayout layout) {
  const bool send = is_memory_send(captured.in) && is_memory_send(ours.in);
  for (unsigned i = 0; i < ours.in.x.size(); ++i) {
    if (send && (i == 1 || i == 2)) continue;
    const bool relayed = subject.call.x[i] == ours.in.x[i];
    comparison.number(subject, "spmc-in", fmt::format("in.x{}", i), captured.in.x[i], ours.in.x[i],
                      !relayed);
  }
  if (!send) return;
  compare_lengths(comparison, subject, captured, ours);
  compare_descriptors(comparison, subject,
                      parse_descriptor(captured.tx, captured.tx.size(), layout),
                      parse_descriptor(ours.tx, ours.tx.size(), layout));
}

void compare_relayed(Comparison& comparison, const Subject& subject, const Event& captured,
                     const Window& window) {
  const Subject inner = of_record(subject, captured);
  const auto number = [](const ffa::Regs& in) { return ffa::FunctionId{in.x[0]}.number(); };
  size_t times = 0;
  for (const Asked& asked : window.asked) {
    const bool same = number(asked.in) == number(captured.in);
    if (same) {
      Event counterpart = captured;
      // Of which width a memory send is, is a matter of what the SPMC has.
      if (is_memory_send(captured.in)) counterpart.in.x[0] = asked.in.x[0];
      compare_spmc(comparison, inner, counterpart, asked, window.layout());
      ++times;
    }
    if (is_passed_on(asked.in) && (!same || times > 1)) {
      comparison.diverge(inner, "spmc-extra", "spmc call", "nothing", call_text(asked.in));
    }
  }
  if (times == 0 && is_passed_on(captured.in) && !ffa::is_error(captured.out)) {
    comparison.diverge(inner, "spmc-missing", "spmc call", call_text(captured.in), "nothing");
  }
}

void compare_window(Comparison& comparison, const Subject& subject, const Window& window) {
  const auto& records = window.records();
  const auto& asked = window.asked;
  const auto pairs = pair_up(records, asked);
  std::vector<bool> seen(records.size(), false);
  std::optional<size_t> last;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (!pairs[i]) {
      comparison.extra(subject, window, i, call_text(asked[i].in));
      continue;
    }
    const Event& record = records[*pairs[i]];
    const Subject inner = of_record(subject, record);
    seen[*pairs[i]] = true;
    compare_spmc(comparison, inner, record, asked[i], window.layout());
    if (asked[i].from_model && asked[i].answer) {
      compare_reply(comparison, inner, record, asked[i]);
      compare_listed(comparison, inner, record, asked[i]);
    }
    if (!asked[i].answer && !asked[i].from_model) {
      comparison.diverge(inner, "spmc-unseen", "request", call_text(record.in),
                         call_text(asked[i].in));
    }
    if (last && *pairs[i] < *last) {
      comparison.diverge(inner, "spmc-order", "position", fmt::format("{}", *pairs[i]),
                         fmt::format("{}", i));
    }
    last = pairs[i];
  }
  for (size_t r = 0; r < records.size(); ++r) {
    if (seen[r]) continue;
    comparison.diverge(of_record(subject, records[r]), "spmc-missing", "spmc call",
                       call_text(records[r].in), "nothing");
  }
}

}  // namespace ffa_trace
