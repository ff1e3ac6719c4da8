// SPDX-License-Identifier: BSD-3-Clause
// The SPMC's side: function and registers, per window of recorded calls.
#include <fmt/format.h>

#include <algorithm>

#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/compare.hpp"
#include "tools/ffa-trace/records.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

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

std::string call_text(const ffa::Regs& in) {
  const std::string words = call_words(in);
  return words.empty() ? function_name(in.x[0]) : function_name(in.x[0]) + " " + words;
}

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
  if (is(captured.in, ffa::Fid::mem_frag_tx) && is(ours.in, ffa::Fid::mem_frag_tx)) {
    compare_fragments(comparison, subject, parse_fragment(captured.tx), parse_fragment(ours.tx));
  }
  if (!send) return;
  compare_lengths(comparison, subject, {captured.in, captured.tx}, {ours.in, ours.tx});
  compare_descriptors(comparison, subject, parse_descriptor(captured.tx, captured.in.w(1), layout),
                      parse_descriptor(ours.tx, ours.in.w(1), layout));
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
