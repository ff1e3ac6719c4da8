// SPDX-License-Identifier: BSD-3-Clause
// The figures of ffa-trace stat as a table and as JSON.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/stat/statistics.hpp"

namespace ffa_trace {
namespace {

using nlohmann::ordered_json;

constexpr unsigned median = 50;
constexpr unsigned p90 = 90;

uint64_t sum_of(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [_, count] : counts) sum += count;
  return sum;
}

std::string bar_words(const Histogram::Bar& bar) {
  return bar.from == bar.to ? fmt::format("{}", bar.from) : fmt::format("{}-{}", bar.from, bar.to);
}

std::string histogram_words(const Histogram& histogram) {
  std::string words;
  for (const auto& bar : histogram.bars()) {
    add_word(words, fmt::format("{}: {}", bar_words(bar), bar.count));
  }
  return words;
}

void add_calls(std::string& text, const SideFigures& side) {
  for (const auto& [key, count] : side.calls) {
    text += fmt::format("  {:>7} {}{}{}\n", count, key.first, key.second.empty() ? "" : " -> ",
                        key.second);
  }
}

void add_latencies(std::string& text, const SideFigures& side) {
  if (side.latency.empty()) return;
  text += fmt::format("  latency in counter values          {:>7} {:>7} {:>7} {:>7}\n", "min",
                      "median", "90 %", "max");
  for (const auto& [function, latency] : side.latency) {
    text += fmt::format("    {:<32} {:>7} {:>7} {:>7} {:>7}\n", function, latency.min(),
                        latency.percentile(median), latency.percentile(p90), latency.max());
  }
}

void add_shares(std::string& text, const SideFigures& side) {
  if (side.shared + side.refused + side.reclaimed == 0) return;
  text += fmt::format("  transactions: {} sent, {} refused, {} reclaimed, {} pages in all\n",
                      side.shared, side.refused, side.reclaimed, side.total_pages);
  if (side.shared != side.unread) {
    text += fmt::format("    by pages: {}\n", histogram_words(side.pages));
    text += fmt::format("    by ranges: {}\n", histogram_words(side.ranges));
  }
  if (side.unread != 0) text += fmt::format("    descriptor not recorded: {}\n", side.unread);
  if (side.unnamed != 0) text += fmt::format("    handle not recorded: {}\n", side.unnamed);
  if (side.further_fragments != 0) {
    text += fmt::format("    FFA_MEM_FRAG_TX: {}; by fragments: {}\n", side.further_fragments,
                        histogram_words(side.fragments));
  }
}

void add_returns(std::string& text, const SideFigures& side) {
  if (side.busy + side.retry + side.interrupted + side.yielded + side.resumed != 0) {
    text += fmt::format("  BUSY {}, RETRY {}, interrupted {}, yielded {}, FFA_RUN {}\n", side.busy,
                        side.retry, side.interrupted, side.yielded, side.resumed);
  }
  if (side.optee.empty()) return;
  std::string words;
  for (const auto& [name, count] : side.optee) add_word(words, fmt::format("{} {}", name, count));
  text += fmt::format("  OP-TEE's yielding calls: {}\n", words);
}

std::string handle_words(const HandleUse& use) {
  if (use.what != "leaked") {
    return fmt::format("{}: handle {:#x}, VM {}, seq {}", use.what, use.handle, use.vm, use.seq);
  }
  return fmt::format("never reclaimed: handle {:#x}, VM {}, shared at seq {}, {} pages", use.handle,
                     use.vm, use.seq, use.pages);
}

ordered_json to_json(const Histogram& histogram) {
  ordered_json bars = ordered_json::array();
  for (const auto& bar : histogram.bars()) {
    bars.push_back({{"from", bar.from}, {"to", bar.to}, {"count", bar.count}});
  }
  return bars;
}

ordered_json to_json(const SideFigures& side) {
  ordered_json calls = ordered_json::array();
  for (const auto& [key, count] : side.calls) {
    calls.push_back({{"function", key.first}, {"status", key.second}, {"count", count}});
  }
  ordered_json latencies = ordered_json::array();
  for (const auto& [function, latency] : side.latency) {
    latencies.push_back({{"function", function},
                         {"count", latency.count()},
                         {"min", latency.min()},
                         {"median", latency.percentile(median)},
                         {"p90", latency.percentile(p90)},
                         {"max", latency.max()}});
  }
  return {{"events", side.events},
          {"calls", calls},
          {"latency", latencies},
          {"transactions",
           {{"sent", side.shared},
            {"refused", side.refused},
            {"reclaimed", side.reclaimed},
            {"pages", side.total_pages},
            {"not_recorded", side.unread},
            {"handle_not_recorded", side.unnamed},
            {"further_fragments", side.further_fragments},
            {"by_pages", to_json(side.pages)},
            {"by_ranges", to_json(side.ranges)},
            {"by_fragments", to_json(side.fragments)}}},
          {"busy", side.busy},
          {"retry", side.retry},
          {"interrupted", side.interrupted},
          {"yielded", side.yielded},
          {"resumed", side.resumed},
          {"optee", side.optee}};
}

ordered_json to_json(const HandleUse& use) {
  return {{"what", use.what}, {"side", use.side}, {"handle", fmt::format("{:#x}", use.handle)},
          {"vm", use.vm},     {"seq", use.seq},   {"pages", use.pages}};
}

/// `"vm"`, `"vcpu"` (null where unknown), and `"world"` where it is the secure one.
void add_caller(ordered_json& object, const Caller& caller) {
  object["vm"] = caller.vm;
  object["vcpu"] = caller.vcpu ? ordered_json(*caller.vcpu) : ordered_json();
  if (caller.secure) object["world"] = "secure";
}

std::string caller_words(const Caller& caller) {
  const std::string who = caller.secure ? "the SPMC" : fmt::format("VM {}", caller.vm);
  if (!caller.vcpu) return who + ", vCPU not recorded";
  return fmt::format("{} vCPU {}", who, *caller.vcpu);
}

ordered_json to_json(const Outstanding& call) {
  ordered_json object{{"what", call.what}, {"side", call.side}};
  add_caller(object, call.caller);
  object["seq"] = call.seq;
  object["partition"] = call.partition;
  return object;
}

}  // namespace

std::string stat_text(const std::string& file, const Figures& figures) {
  std::string text = fmt::format("{}: {} events, seq {} to {}\n", file, figures.events,
                                 figures.first_seq, figures.last_seq);
  for (const auto& [caller, functions] : figures.callers) {
    text += fmt::format("  {:>7} calls of {}\n", sum_of(functions), caller_words(caller));
  }
  for (const auto& [name, side] : figures.sides) {
    text += fmt::format("side {}: {} events\n", name, side.events);
    add_calls(text, side);
    add_latencies(text, side);
    add_shares(text, side);
    add_returns(text, side);
  }
  text += fmt::format("handles: {} live at the end or wrongly reclaimed\n", figures.handles.size());
  for (const HandleUse& use : figures.handles) {
    text += fmt::format("  {}: {}\n", use.side, handle_words(use));
  }
  if (figures.reclaimed_for_vm != 0) {
    text +=
        fmt::format("  {} handles of VMs reclaimed by the hypervisor\n", figures.reclaimed_for_vm);
  }
  if (figures.given_while_live != 0) {
    text += fmt::format("  {} shares got the number of a handle that was live\n",
                        figures.given_while_live);
  }
  if (figures.unfinished != 0) {
    text += fmt::format("unfinished transactions: {}\n", figures.unfinished);
  }
  text += fmt::format("outstanding calls: {}\n", figures.outstanding.size());
  for (const Outstanding& call : figures.outstanding) {
    text += fmt::format("  {}: {} of {} to {:#06x}, since seq {}\n", call.side, call.what,
                        caller_words(call.caller), call.partition, call.seq);
  }
  return text;
}

std::string stat_json(const std::string& file, const Figures& figures) {
  ordered_json vcpus = ordered_json::array();
  for (const auto& [caller, functions] : figures.callers) {
    ordered_json object;
    add_caller(object, caller);
    object["calls"] = sum_of(functions);
    object["functions"] = functions;
    vcpus.push_back(object);
  }
  ordered_json sides = ordered_json::object();
  for (const auto& [name, side] : figures.sides) sides[name] = to_json(side);
  ordered_json handles = ordered_json::array();
  for (const HandleUse& use : figures.handles) handles.push_back(to_json(use));
  ordered_json outstanding = ordered_json::array();
  for (const Outstanding& call : figures.outstanding) outstanding.push_back(to_json(call));
  const ordered_json document{{"file", file},
                              {"events", figures.events},
                              {"first_seq", figures.first_seq},
                              {"last_seq", figures.last_seq},
                              {"vcpus", vcpus},
                              {"sides", sides},
                              {"handles", handles},
                              {"wrong_reclaims", figures.wrong_reclaims},
                              {"given_while_live", figures.given_while_live},
                              {"reclaimed_for_vm", figures.reclaimed_for_vm},
                              {"unfinished", figures.unfinished},
                              {"outstanding", outstanding}};
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ffa_trace
