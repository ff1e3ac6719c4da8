// SPDX-License-Identifier: BSD-3-Clause
// The guest's side: registers, and what stands in RX: lists of partitions compared as sets, what a
// VM retrieved byte by byte.
#include <fmt/format.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/replay/compare.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

/// Two lists as sets: what both have is compared and equal, the rest is matched up in order. An
/// entry has `fields` fields.
void compare_sets(Comparison& comparison, const Subject& subject, const std::string& name,
                  std::vector<std::string> expected, std::vector<std::string> actual,
                  unsigned fields) {
  std::sort(expected.begin(), expected.end());
  std::sort(actual.begin(), actual.end());
  std::vector<std::string> only_expected;
  std::vector<std::string> only_actual;
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(only_expected));
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(only_actual));
  const uint64_t both = (expected.size() - only_expected.size()) * fields;
  comparison.counts().compared += both;
  comparison.counts().computed += both;
  const size_t most = std::max(only_expected.size(), only_actual.size());
  for (size_t i = 0; i < most; ++i) {
    comparison.field(subject, "guest-partitions", fmt::format("{}[{}]", name, i),
                     i < only_expected.size() ? only_expected[i] : "nothing",
                     i < only_actual.size() ? only_actual[i] : "nothing", true);
  }
}

/// RX cut into entries, in hex; what is left over is an entry of its own.
std::vector<std::string> entry_words_of(const std::vector<uint8_t>& rx, uint64_t step) {
  std::vector<std::string> entries;
  for (size_t at = 0; at < rx.size(); at += step) {
    const size_t length = std::min<size_t>(step, rx.size() - at);
    const auto begin = rx.begin() + static_cast<std::ptrdiff_t>(at);
    entries.push_back(sim::trace::to_hex({begin, begin + static_cast<std::ptrdiff_t>(length)}));
  }
  return entries;
}

constexpr unsigned fields_per_entry = 4;  // id, contexts, properties, UUID
constexpr unsigned registers_per_entry = 3;
constexpr unsigned first_entry_register = 3;

std::vector<std::string> entry_words_of(const ffa::Regs& out) {
  std::vector<std::string> entries;
  for (unsigned reg = first_entry_register; reg < out.x.size(); reg += registers_per_entry) {
    if (out.x[reg] == 0 && out.x[reg + 1] == 0 && out.x[reg + 2] == 0) continue;
    entries.push_back(fmt::format("{:x} {:x} {:x}", out.x[reg], out.x[reg + 1], out.x[reg + 2]));
  }
  return entries;
}

constexpr uint64_t tag_mask = uint64_t{0xffff} << 32;
uint16_t tag_of(uint64_t x2) { return static_cast<uint16_t>(x2 >> 32); }

void compare_info_regs(Comparison& comparison, const Subject& subject, const Event& captured,
                       const ffa::Regs& ours, TagBinding& tags) {
  for (unsigned i = 0; i < first_entry_register; ++i) {
    const uint64_t mask = i == 2 ? ~tag_mask : ~uint64_t{0};
    comparison.number(subject, "guest-out", fmt::format("out.x{}", i), captured.out.x[i] & mask,
                      ours.x[i] & mask, true);
  }
  if (!tags.bind(tag_of(captured.out.x[2]), tag_of(ours.x[2]))) {
    comparison.diverge(subject, "free-value", "out.tag",
                       fmt::format("{:#x}", tag_of(captured.out.x[2])),
                       fmt::format("{:#x}", tag_of(ours.x[2])));
  }
  compare_sets(comparison, subject, "out.partitions", entry_words_of(captured.out),
               entry_words_of(ours), fields_per_entry);
}

}  // namespace

void compare_guest(Comparison& comparison, const Subject& subject, const Event& captured,
                   const GuestAnswer& ours, const Asked* last, TagBinding& tags) {
  if (ffa::is_function(captured.in, ffa::Fid::partition_info_get_regs) &&
      ffa::is_success(captured.out) && ffa::is_success(ours.out)) {
    compare_info_regs(comparison, subject, captured, ours.out, tags);
    return;
  }
  for (unsigned i = 0; i < ours.out.x.size(); ++i) {
    const bool relayed = last != nullptr && is_given(*last, i) && last->out.x[i] == ours.out.x[i];
    comparison.number(subject, "guest-out", fmt::format("out.x{}", i), captured.out.x[i],
                      ours.out.x[i], !relayed);
  }
  if (!ffa::is_function(captured.in, ffa::Fid::partition_info_get)) {
    if (captured.rx.empty() && ours.rx.empty()) return;
    comparison.field(subject, "guest-out", "rx", sim::trace::to_hex(captured.rx),
                     sim::trace::to_hex(ours.rx), true);
    return;
  }
  const uint64_t step = captured.out.w(3) != 0 ? captured.out.w(3) : 8;
  compare_sets(comparison, subject, "rx", entry_words_of(captured.rx, step),
               entry_words_of(ours.rx, step), fields_per_entry);
}

}  // namespace ffa_trace
