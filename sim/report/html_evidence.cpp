// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/html_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "ffa/regs.hpp"
#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"

namespace sim::report {
namespace {

using trace::Event;
using trace::Side;

/// More than that nobody reads; `--trace` has them all.
constexpr size_t max_calls = 60;
constexpr size_t max_log_lines = 200;

/// The counter of events where the first thing was wrong.
uint64_t end_of_interest(const std::vector<Remark>& remarks) {
  uint64_t first = ~uint64_t{0};
  for (const Remark& remark : remarks) first = std::min(first, remark.seq);
  return first;
}

/// "/steps/3 mem_share" where the first call of each step begins.
std::map<uint64_t, std::string> step_names(const scenario::CompiledCase& compiled,
                                           const RunRecord& record) {
  std::map<uint64_t, std::string> names;
  for (size_t n = 0; n < record.steps.size() && n < compiled.steps.size(); ++n) {
    const StepRecord& done = record.steps[n];
    const scenario::CompiledStep& step = compiled.steps[n];
    const size_t end = std::min(done.end_event, record.events.size());
    for (size_t at = done.first_event; at < end; ++at) {
      const Event& event = record.events[at];
      const bool own = step.actor.host ? event.side == Side::lifecycle
                                       : event.side == Side::guest && event.vm == step.actor.vm &&
                                             event.vcpu == step.actor.vcpu;
      if (!own) continue;
      names.emplace(event.seq, step.pointer + " " + step.what);
      break;
    }
  }
  return names;
}

std::string registers_text(const ffa::Regs& regs) {
  unsigned last = 7;
  for (unsigned n = 8; n < 18; ++n) {
    if (regs.x[n] != 0) last = n;
  }
  std::string text;
  for (unsigned n = 0; n <= last; ++n) text += fmt::format("{}{:x}", n == 0 ? "" : " ", regs.x[n]);
  return text;
}

void add_calls(pugi::xml_node parent, const std::vector<Event>& events, uint64_t end,
               const VmNames& names) {
  std::vector<const Event*> calls;
  for (const Event& event : events) {
    const bool call = event.side == Side::guest || event.side == Side::spmc;
    if (call && event.seq < end) calls.push_back(&event);
  }
  if (calls.empty()) return;
  const size_t left_out = calls.size() > max_calls ? calls.size() - max_calls : 0;
  pugi::xml_node details = add_element(parent, "details", "more");
  add_element(details, "summary", "",
              fmt::format("Registers of {} call{}", calls.size() - left_out,
                          calls.size() - left_out == 1 ? "" : "s"));
  if (left_out != 0) add_element(details, "p", "note", fmt::format("{} calls before", left_out));
  pugi::xml_node table = add_element(add_element(details, "div", "wide"), "table", "calls");
  pugi::xml_node head = add_element(add_element(table, "thead"), "tr");
  for (const char* name : {"seq", "caller", "function", "", "x0–x7, further ones if not zero"}) {
    add_element(head, "th", "", name);
  }
  pugi::xml_node body = add_element(table, "tbody");
  for (size_t n = left_out; n < calls.size(); ++n) {
    const Event& event = *calls[n];
    const char* const name = ffa::fid_name(ffa::FunctionId{event.in.x[0]}.raw);
    pugi::xml_node call = add_element(body, "tr");
    add_element(call, "td", "number", std::to_string(event.seq));
    add_element(call, "td", "", caller_name(event, names));
    add_element(call, "td", "", name != nullptr ? name : fmt::format("{:#x}", event.in.x[0]));
    add_element(call, "td", "", "in");
    add_element(call, "td", "mono", registers_text(event.in));
    pugi::xml_node answer = add_element(body, "tr", "answer");
    for (int blank = 0; blank < 3; ++blank) add_element(answer, "td");
    add_element(answer, "td", "", "out");
    add_element(answer, "td", "mono",
                event.seq_ret == 0 ? "did not return" : registers_text(event.out));
  }
}

void add_log(pugi::xml_node parent, const std::vector<std::string>& log) {
  if (log.empty()) return;
  const size_t first = log.size() > max_log_lines ? log.size() - max_log_lines : 0;
  std::string text = first == 0 ? "" : fmt::format("… {} lines before\n", first);
  for (size_t n = first; n < log.size(); ++n) text += log[n] + "\n";
  pugi::xml_node details = add_element(parent, "details", "more");
  add_element(details, "summary", "", fmt::format("Log, {} lines", log.size()));
  add_element(details, "pre", "log", text);
}

}  // namespace

std::string evidence_html(const scenario::CompiledCase& compiled, const RunRecord& record,
                          const std::vector<scenario::Failure>& failures) {
  const std::vector<Remark> remarks = remarks_of(compiled, record, failures);
  const uint64_t end = end_of_interest(remarks);
  const VmNames names = names_of(compiled);
  pugi::xml_document document;
  add_diagram(document, timeline_of(record, remarks, names), step_names(compiled, record));
  add_dumps(document, record.events, end, names);
  add_calls(document, record.events, end, names);
  add_log(document, record.log);
  return html_text(document);
}

}  // namespace sim::report
