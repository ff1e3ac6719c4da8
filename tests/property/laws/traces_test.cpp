// SPDX-License-Identifier: BSD-3-Clause
// Traces: what is written reads back the same, as lines and as the record of a machine without
// files; the hash is that of the events, however they come; a comparison finds nothing in a trace
// and itself, and the same from either side.
#include <algorithm>

#include "guest/record.hpp"
#include "laws.hpp"
#include "sim/qemu/record.hpp"
#include "sim/trace/hasher.hpp"
#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/unit/qemu/small_case.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/events.hpp"
#include "tools/ffa-trace/diff/difference.hpp"

namespace sim::trace {

inline void showValue(Side side, std::ostream& out) { out << side_name(side); }

}  // namespace sim::trace

namespace laws::traces {
namespace {

using ffa::Regs;
using sim::trace::Event;
using sim::trace::Side;
using Events = std::vector<Event>;
using Bytes = std::vector<uint8_t>;

/// Text of what a line may have to escape, and of what is longer than a byte.
std::string any_text() {
  const auto part = rc::gen::element<std::string>("a", "Z9", " ", "\"", "\\", "\n", "\t", "\x01",
                                                  "ä", "→", "/", "0x");
  std::string text;
  for (const std::string& piece : *list_of<std::string>(0, 6, part)) text += piece;
  return text;
}

Bytes any_bytes() { return *list_of<uint8_t>(0, 40, rc::gen::arbitrary<uint8_t>()); }

Regs any_registers() {
  Regs regs;
  const size_t count = *rc::gen::element<size_t>(3, 8, 18);
  for (size_t n = 0; n < count; ++n) regs.x[n] = *wire_number();
  return regs;
}

/// Some registers of a list that is not complete; those that are not known are zero.
void forget_registers(Regs& regs, sim::trace::RegisterSet& known) {
  known = *rc::gen::inRange<uint32_t>(1, sim::trace::all_registers);
  for (size_t n = 0; n < regs.x.size(); ++n) {
    if ((known >> n & 1U) == 0) regs.x[n] = 0;
  }
}

Event any_event(Side side) {
  Event event;
  event.side = side;
  event.seq = *rc::gen::inRange<uint64_t>(1, uint64_t{1} << 40);
  event.seq_ret = event.seq + *rc::gen::inRange<uint64_t>(1, 100);
  if (side != Side::linux_) {
    event.vm = *rc::gen::arbitrary<uint16_t>();
    event.pcpu = *rc::gen::arbitrary<uint16_t>();
  }
  event.vcpu = *rc::gen::arbitrary<uint16_t>();
  event.rule = any_text();
  event.stimulus = any_text();
  for (size_t n = *rc::gen::inRange<size_t>(0, 4); n > 0; --n) event.accepted.add(any_text());
  if (side == Side::lifecycle || side == Side::irq) {
    event.op = "o" + any_text();
    event.result = static_cast<int64_t>(*any_word());
    return event;
  }
  event.tx = any_bytes();
  event.rx = any_bytes();
  for (size_t n = *rc::gen::inRange<size_t>(0, 4); n > 0; --n) {
    event.p2m.push_back({*any_word(), *any_word(), *rc::gen::inRange<uint64_t>(1, 1 << 20)});
  }
  event.in = any_registers();
  event.out = any_registers();
  if (*rc::gen::arbitrary<bool>()) event.vcpu_ret = *rc::gen::arbitrary<uint16_t>();
  if (side != Side::spmc) event.conduit = *rc::gen::element<std::string>("", "smc", "hvc");
  if (side == Side::linux_) {
    event.has_vcpu = *rc::gen::arbitrary<bool>();
    if (!event.has_vcpu) event.vcpu = 0;
    event.world = *rc::gen::element<std::string>("", "secure");
    if (*rc::gen::arbitrary<bool>()) forget_registers(event.in, event.in_known);
    if (*rc::gen::arbitrary<bool>()) forget_registers(event.out, event.out_known);
  }
  return event;
}

Side any_side() {
  return *rc::gen::element(Side::guest, Side::spmc, Side::lifecycle, Side::irq, Side::linux_);
}

RC_GTEST_PROP(TraceLines, ReadAsTheyWereWritten, ()) {
  const Event event = any_event(any_side());
  const std::string line = sim::trace::to_line(event);
  RC_LOG(line);
  const Event read = sim::trace::parse_event(line, "line:1");
  RC_ASSERT(test::same(read, event));
  RC_ASSERT(sim::trace::to_line(read) == line);
}

/// Events as one counter has numbered them, calls within calls, on one physical CPU.
Events nested_events() {
  Events events;
  std::vector<size_t> open;
  uint64_t seq = 0;
  const auto opens = *list_of<bool>(2, 30, rc::gen::arbitrary<bool>());
  for (const bool begins : opens) {
    if (begins || open.empty()) {
      Event event = any_event(*rc::gen::element(Side::guest, Side::spmc));
      event.pcpu = 0;
      event.seq = ++seq;
      open.push_back(events.size());
      events.push_back(event);
    } else {
      events[open.back()].seq_ret = ++seq;
      open.pop_back();
    }
  }
  for (; !open.empty(); open.pop_back()) events[open.back()].seq_ret = ++seq;
  return events;
}

RC_GTEST_PROP(TraceFiles, ReadAsTheyWereWritten, ()) {
  sim::trace::Trace trace{std::nullopt, nested_events()};
  if (*rc::gen::arbitrary<bool>()) {
    trace.header.emplace();
    trace.header->source = any_text();
    trace.header->name = any_text();
    trace.header->seed = any_text();
  }
  sim::trace::Trace shuffled = trace;
  std::reverse(shuffled.events.begin(), shuffled.events.end());
  const std::string file = test::write_file("law.jsonl", "");
  write_trace(file, shuffled);
  const sim::trace::Trace read = sim::trace::read_trace(file);
  RC_ASSERT(read.header.has_value() == trace.header.has_value());
  if (trace.header) {
    RC_ASSERT(read.header->source == trace.header->source);
    RC_ASSERT(read.header->name == trace.header->name);
    RC_ASSERT(read.header->seed == trace.header->seed);
  }
  RC_ASSERT(read.events.size() == trace.events.size());
  for (size_t n = 0; n < read.events.size(); ++n) {
    RC_ASSERT(test::same(read.events[n], trace.events[n]));
  }
  RC_ASSERT(trace_hash(read.events) == trace_hash(trace.events));
}

// --- The hash -----------------------------------------------------------------------------------

RC_GTEST_PROP(TraceHash, IsTheSameHoweverEventsCome, ()) {
  const Events events = nested_events();
  const std::string whole = sim::trace::trace_hash(events);
  // One after the other, and going on from a copy somewhere in the middle.
  const size_t middle = *rc::gen::inRange<size_t>(0, events.size() + 1);
  sim::trace::Hasher first;
  for (size_t n = 0; n < middle; ++n) first.add(events[n]);
  sim::trace::Hasher second{first};
  for (size_t n = middle; n < events.size(); ++n) {
    first.add(events[n]);
    second.add(events[n]);
  }
  RC_ASSERT(first.finish() == whole);
  RC_ASSERT(second.finish() == whole);
  // In any order, and by a counter that runs faster and leaves numbers out.
  Events moved = events;
  for (size_t n = moved.size(); n > 1; --n) {
    std::swap(moved[n - 1], moved[*rc::gen::inRange<size_t>(0, n)]);
  }
  const uint64_t factor = *rc::gen::inRange<uint64_t>(1, 9);
  for (Event& event : moved) {
    event.seq = event.seq * factor + 3;
    event.seq_ret = event.seq_ret * factor + 3;
  }
  RC_ASSERT(sim::trace::trace_hash(moved) == whole);
}

RC_GTEST_PROP(TraceHash, TellsOtherRegistersAndBytes, ()) {
  const Events events = nested_events();
  Events other = events;
  Event& event = other[*rc::gen::inRange<size_t>(0, other.size())];
  const size_t reg = *rc::gen::inRange<size_t>(0, 18);
  const uint64_t bit = uint64_t{1} << *rc::gen::inRange(0, 64);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      event.in.x[reg] ^= bit;
      break;
    case 1:
      event.out.x[reg] ^= bit;
      break;
    case 2:
      event.tx.push_back(0);
      break;
    default:
      event.rx.push_back(0);
      break;
  }
  RC_ASSERT(sim::trace::trace_hash(other) != sim::trace::trace_hash(events));
}

// --- The record of a machine without files ------------------------------------------------------

/// The part of an event that a record has a place for; it names rules by number.
void make_recordable(Event& event) {
  static const char* const rules[] = {"first", "second", "third"};
  event.vcpu_ret.reset();
  event.stimulus.clear();
  event.p2m.clear();
  event.conduit = event.side == Side::guest ? *rc::gen::element<std::string>("smc", "hvc") : "";
  const size_t rejected = *rc::gen::inRange<size_t>(0, 4);
  event.rule = rejected == 0 ? "" : rules[rejected - 1];
  event.accepted = {};
  for (size_t n = 0; n < 3; ++n) {
    if (*rc::gen::arbitrary<bool>()) event.accepted.add(rules[n]);
  }
  event.result = static_cast<int64_t>(*any_word());
}

std::span<const std::byte> bytes_of(const Bytes& bytes) { return std::as_bytes(std::span{bytes}); }

void put_begin(guest::RecordWriter& out, const Event& event) {
  out.begin(guest::RecordTag::event_begin);
  for (const uint64_t word : {uint64_t{event.side == Side::guest ? 0U : 1U}, uint64_t{event.vm},
                              uint64_t{event.vcpu}, uint64_t{event.pcpu},
                              uint64_t{event.conduit.empty()    ? 0U
                                       : event.conduit == "smc" ? 1U
                                                                : 2U}}) {
    out.word(word);
  }
  out.text(event.op);
  out.regs(event.in);
  out.bytes(bytes_of(event.tx));
  out.end();
}

void put_end(guest::RecordWriter& out, size_t index, const Event& event) {
  const auto number = [](std::string_view rule) {
    return rule == "first" ? 1U : rule == "second" ? 2U : rule == "third" ? 3U : 0U;
  };
  uint64_t accepted = 0;
  for (size_t n = 0; n < event.accepted.size(); ++n) accepted |= 1U << number(event.accepted[n]);
  out.begin(guest::RecordTag::event_end);
  out.word(index);
  out.regs(event.out);
  out.bytes(bytes_of(event.rx));
  out.word(number(event.rule));
  out.word(1);
  out.word(accepted);
  out.word(static_cast<uint64_t>(event.result));
  out.end();
}

std::vector<std::byte> record_of(const Events& events) {
  std::vector<std::byte> room(1 << 20);
  guest::RecordWriter out{room};
  out.begin(guest::RecordTag::rules);
  out.word(4);
  for (const char* name : {"none", "first", "second", "third"}) out.text(name);
  out.end();
  uint64_t last = 0;
  for (const Event& event : events) last = std::max(last, event.seq_ret);
  for (uint64_t at = 1; at <= last; ++at) {
    for (size_t n = 0; n < events.size(); ++n) {
      if (events[n].seq == at) put_begin(out, events[n]);
      if (events[n].seq_ret == at) put_end(out, n, events[n]);
    }
  }
  out.begin(guest::RecordTag::faults);
  for (const uint64_t word : {2, 0, 1}) out.word(word);
  out.end();
  out.begin(guest::RecordTag::end);
  out.end();
  RC_ASSERT_FALSE(out.full());
  return {out.written().begin(), out.written().end()};
}

/// Binary to lines and back again is the same trace.
RC_GTEST_PROP(Records, HoldTheTraceThatTheirLinesHold, ()) {
  Events events = nested_events();
  for (Event& event : events) make_recordable(event);
  const auto record =
      sim::qemu::read_record(record_of(events), "record", sim::qemu::test::small_case());
  RC_ASSERT(record.events.size() == events.size());
  RC_ASSERT(record.hash == sim::trace::trace_hash(events));
  Events again;
  for (const Event& event : record.events) {
    again.push_back(sim::trace::parse_event(sim::trace::to_line(event), "line:1"));
  }
  for (size_t n = 0; n < events.size(); ++n) {
    Event expected = events[n];
    expected.result = 0;  // calls have none in a line
    RC_ASSERT(test::same(again[n], expected));
    RC_ASSERT(record.events[n].result == events[n].result);
  }
}

// --- Comparisons
// ----------------------------------------------------------------------------------

/// Calls of few kinds, so that two traces have many in common, in another order.
Events few_calls() {
  Events events;
  uint64_t seq = 1;
  for (const int what : *list_of<int>(0, 25, rc::gen::inRange(0, 8))) {
    const uint64_t value = *rc::gen::inRange<uint64_t>(0, 3);
    if (what < 5) {
      events.push_back(
          test::guest_call(seq, {0x8400006f, 0x18001, 0, value},
                           {0x84000070, 0x80010001, 0, *rc::gen::inRange<uint64_t>(0, 2)}));
    } else if (what < 7) {
      const test::Send send = test::share_of({{0x80000000 + (value << 16), 1}});
      events.push_back(test::guest_call(seq, send.in, {0x84000061, 0, seq}, send.tx));
    } else {
      events.push_back(test::guest_call(seq, {0x84000077, value + 1}, {0x84000061}));
    }
    seq += 2;
  }
  return events;
}

RC_GTEST_PROP(Differences, ATraceHasNoneToItself, ()) {
  const Events events = few_calls();
  const auto result = ffa_trace::compare_traces(events, events, {});
  RC_ASSERT(result.differences.empty());
  RC_ASSERT(result.same == events.size());
}

struct Totals {
  uint64_t same = 0;
  uint64_t changed = 0;
  uint64_t only_a = 0;
  uint64_t only_b = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

Totals totals(const ffa_trace::DiffResult& result) {
  using Kind = ffa_trace::TraceDifference::Kind;
  Totals totals{.same = result.same};
  for (const auto& difference : result.differences) {
    if (difference.kind == Kind::changed) ++totals.changed;
    if (difference.kind == Kind::only_a) ++totals.only_a;
    if (difference.kind == Kind::only_b) ++totals.only_b;
  }
  return totals;
}

/// Each call stands in one place of the result, from either side.
RC_GTEST_PROP(Differences, AccountForEachCallFromEitherSide, ()) {
  const Events a = few_calls();
  const Events b = few_calls();
  const Totals there = totals(ffa_trace::compare_traces(a, b, {}));
  const Totals back = totals(ffa_trace::compare_traces(b, a, {}));
  RC_ASSERT(there.same + there.changed + there.only_a == a.size());
  RC_ASSERT(there.same + there.changed + there.only_b == b.size());
  RC_ASSERT(there.same + there.changed == back.same + back.changed);
  RC_ASSERT(there.only_a == back.only_b);
  RC_ASSERT(there.only_b == back.only_a);
}

}  // namespace
}  // namespace laws::traces
