// SPDX-License-Identifier: BSD-3-Clause
// What the mediator told the SPMC: which calls, with which registers, and descriptors by their
// meaning. The layout is the one that mediator and SPMC agreed on, as the trace shows.
#include <fmt/format.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "guest/interpreter.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/descriptor.hpp"
#include "sim/scenario/judge_step.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
using trace::Event;

constexpr uint64_t no_address = ~uint64_t{0};

/// Which width the mediator takes towards the SPMC is its own choice: functions are compared
/// without it.
bool same_function(const Event& event, uint32_t function) {
  constexpr uint32_t width_bit = 1U << 30;
  return (ffa::FunctionId{event.in.x[0]}.raw | width_bit) == (function | width_bit);
}

bool is_memory_send(const Event& event) {
  return ffa::is_function(event.in, Fid::mem_share) || ffa::is_function(event.in, Fid::mem_lend) ||
         ffa::is_function(event.in, Fid::mem_donate);
}

/// The version that mediator and SPMC agreed on before `seq`: the smaller of what was asked and
/// answered.
ffa::Version spmc_layout(const Evidence& evidence, uint64_t seq) {
  ffa::Version layout = ffa::v1_0;
  for (const Event& event : evidence.record().events) {
    if (event.seq >= seq) break;
    if (event.side != trace::Side::spmc || !ffa::is_function(event.in, Fid::version)) continue;
    if ((event.out.w(0) >> 31) != 0) continue;
    layout = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
  }
  return layout;
}

/// The bytes of a memory call, with the fragments that follow it in the same step.
std::vector<uint8_t> whole_message(const std::vector<const Event*>& smcs, size_t first) {
  std::vector<uint8_t> bytes = smcs[first]->tx;
  for (size_t n = first + 1; n < smcs.size() && !is_memory_send(*smcs[n]); ++n) {
    if (!ffa::is_function(smcs[n]->in, Fid::mem_frag_tx)) continue;
    bytes.insert(bytes.end(), smcs[n]->tx.begin(), smcs[n]->tx.end());
  }
  return bytes;
}

std::optional<DescriptorFacts> forwarded(const JudgedStep& step, size_t index) {
  const Event& event = *step.smcs[index];
  if (!is_memory_send(event)) return {};
  return read_descriptor(whole_message(step.smcs, index), spmc_layout(step.evidence, event.seq));
}

using Runs = std::vector<std::pair<uint64_t, uint64_t>>;  // address, pages

void append(Runs& runs, uint64_t address, uint64_t pages) {
  const bool joins = !runs.empty() && address != no_address && runs.back().first != no_address &&
                     runs.back().first + runs.back().second * ffa::page_size == address;
  if (joins) {
    runs.back().second += pages;
  } else if (pages != 0) {
    runs.emplace_back(address, pages);
  }
}

std::string runs_text(const Runs& runs) {
  std::string text;
  for (size_t n = 0; n < std::min<size_t>(runs.size(), 8); ++n) {
    text += fmt::format("{}{:#x}+{}", n == 0 ? "" : " ", runs[n].first, runs[n].second);
  }
  if (runs.size() > 8) text += " …";
  return text.empty() ? "no pages" : text;
}

Runs expected_runs(const ExpectedRanges& ranges, const Evidence& evidence) {
  Runs runs;
  for (const uint32_t id : ranges.translations) {
    const TranslationDump* dump = evidence.translation(id);
    if (dump == nullptr) continue;
    for (const trace::P2mRun& run : dump->runs) append(runs, run.pa, run.pages);
  }
  for (const auto& [address, pages] : ranges.pa_ranges) append(runs, address, pages);
  return runs;
}

void compare(const std::optional<uint64_t>& expected, uint64_t actual, const std::string& pointer,
             const std::string& name, Verdict& verdict) {
  if (!expected || *expected == actual) return;
  verdict.add(pointer + "/" + name, fmt::format("{} {:#x} told to the SPMC", name, *expected),
              fmt::format("{:#x}", actual));
}

void judge_receivers(const std::vector<ExpectedReceiver>& expected,
                     const std::vector<DescriptorReceiver>& actual, const std::string& pointer,
                     Verdict& verdict) {
  if (expected.size() != actual.size()) {
    verdict.add(pointer, fmt::format("{} receivers", expected.size()),
                std::to_string(actual.size()));
    return;
  }
  for (size_t n = 0; n < expected.size(); ++n) {
    const std::string place = fmt::format("{}/{}", pointer, n);
    compare(expected[n].id, actual[n].id, place, "id", verdict);
    if (expected[n].permissions)
      compare(*expected[n].permissions, actual[n].permissions, place, "permissions", verdict);
    if (expected[n].flags) compare(*expected[n].flags, actual[n].flags, place, "flags", verdict);
    if (!expected[n].impdef) continue;
    for (size_t word = 0; word < std::min<size_t>(expected[n].impdef->size(), 2); ++word) {
      compare((*expected[n].impdef)[word], actual[n].impdef[word], place, "impdef", verdict);
    }
  }
}

bool speaks_of_descriptor(const ExpectedSmc& smc) {
  return smc.layout || smc.sender || smc.attributes || smc.flags || smc.handle || smc.tag ||
         smc.total_page_count || smc.range_count || smc.receivers || smc.ranges;
}

void judge_descriptor(const JudgedStep& step, const ExpectedSmc& smc, size_t index,
                      Verdict& verdict) {
  const auto facts = forwarded(step, index);
  if (!facts) {
    verdict.add(smc.pointer, "a memory transaction descriptor told to the SPMC",
                "none that can be read");
    return;
  }
  const DescriptorPlan& plan = facts->plan;
  if (smc.layout && *smc.layout != version_text(plan.layout)) {
    verdict.add(smc.pointer + "/layout", *smc.layout, version_text(plan.layout));
  }
  if (smc.sender) compare(*smc.sender, plan.sender, smc.pointer, "sender", verdict);
  compare(smc.attributes, plan.attributes, smc.pointer, "attributes", verdict);
  compare(smc.flags, plan.flags, smc.pointer, "flags", verdict);
  compare(smc.handle, plan.handle, smc.pointer, "handle", verdict);
  compare(smc.tag, plan.tag, smc.pointer, "tag", verdict);
  compare(smc.total_page_count, facts->total_page_count, smc.pointer, "total_page_count", verdict);
  compare(smc.range_count, facts->range_count, smc.pointer, "range_count", verdict);
  if (smc.receivers)
    judge_receivers(*smc.receivers, plan.receivers, smc.pointer + "/receivers", verdict);
  if (!smc.ranges) return;
  Runs actual;
  for (const DescriptorRange& range : plan.ranges) append(actual, range.address, range.pages);
  const Runs expected = expected_runs(*smc.ranges, step.evidence);
  if (actual != expected) {
    verdict.add(smc.pointer + "/ranges", "the SPMC to be told of " + runs_text(expected),
                runs_text(actual));
  }
}

void judge_one(const JudgedStep& step, const ExpectedSmc& smc, size_t index, Verdict& verdict) {
  const Event& event = *step.smcs[index];
  if (smc.function && !same_function(event, *smc.function)) {
    verdict.add(smc.pointer + "/fid", function_text(*smc.function),
                function_text(ffa::FunctionId{event.in.x[0]}.raw));
    return;
  }
  for (const ExpectedRegister& reg : smc.registers) {
    if (reg.value.any) continue;
    const uint64_t mask = reg.wide ? ~uint64_t{0} : 0xffffffff;
    const uint64_t wanted = guest::operand_value(reg.value.value, step.record.slots) & mask;
    compare(wanted, event.in.x.at(reg.reg) & mask, smc.pointer, reg.key, verdict);
  }
  if (smc.length) compare(*smc.length, event.tx.size(), smc.pointer, "length", verdict);
  if (speaks_of_descriptor(smc)) judge_descriptor(step, smc, index, verdict);
}

/// The SMC that a single expectation speaks of.
std::optional<size_t> find_smc(const JudgedStep& step, const ExpectedSmc& smc) {
  for (size_t n = 0; n < step.smcs.size(); ++n) {
    const Event& event = *step.smcs[n];
    const bool wanted = smc.function ? same_function(event, *smc.function)
                                     : is_memory_send(event) || !speaks_of_descriptor(smc);
    if (wanted) return n;
  }
  return {};
}

void judge_calls(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  if (expect.spmc_calls && *expect.spmc_calls != step.smcs.size()) {
    verdict.add(expect.pointer + "/spmc_calls", fmt::format("{} SMCs", *expect.spmc_calls),
                fmt::format("{} ({})", step.smcs.size(), names_of(step.smcs)));
  }
  if (!expect.spmc_functions) return;
  const std::vector<uint32_t>& functions = *expect.spmc_functions;
  const bool same = std::equal(
      functions.begin(), functions.end(), step.smcs.begin(), step.smcs.end(),
      [](uint32_t function, const Event* event) { return same_function(*event, function); });
  if (same) return;
  std::vector<std::string> wanted;
  for (const uint32_t function : functions) wanted.push_back(function_text(function));
  const std::string text = wanted.empty() ? "none" : fmt::format("{}", fmt::join(wanted, ", "));
  verdict.add(expect.pointer + "/spmc_calls", "the SMCs " + text, names_of(step.smcs));
}

void judge_pages(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  uint64_t pages = 0;
  for (size_t n = 0; n < step.smcs.size(); ++n) {
    const auto facts = forwarded(step, n);
    if (!facts) continue;
    for (const DescriptorRange& range : facts->plan.ranges) pages += range.pages;
  }
  if (pages != *expect.spmc_pages) {
    verdict.add(expect.pointer + "/spmc_pages",
                fmt::format("{} pages told to the SPMC", *expect.spmc_pages),
                std::to_string(pages));
  }
}

}  // namespace

void judge_smcs(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  judge_calls(step, expect, verdict);
  if (expect.spmc_pages) judge_pages(step, expect, verdict);
  if (expect.smc) {
    if (const auto index = find_smc(step, *expect.smc)) {
      judge_one(step, *expect.smc, *index, verdict);
    } else {
      verdict.add(expect.smc->pointer, "an SMC of this kind", names_of(step.smcs));
    }
  }
  if (!expect.smcs) return;
  if (expect.smcs->size() != step.smcs.size()) {
    verdict.add(expect.pointer + "/spmc", fmt::format("{} SMCs", expect.smcs->size()),
                fmt::format("{} ({})", step.smcs.size(), names_of(step.smcs)));
    return;
  }
  for (size_t n = 0; n < step.smcs.size(); ++n) judge_one(step, (*expect.smcs)[n], n, verdict);
}

void judge_memory(const Evidence& evidence, const std::vector<ExpectedMemory>& list,
                  Verdict& verdict) {
  for (const ExpectedMemory& expected : list) {
    const MemoryDump* dump = evidence.memory(expected.dump);
    const std::string wanted = expected.unmapped ? "nothing" : hex_text(expected.bytes);
    if (dump == nullptr) {
      verdict.add(expected.pointer, fmt::format("{} at {}", wanted, expected.place),
                  "it was not looked at");
    } else if (expected.unmapped != !dump->ok) {
      verdict.add(expected.pointer, fmt::format("{} at {}", wanted, expected.place),
                  dump->ok ? "memory is there" : "nothing is mapped there");
    } else if (!expected.unmapped && dump->bytes != expected.bytes) {
      const auto [want, got] = std::mismatch(expected.bytes.begin(), expected.bytes.end(),
                                             dump->bytes.begin(), dump->bytes.end());
      verdict.add(expected.pointer, fmt::format("{} at {}", wanted, expected.place),
                  fmt::format("{}, first difference at byte {}", hex_text(dump->bytes),
                              want - expected.bytes.begin()));
    }
  }
}

void judge_state(const Evidence& evidence, const ExpectedState& expected, Verdict& verdict) {
  const StateDump* dump = evidence.state(expected.dump);
  for (const ExpectedFact& fact : expected.facts) {
    const std::string pointer = expected.pointer + "/" + fact.name;
    const bool known = dump != nullptr && dump->facts.contains(fact.name);
    if (!known) {
      verdict.add(pointer, fmt::format("{} = {}", fact.name, fact.value),
                  "not known: this mediator or SPMC does not tell");
    } else if (dump->facts.at(fact.name) != fact.value) {
      verdict.add(pointer, fmt::format("{} = {}", fact.name, fact.value),
                  dump->facts.at(fact.name));
    }
  }
}

void judge_irqs(const std::vector<const Event*>& irqs, const std::vector<ExpectedIrq>& expected,
                const std::string& pointer, Verdict& verdict) {
  const auto text = [](const auto& list) {
    return list.empty() ? std::string{"no interrupt"} : fmt::format("{}", fmt::join(list, ", "));
  };
  std::vector<std::string> wanted;
  std::vector<std::string> actual;
  for (const ExpectedIrq& irq : expected)
    wanted.push_back(fmt::format("{} to {}.{}", irq.irq, irq.vm, irq.vcpu));
  for (const Event* event : irqs)
    actual.push_back(fmt::format("{} to {}.{}", event->result, event->vm, event->vcpu));
  if (wanted != actual) verdict.add(pointer, text(wanted), text(actual));
}

}  // namespace sim::scenario
