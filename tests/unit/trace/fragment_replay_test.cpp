// SPDX-License-Identifier: BSD-3-Clause
// Replay of sends whose descriptors come in fragments: both sides must have sent the same in the
// end, however it was cut.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "sim/sched/choices.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tests/unit/trace/own_traces.hpp"
#include "tests/unit/trace/tapped_mediator.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using ffa::Fid;
using ffa_trace::ReplayResult;
using sim::trace::Event;

std::vector<Event> captured_events() {
  return sim::trace::read_trace(test::capture("linux-fragfix-shm-big")).events;
}

ReplayResult replay_fragments(const std::vector<Event>& events, sim::MediatorFactory& factory) {
  const auto source = ffa_trace::vector_source("events", events);
  return ffa_trace::replay_trace(*source, factory, {.spmc = "model", .keep = ~size_t{0}});
}

ReplayResult replay_fragments(const std::vector<Event>& events) {
  const auto factory = sim::built_in_mediator();
  return replay_fragments(events, *factory);
}

std::string first_of(const ReplayResult& result) {
  if (result.divergences.empty()) return "none";
  const auto& first = result.divergences[0];
  return fmt::format("event {} {} expected {} actual {}", first.event, first.field, first.expected,
                     first.actual);
}

bool is(const Event& event, Fid function) { return ffa::is_function(event.in, function); }
bool is_first(const Event& event) {
  return is(event, Fid::mem_share) && event.in.w(2) < event.in.w(1);
}

/// The same sends, cut where `length` says: how many bytes of `left`, of the first fragment or not.
std::vector<Event> cut_anew(const std::vector<Event>& events,
                            const std::function<size_t(size_t left, bool first)>& length) {
  std::vector<Event> cut;
  for (size_t i = 0; i < events.size(); ++i) {
    if (!is_first(events[i])) {
      cut.push_back(events[i]);
      continue;
    }
    const Event& first = events[i];
    std::vector<uint8_t> bytes = first.tx;
    for (; is(events[i + 1], Fid::mem_frag_tx); ++i) {
      bytes.insert(bytes.end(), events[i + 1].tx.begin(), events[i + 1].tx.end());
    }
    for (size_t at = 0; at < bytes.size();) {
      const size_t some = length(bytes.size() - at, at == 0);
      Event part = first;
      if (at == 0) {
        part.in.x[2] = some;
      } else {
        part.in = {};
        part.in.x = {ffa::fid32(Fid::mem_frag_tx), first.out.x[1], first.out.x[2], some};
      }
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      part.tx.assign(begin, begin + static_cast<std::ptrdiff_t>(some));
      at += some;
      part.out.x[3] = at;
      if (at == bytes.size()) part.out = events[i].out;
      cut.push_back(part);
    }
  }
  for (size_t i = 0; i < cut.size(); ++i) {
    cut[i].seq = 2 * i + 1;
    cut[i].seq_ret = 2 * i + 2;
  }
  return cut;
}

constexpr size_t page = 4096;
constexpr size_t shortest_first = 0x70;

TEST(FragmentReplay, TheCutsMakeNoDifference) {
  const auto events = captured_events();
  ASSERT_EQ(std::count_if(events.begin(), events.end(), is_first), 6);
  const auto random = sim::seeded_choices(1);
  for (unsigned n = 0; n < 8; ++n) {
    const auto cut = cut_anew(events, [&](size_t left, bool first) {
      const size_t least = first ? shortest_first : 16;
      const size_t most = std::min(left, page);
      if (n == 0) return std::min<size_t>(left, first ? shortest_first : 48);
      return n == 1 ? most
                    : std::min(most, least + random->choose(page / 16, "length") * size_t{16});
    });
    const auto result = replay_fragments(cut);
    EXPECT_EQ(result.counts.divergences, 0U) << n << ": " << first_of(result);
    EXPECT_GT(cut.size(), n == 1 ? events.size() - 1 : events.size());
  }
}

TEST(FragmentReplay, EachAnswerToAFragmentIsCompared) {
  const auto events = captured_events();
  size_t tried = 0;
  const unsigned stride = test::few_flips ? 18 : 4;
  for (size_t i = 0; i < events.size(); ++i) {
    if (!is_first(events[i]) && !is(events[i], Fid::mem_frag_tx)) continue;
    for (unsigned reg = static_cast<unsigned>(i % stride); reg < 18; reg += stride) {
      auto changed = events;
      changed[i].out.x[reg] ^= 0x10;
      EXPECT_NE(replay_fragments(changed).counts.divergences, 0U) << events[i].seq << " x" << reg;
      ++tried;
    }
  }
  EXPECT_GT(tried, 400U / stride);
}

TEST(FragmentReplay, AHandleThatDiffersIsOneDivergenceEachTimeItIsGiven) {
  auto events = captured_events();
  size_t given = 0;
  for (Event& event : events) {
    const bool sends = is(event, Fid::mem_share) || is(event, Fid::mem_frag_tx);
    if (is(event, Fid::mem_frag_tx) || is(event, Fid::mem_reclaim)) event.in.x[1] += 0x100;
    if (is(event, Fid::msg_send_direct_req) &&
        (event.in.x[3] == 0x80000000 || event.in.x[3] == 3)) {
      event.in.x[4] += 0x100;
    }
    if (!sends) continue;
    ++given;
    event.out.x[ffa::is_success(event.out) ? 2 : 1] += 0x100;
  }
  ASSERT_EQ(given, 29U);
  const auto result = replay_fragments(events);
  EXPECT_EQ(result.counts.divergences, given);
  for (const auto& divergence : result.divergences) {
    EXPECT_TRUE(divergence.field == "out.x1" || divergence.field == "out.x2") << divergence.field;
  }
}

bool is(const ffa_sim_regs& regs, Fid function) {
  return ffa::FunctionId{regs.x[0]}.number() == ffa::FunctionId{ffa::fid32(function)}.number();
}

TEST(FragmentReplay, AMediatorThatSendsABitTooManyIsFound) {
  const auto events = captured_events();
  for (unsigned reg = 1; reg < 18; ++reg) {
    test::TappedFactory factory([reg](const auto& smc, uint16_t, ffa_sim_regs* regs) {
      if (is(*regs, Fid::mem_frag_tx)) regs->x[reg] ^= uint64_t{1} << 40;
      smc(regs);
    });
    const auto result = replay_fragments(events, factory);
    ASSERT_GT(result.counts.divergences, 20U) << reg;
    EXPECT_EQ(result.divergences[0].field, fmt::format("spmc in.x{}", reg));
  }
}

/// Passes the n-th FFA_MEM_FRAG_TX on `times` times. One that it keeps is answered as if it had
/// arrived.
test::TappedFactory::Tap repeating(unsigned nth, unsigned times) {
  return [=, seen = 0U, at = uint64_t{0}](const auto& smc, uint16_t, ffa_sim_regs* regs) mutable {
    const ffa_sim_regs in = *regs;
    const bool chosen = is(in, Fid::mem_frag_tx) && ++seen == nth;
    for (unsigned n = 0; n < (chosen ? times : 1); ++n) {
      *regs = in;
      smc(regs);
    }
    if (chosen && times == 0) {
      *regs = {.x = {ffa::fid32(Fid::mem_frag_rx), in.x[1], in.x[2], at + in.x[3]}};
    }
    if (is(*regs, Fid::mem_frag_rx)) at = regs->x[3];
  };
}

TEST(FragmentReplay, AMediatorThatKeepsAFragmentOrSendsItTwiceIsFound) {
  const auto events = captured_events();
  for (const unsigned nth : {1U, 3U, 10U}) {
    for (const unsigned times : {0U, 2U}) {
      test::TappedFactory factory(repeating(nth, times));
      EXPECT_NE(replay_fragments(events, factory).counts.divergences, 0U) << nth << " " << times;
    }
  }
}

TEST(FragmentReplay, ASendThatTheCaptureDoesNotFinishIsComparedAsFarAsItGoes) {
  auto events = captured_events();
  const auto last = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return is(event, Fid::mem_frag_tx) && ffa::is_success(event.out);
  });
  ASSERT_NE(last, events.end());
  events.erase(last, events.end());
  const auto result = replay_fragments(events);
  EXPECT_EQ(result.counts.divergences, 0U) << first_of(result);
  test::TappedFactory factory([](const auto& smc, uint16_t, ffa_sim_regs* regs) {
    const ffa_sim_regs in = *regs;
    smc(regs);
    // Kept from the SPMC, but the guest is told to go on.
    if (is(in, Fid::mem_share) && in.x[2] < in.x[1]) *regs = {.x = {ffa::fid32(Fid::error), 0, 8}};
  });
  EXPECT_NE(replay_fragments(events, factory).counts.divergences, 0U);
}

/// A guest's send in fragments, and one in one piece that the mediator must send in fragments.
const char* const own_sends = R"({
  "world": {"mediator": {"fragments": "streamed"}, "sps": {"sp1": {"kind": "memory_user"}},
            "vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "4M", "backing": "scattered"}]}}},
  "steps": [
    {"do": "share", "to": {"sp1": "rw"}, "total": 160, "fragment": 128, "save": {"a": "frag_handle"},
     "ranges": [["0x40001000", 2], ["0x40010000", 1], ["0x40020000", 3], ["0x40030000", 1], ["0x40040000", 1]],
     "expect": {"reply": "FFA_MEM_FRAG_RX"}},
    {"do": "write", "on": "vm1.0", "ipa": "tx", "width": 8, "value": "0x40030000"},
    {"do": "write", "on": "vm1.0", "ipa": "tx+8", "width": 8, "value": 1},
    {"do": "write", "on": "vm1.0", "ipa": "tx+16", "width": 8, "value": "0x40040000"},
    {"do": "write", "on": "vm1.0", "ipa": "tx+24", "width": 8, "value": 1},
    {"do": "raw", "on": "vm1.0", "fid": "FFA_MEM_FRAG_TX", "args": ["$a.lo", "$a.hi", 32]},
    {"do": "reclaim", "handle": "$a"},
    {"do": "share", "to": {"sp1": "rw"}, "ranges": [["0x40100000", 512]], "save": {"b": "handle"}},
    {"do": "reclaim", "handle": "$b"}
  ]
})";

TEST(FragmentReplay, EachFieldThatOurOwnTracesSendIsCompared) {
  const test::OwnTrace trace = test::run(own_sends);
  const auto first = first_of(test::replay(trace));
  ASSERT_EQ(first, "none");
  size_t fragments = 0;
  size_t tried = 0;
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const Event& event = trace.events[i];
    if (event.side != sim::trace::Side::spmc || event.tx.empty()) continue;
    std::vector<size_t> fields;
    if (is(event, Fid::mem_frag_tx)) {
      ++fragments;
      for (size_t at = 0; at <= event.tx.size(); at += 8) fields.push_back(at);
    } else {
      fields = test::fields_of_descriptor(event.tx);
    }
    const size_t stride = fields.size() > 100 ? 37 : 1;
    for (size_t n = 0; n + 1 < fields.size(); n += stride) {
      test::OwnTrace changed = trace;
      test::flip_bytes(i, "", fields[n], fields[n + 1] - fields[n], &Event::tx)
          .apply(changed.events[i]);
      EXPECT_NE(test::replay(changed).counts.divergences, 0U) << event.seq << " byte " << fields[n];
      ++tried;
    }
  }
  EXPECT_GE(fragments, 3U);
  EXPECT_GT(tried, 50U);
}

}  // namespace
