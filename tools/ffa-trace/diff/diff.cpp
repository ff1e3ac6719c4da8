// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace diff: reads two traces and prints where they mean something else.
#include <fmt/format.h>

#include <algorithm>

#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/diff/difference.hpp"
#include "tools/ffa-trace/import/events.hpp"

namespace ffa_trace {
namespace {

using Found = TraceDifference::Kind;

constexpr size_t max_fields_shown = 8;  ///< of one call, on a terminal

Ignored ignored_of(const std::vector<std::string>& names) {
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return {.addresses = has("addresses"),
          .payload = has("payload"),
          .vcpu = has("vcpu"),
          .spmc = has("spmc"),
          .host = has("host")};
}

std::vector<sim::trace::Event> all_events(const std::string& file) {
  std::vector<sim::trace::Event> events;
  const auto begin = [](const sim::trace::Header*) {};
  read_events(file, {.begin = begin,
                     .take = [&](const sim::trace::Event& event) { events.push_back(event); }});
  return events;
}

struct Counted {
  uint64_t changed = 0;
  uint64_t only_a = 0;
  uint64_t only_b = 0;
};

Counted count(const DiffResult& result) {
  Counted counted;
  for (const TraceDifference& difference : result.differences) {
    if (difference.kind == Found::changed) ++counted.changed;
    if (difference.kind == Found::only_a) ++counted.only_a;
    if (difference.kind == Found::only_b) ++counted.only_b;
  }
  return counted;
}

void print_text(const TraceDifference& difference) {
  if (difference.kind != Found::changed) {
    const bool in_a = difference.kind == Found::only_a;
    fmt::print("only in {}: event {}, {} {}{}{}\n", in_a ? "A" : "B",
               in_a ? difference.seq_a : difference.seq_b, difference.who, difference.function,
               difference.words.starts_with(" ") ? "" : " ", difference.words);
    return;
  }
  const std::string call = difference.words.substr(0, difference.words.find(" -> "));
  fmt::print("differs: event {} of A, {} of B, {} {} {}\n", difference.seq_a, difference.seq_b,
             difference.who, difference.function, call);
  for (size_t n = 0; n < difference.fields.size(); ++n) {
    if (n == max_fields_shown) {
      fmt::print("  and {} fields more\n", difference.fields.size() - n);
      break;
    }
    const auto& field = difference.fields[n];
    fmt::print("  {}: {} in A, {} in B\n", field.name, field.a, field.b);
  }
}

void print_json(const TraceDifference& difference) {
  static const char* const kinds[] = {"changed", "only_a", "only_b"};
  std::string fields;
  for (const auto& field : difference.fields) {
    if (!fields.empty()) fields += ',';
    fields += fmt::format(R"({{"field":{},"a":{},"b":{}}})", json_string(field.name),
                          json_string(field.a), json_string(field.b));
  }
  const auto seq = [](uint64_t value) { return value == 0 ? "null" : fmt::format("{}", value); };
  fmt::print(
      R"({{"kind":"{}","who":{},"function":{},"text":{},"event_a":{},"event_b":{},"fields":[{}]}})"
      "\n",
      kinds[static_cast<size_t>(difference.kind)], json_string(difference.who),
      json_string(difference.function), json_string(difference.words), seq(difference.seq_a),
      seq(difference.seq_b), fields);
}

void print_summary(const DiffResult& result, const DiffOptions& options) {
  const Counted counted = count(result);
  if (!options.json) {
    for (const std::string& text : result.not_compared) fmt::print("not compared: {}\n", text);
    fmt::print(
        "A {} events, B {} events: {} calls the same, {} differ, {} only in A, {} only in B\n",
        result.events_a, result.events_b, result.same, counted.changed, counted.only_a,
        counted.only_b);
    return;
  }
  std::string not_compared;
  for (const std::string& text : result.not_compared) {
    not_compared += (not_compared.empty() ? "" : ",") + json_string(text);
  }
  fmt::print(R"({{"a":{},"b":{},"events_a":{},"events_b":{},"same":{},"changed":{},"only_a":{},)"
             R"("only_b":{},"not_compared":[{}]}})"
             "\n",
             json_string(options.first), json_string(options.second), result.events_a,
             result.events_b, result.same, counted.changed, counted.only_a, counted.only_b,
             not_compared);
}

}  // namespace

int diff(const DiffOptions& options) {
  const std::vector<sim::trace::Event> a = all_events(options.first);
  const std::vector<sim::trace::Event> b = all_events(options.second);
  const DiffResult result = compare_traces(a, b, ignored_of(options.ignore));
  for (const TraceDifference& difference : result.differences) {
    options.json ? print_json(difference) : print_text(difference);
  }
  print_summary(result, options);
  return result.differences.empty() ? 0 : 1;
}

}  // namespace ffa_trace
