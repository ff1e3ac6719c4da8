// SPDX-License-Identifier: BSD-3-Clause
// How programs from outside ended, what they called and what they printed.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/judge_step.hpp"
#include "sim/scenario/wildcard.hpp"

namespace sim::scenario {
namespace {

using trace::Event;

const char* image_end_name(ImageEnd end) {
  switch (end) {
    case ImageEnd::system_off:
      return "system_off";
    case ImageEnd::system_reset:
      return "system_reset";
    case ImageEnd::cpu_off:
      return "cpu_off";
    case ImageEnd::console:
      return "console";
    case ImageEnd::instructions:
      return "instructions";
    case ImageEnd::broken:
      return "broken";
  }
  return "unknown";
}

bool is_good(ImageEnd end) {
  return end == ImageEnd::system_off || end == ImageEnd::cpu_off || end == ImageEnd::console;
}

std::string end_text(const StepRecord& record) {
  if (!record.image_end) return "nothing";
  std::string text = image_end_name(*record.image_end);
  if (!record.image_text.empty()) text += ": " + record.image_text;
  return text;
}

/// On one line, the end of it.
std::string console_text(const std::string& console) {
  constexpr size_t most = 200;
  if (console.empty()) return "nothing";
  const bool whole = console.size() <= most;
  std::string text = whole ? "" : "…";
  for (const char c : printable_text(whole ? console : console.substr(console.size() - most))) {
    if (c == '\n') {
      text += "\\n";
    } else {
      text.push_back(c);
    }
  }
  return text;
}

void judge_image_calls(const JudgedStep& step, const std::vector<ExpectedCall>& expected,
                       const std::string& pointer, Verdict& verdict) {
  const bool same = std::equal(expected.begin(), expected.end(), step.calls.begin(),
                               step.calls.end(), [](const ExpectedCall& call, const Event* event) {
                                 return call.function == ffa::FunctionId{event->in.x[0]}.raw;
                               });
  if (!same) {
    std::vector<std::string> names;
    for (const ExpectedCall& call : expected) names.push_back(function_text(call.function));
    const std::string wanted = names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
    verdict.add(pointer + "/calls", "the calls " + wanted, names_of(step.calls));
    return;
  }
  for (size_t n = 0; n < expected.size(); ++n) {
    JudgedStep one{step.compiled, step.step, step.record, step.evidence, {step.calls[n]}, {}, {}};
    Expectation reply;
    reply.pointer = expected[n].pointer;
    reply.replies = expected[n].replies;
    reply.registers = expected[n].registers;
    judge_reply(one, reply, verdict);
  }
}

}  // namespace

void judge_image(const JudgedStep& step, const Expectation& expect, const std::string& endpoint,
                 Verdict& verdict) {
  const StepRecord& record = step.record;
  const bool ended = record.image_end.has_value();
  if (expect.image.ends) {
    const bool as_wanted = ended && *expect.image.ends == image_end_name(*record.image_end);
    if (!as_wanted) {
      verdict.add(expect.pointer + "/ends", "it ends by " + *expect.image.ends, end_text(record));
    }
  } else if (step.step.judged_by_default && !(ended && is_good(*record.image_end))) {
    verdict.add(expect.pointer, "it ends by itself or with what it prints", end_text(record));
  }
  if (expect.image.why && !contains(record.image_text, *expect.image.why)) {
    verdict.add(expect.pointer + "/why", "it can't go on because of " + *expect.image.why,
                end_text(record));
  }
  if (expect.image.calls) judge_image_calls(step, *expect.image.calls, expect.pointer, verdict);
  if (expect.image.console) {
    judge_console({expect.pointer + "/console", endpoint, *expect.image.console},
                  step.evidence.record(), verdict);
  }
}

void judge_console(const ExpectedConsole& expected, const RunRecord& record, Verdict& verdict) {
  const auto found = record.consoles.find(expected.endpoint);
  const std::string console = found == record.consoles.end() ? "" : found->second;
  if (contains(console, expected.text)) return;
  verdict.add(expected.pointer,
              fmt::format("{} prints {}", expected.endpoint, console_text(expected.text)),
              console_text(console));
}

}  // namespace sim::scenario
