// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ffa_trace {

void Comparison::field(const Subject& subject, const char* rule, const std::string& name,
                       const std::string& expected, const std::string& actual, bool computed) {
  ++counts_.compared;
  if (computed) ++counts_.computed;
  if (expected == actual) return;
  const std::string full = subject.prefix + name;
  if (const auto* why = profile_.explains(subject.call, subject.guest_version, full, expected)) {
    ++counts_.explained;
    ++counts_.by_difference[why->id];
    return;
  }
  diverge(subject, rule, name, expected, actual);
}

void Comparison::number(const Subject& subject, const char* rule, const std::string& name,
                        uint64_t expected, uint64_t actual, bool computed) {
  if (expected == actual) {  // the common case, without text
    ++counts_.compared;
    if (computed) ++counts_.computed;
    return;
  }
  field(subject, rule, name, fmt::format("{:#x}", expected), fmt::format("{:#x}", actual),
        computed);
}

void Comparison::diverge(const Subject& subject, const char* rule, const std::string& name,
                         const std::string& expected, const std::string& actual) {
  ++counts_.divergences;
  if (kept_.size() == keep_) return;
  kept_.push_back({subject.event, subject.prefix + name, expected, actual, rule});
}

void Comparison::extra(const Subject& subject, const Window& window, size_t number,
                       const std::string& text) {
  const ffa::Regs& in = window.asked[number].in;
  const auto before = window.asked.begin() + static_cast<std::ptrdiff_t>(number);
  const bool again = std::any_of(window.asked.begin(), before, [&in](const Asked& asked) {
    return !asked.answer && asked.in == in;
  });
  const auto* why = profile_.explains_extra(window.activity, window.vm, in, window.records());
  if (why != nullptr && !again) {
    ++counts_.explained;
    ++counts_.by_difference[why->id];
    return;
  }
  diverge(subject, "spmc-extra", "spmc call", "nothing", text);
}

uint16_t TagBinding::ours(uint16_t captured) const {
  const auto found = to_ours_.find(captured);
  return found == to_ours_.end() ? captured : found->second;
}

bool TagBinding::bind(uint16_t captured, uint16_t ours) {
  const auto forth = to_ours_.try_emplace(captured, ours).first->second;
  const auto back = to_captured_.try_emplace(ours, captured).first->second;
  return forth == ours && back == captured;
}

}  // namespace ffa_trace
