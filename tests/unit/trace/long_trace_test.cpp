// SPDX-License-Identifier: BSD-3-Clause
// A replay holds as much of a long trace as of a short one. Long traces are part of a capture, over
// and over, made while they are read.
#include <gtest/gtest.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tools/ffa-trace/replay/records.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using ffa_trace::is;
using sim::trace::Event;
using sim::trace::Side;

/// A beginning, and then a part that can follow upon itself, again and again.
struct Loop {
  std::vector<Event> prefix;
  std::vector<Event> body;
  uint64_t period = 0;  ///< of the counter, one turn
};

class LoopSource : public ffa_trace::EventSource {
 public:
  LoopSource(const Loop& loop, uint64_t records) : loop_(loop), records_(records) {}
  [[nodiscard]] std::string name() const override { return "loop"; }
  [[nodiscard]] const std::optional<sim::trace::Header>& header() const override { return none_; }
  [[nodiscard]] std::string place() const override { return fmt::format("loop:{}", at_); }
  void rewind() override { at_ = 0; }
  std::optional<Event> next() override {
    if (at_ >= records_) return std::nullopt;
    const uint64_t at = at_++;
    if (at < loop_.prefix.size()) return loop_.prefix[at];
    const uint64_t turn = (at - loop_.prefix.size()) / loop_.body.size();
    Event event = loop_.body[(at - loop_.prefix.size()) % loop_.body.size()];
    event.seq += turn * loop_.period;
    event.seq_ret += turn * loop_.period;
    return event;
  }

 private:
  const Loop& loop_;
  uint64_t records_;
  uint64_t at_ = 0;
  std::optional<sim::trace::Header> none_;
};

uint64_t handle_of(const Event& event) {
  return is(event.in, ffa::Fid::mem_reclaim) ? event.in.w(1) | event.in.x[2] << 32
                                             : event.out.w(2) | event.out.x[3] << 32;
}

/// From a share of more than one page to its reclaim, and what lies between.
Loop share_and_reclaim() {
  const auto events = test::events_of("xen-dom0-shm-small");
  const auto share = std::find_if(events.begin(), events.end(), [](const Event& e) {
    return e.side == Side::guest && ffa_trace::is_memory_send(e.in) && e.p2m.size() > 1;
  });
  auto end = std::find_if(share, events.end(), [&](const Event& e) {
    return is(e.in, ffa::Fid::mem_reclaim) && handle_of(e) == handle_of(*share);
  });
  if (end == events.end()) return {};
  const uint64_t last = end->seq_ret;
  while (end != events.end() && end->seq < last) ++end;
  return {{events.begin(), share}, {share, end}, last + 1 - share->seq};
}

/// Calls of two vCPUs, each of which begins before the other's has returned: there is never a
/// moment without an open call.
Loop always_one_open() {
  const auto events = test::events_of("xen-dom0-probe");
  const auto features = std::find_if(events.begin(), events.end(), [](const Event& e) {
    return e.side == Side::guest && is(e.in, ffa::Fid::features);
  });
  Loop loop{{events.begin(), features}, {*features, *features}, 6};
  const uint64_t begin = features->seq;
  for (uint16_t n = 0; n < 2; ++n) {
    loop.body[n].seq = begin + 3U * n;
    loop.body[n].seq_ret = begin + 3U * n + 4;
    loop.body[n].vcpu = loop.body[n].pcpu = n;
  }
  return loop;
}

ffa_trace::ReplayResult replay(const Loop& loop, uint64_t records, const std::string& spmc) {
  LoopSource source(loop, records);
  const auto factory = sim::built_in_mediator();
  return ffa_trace::replay_trace(source, *factory, {.spmc = spmc});
}

void expect_constant(const Loop& loop, const std::string& spmc) {
  ASSERT_FALSE(loop.body.empty());
  const uint64_t turns = (test::few_flips ? 82 : 5000 / test::flip_stride) / loop.body.size() + 1;
  const uint64_t many = loop.prefix.size() + 10 * turns * loop.body.size();  // no call is cut
  const auto few = replay(loop, loop.prefix.size() + turns * loop.body.size(), spmc);
  const auto more = replay(loop, many, spmc);
  EXPECT_EQ(few.counts.divergences, 0U) << few.divergences[0].field;
  EXPECT_EQ(more.counts.divergences, 0U) << more.divergences[0].field;
  EXPECT_EQ(more.counts.events, many);
  EXPECT_GT(more.counts.compared, 5 * few.counts.compared);
  EXPECT_EQ(more.held, few.held);
  EXPECT_GT(few.held.activities, 0U);
  EXPECT_LT(more.held.events, 40U);
  EXPECT_LT(more.held.records, 20U);
  EXPECT_LT(more.held.ends, 40U);
}

TEST(LongTrace, SharesAndReclaimsAreForgotten) { expect_constant(share_and_reclaim(), "recorded"); }
TEST(LongTrace, SharesAndReclaimsAreForgottenByTheModelToo) {
  expect_constant(share_and_reclaim(), "model");
}
TEST(LongTrace, CallsThatAlwaysOverlapAreForgotten) {
  expect_constant(always_one_open(), "recorded");
}

TEST(LongTrace, ADivergenceAtTheEndIsFound) {
  const Loop loop = share_and_reclaim();
  ASSERT_FALSE(loop.body.empty());
  const uint64_t records = loop.prefix.size() + 100 * loop.body.size();
  std::vector<Event> events;
  LoopSource source(loop, records);
  while (auto event = source.next()) events.push_back(*event);
  events.back().in.x[1] ^= 1;  // of the last SPMC call
  const auto flipped = ffa_trace::vector_source("flipped", events);
  const auto factory = sim::built_in_mediator();
  const auto result = ffa_trace::replay_trace(*flipped, *factory, {});
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].event, events.back().seq);
}

}  // namespace
