// SPDX-License-Identifier: BSD-3-Clause
// What two descriptors mean, field by field: other layouts, other ranges and another order of
// receivers are the same meaning.
#include <fmt/format.h>

#include <algorithm>

#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/compare.hpp"

namespace ffa_trace {
namespace {

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

uint64_t count_pages(const Descriptor& descriptor) {
  uint64_t pages = 0;
  for (const PageRun& range : descriptor.ranges) pages += range.pages;
  return pages;
}

constexpr const char* rule = "descriptor";

void compare_form(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                  const Descriptor& actual) {
  comparison.field(subject, rule, "descriptor.form", problems_text(expected), problems_text(actual),
                   true);
}

/// Every page went through the mediator's own translation.
void compare_runs(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                  const Descriptor& actual) {
  const auto want = merged(expected.ranges);
  const auto got = merged(actual.ranges);
  for (size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
    if (i < want.size() && i < got.size() && want[i] == got[i]) {
      ++comparison.counts().compared;
      ++comparison.counts().computed;
      continue;
    }
    comparison.field(subject, rule, fmt::format("descriptor.runs[{}]", i), run_text(want, i),
                     run_text(got, i), true);
  }
}

}  // namespace

void compare_descriptors(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                         const Descriptor& actual) {
  const auto number = [&](const char* name, uint64_t want, uint64_t got) {
    comparison.number(subject, rule, name, want, got, false);
  };
  number("descriptor.sender", expected.sender, actual.sender);
  number("descriptor.attributes", expected.attributes, actual.attributes);
  number("descriptor.flags", expected.flags, actual.flags);
  number("descriptor.handle", expected.handle, actual.handle);
  number("descriptor.tag", expected.tag, actual.tag);
  compare_form(comparison, subject, expected, actual);
  // A descriptor that is all there agrees with its pages, or that was told by its form.
  if (count_pages(expected) != expected.total_pages || count_pages(actual) != actual.total_pages) {
    number("descriptor.total_pages", expected.total_pages, actual.total_pages);
  }
  const auto want = sorted(expected.receivers);
  const auto got = sorted(actual.receivers);
  for (size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
    comparison.field(subject, rule, fmt::format("descriptor.receivers[{}]", i),
                     receiver_text(want, i), receiver_text(got, i), false);
  }
  compare_runs(comparison, subject, expected, actual);
}

void compare_fragments(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                       const Descriptor& actual) {
  compare_form(comparison, subject, expected, actual);
  compare_runs(comparison, subject, expected, actual);
}

void compare_lengths(Comparison& comparison, const Subject& subject, const Sent& captured,
                     const Sent& ours) {
  const auto in_part = [](const Sent& sent) { return sent.in.w(2) < sent.in.w(1); };
  const bool same_layout =
      captured.tx.size() == ours.tx.size() || in_part(captured) || in_part(ours);
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

}  // namespace ffa_trace
