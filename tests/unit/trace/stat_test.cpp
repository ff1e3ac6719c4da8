// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace stat: figures of captures against figures counted without it, and single rules.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/events.hpp"
#include "tests/unit/trace/import_logs.hpp"
#include "tools/ffa-trace/stat/statistics.hpp"

namespace {

using ffa_trace::Distribution;
using ffa_trace::Figures;
using ffa_trace::HandleBook;
using ffa_trace::Histogram;
using ffa_trace::Statistics;
using nlohmann::json;
using sim::trace::Event;
using sim::trace::Side;
using test::guest_call;
using test::spmc_call;

Figures figures_of(const std::vector<Event>& events) {
  Statistics statistics;
  for (const Event& event : events) statistics.note(event);
  return statistics.finish();
}

json stat_of(const std::string& capture) {
  return json::parse(ffa_trace::stat_json(
      capture, figures_of(sim::trace::read_trace(test::capture(capture)).events)));
}

uint64_t calls(const json& side, const std::string& function, const std::string& status) {
  for (const auto& row : side["calls"]) {
    if (row["function"] == function && row["status"] == status) return row["count"];
  }
  return 0;
}

json latency(const json& side, const std::string& function) {
  for (const auto& row : side["latency"]) {
    if (row["function"] == function) return row;
  }
  return {};
}

// The figures of the three captures below were counted by Python over the JSON Lines, without any
// code of this repository. R is [json.loads(l) for l in open(capture)], S those of one side:
//   calls      sum(r['in'][0] == '0xc4000073' for r in S), the same for 0x84000077, 0x8400006f, …
//   pages      b = bytes.fromhex(r['tx']); o = u32 at b[32] + 4; c = u32 at b[o]; sum of u32 at
//   b[c] OP-TEE     r['in'][3] == '0x80000000' (started); with out[3] == 0: out[4] == 1 RPC, 2
//   interrupted latency    d = sorted(r['seq_ret'] - r['seq']); d[0], d[(n + 1) // 2 - 1], d[-(-n *
//   9 // 10) - 1], d[-1] live       a dict from handle to seq, set by a share that succeeds,
//   deleted by a reclaim

TEST(Stat, CountsAnXtestRunThroughTheMediator) {
  const json stat = stat_of("xen-dom0-xtest-1004");
  EXPECT_EQ(stat["events"], 502);
  EXPECT_EQ(stat["first_seq"], 1);
  EXPECT_EQ(stat["last_seq"], 1004);
  const json& guest = stat["sides"]["guest"];
  const json& spmc = stat["sides"]["spmc"];
  EXPECT_EQ(guest["events"], 244);
  EXPECT_EQ(spmc["events"], 258);
  EXPECT_EQ(calls(guest, "FFA_MEM_SHARE_64", "SUCCESS"), 14U);
  EXPECT_EQ(calls(guest, "FFA_MEM_RECLAIM", "SUCCESS"), 13U);
  EXPECT_EQ(calls(guest, "FFA_MSG_SEND_DIRECT_REQ_32", "MSG_SEND_DIRECT_RESP_32"), 197U);
  EXPECT_EQ(calls(spmc, "FFA_MSG_SEND_DIRECT_REQ_32", "MSG_SEND_DIRECT_RESP_32"), 198U);
  EXPECT_EQ(guest["transactions"]["pages"], 104);
  EXPECT_EQ(guest["transactions"]["by_pages"][0]["count"], 13);
  EXPECT_EQ(
      guest["optee"],
      json({{"started", 18}, {"resumed", 164}, {"rpc", 72}, {"interrupted", 92}, {"done", 18}}));
  const json direct = latency(guest, "FFA_MSG_SEND_DIRECT_REQ_32");
  EXPECT_EQ(direct["min"], 3);
  EXPECT_EQ(direct["median"], 3);
  EXPECT_EQ(direct["p90"], 3);
  EXPECT_EQ(direct["max"], 5);
  EXPECT_EQ(stat["vcpus"][0]["calls"], 203);
  EXPECT_EQ(stat["vcpus"][1]["calls"], 41);
  ASSERT_EQ(stat["handles"].size(), 2U);
  EXPECT_EQ(stat["handles"][0]["seq"], 101);
  EXPECT_EQ(stat["handles"][1]["seq"], 102);
  EXPECT_EQ(stat["outstanding"].size(), 0U);
}

TEST(Stat, CountsTransactionsInFragments) {
  const json stat = stat_of("linux-fragfix-shm-big");
  const json& side = stat["sides"]["linux"];
  EXPECT_EQ(stat["events"], 75);
  EXPECT_EQ(calls(side, "FFA_MEM_SHARE_64", "MEM_FRAG_RX"), 6U);
  EXPECT_EQ(calls(side, "FFA_MEM_SHARE_64", "SUCCESS"), 2U);
  EXPECT_EQ(calls(side, "FFA_MEM_FRAG_TX", "MEM_FRAG_RX"), 15U);
  EXPECT_EQ(side["transactions"]["sent"], 8);
  EXPECT_EQ(side["transactions"]["reclaimed"], 7);
  EXPECT_EQ(side["transactions"]["further_fragments"], 21);
  EXPECT_EQ(side["transactions"]["pages"], 5378);
  EXPECT_EQ(stat["unfinished"], 0);
  ASSERT_EQ(stat["handles"].size(), 1U);
  EXPECT_EQ(stat["handles"][0]["handle"], "0x100000000000");
  EXPECT_EQ(stat["handles"][0]["seq"], 43);
}

TEST(Stat, HandlesOfADestroyedVmWereReclaimedForIt) {
  const json stat = stat_of("xen-domU-destroy");
  EXPECT_EQ(stat["sides"]["guest"]["transactions"]["sent"], 23);
  EXPECT_EQ(stat["sides"]["guest"]["transactions"]["reclaimed"], 15);
  EXPECT_EQ(stat["sides"]["spmc"]["transactions"]["reclaimed"], 22);
  EXPECT_EQ(stat["sides"]["guest"]["transactions"]["pages"], 798);
  EXPECT_EQ(stat["reclaimed_for_vm"], 7);
  EXPECT_EQ(stat["wrong_reclaims"], 0);
  ASSERT_EQ(stat["handles"].size(), 2U);
  EXPECT_EQ(stat["handles"][0]["vm"], 1);
  EXPECT_EQ(stat["handles"][0]["seq"], 161);
  EXPECT_EQ(latency(stat["sides"]["guest"], "FFA_MSG_SEND_DIRECT_REQ_32")["max"], 10);
  EXPECT_EQ(stat["vcpus"].size(), 3U);
}

TEST(Stat, EveryCaptureAddsUp) {
  for (const std::string& file : test::all_captures()) {
    const auto events = sim::trace::read_trace(file).events;
    const Figures figures = figures_of(events);
    uint64_t calls_in_all = 0;
    for (const auto& [name, side] : figures.sides) {
      uint64_t calls_of_side = 0;
      for (const auto& [_, count] : side.calls) calls_of_side += count;
      EXPECT_EQ(calls_of_side, side.events) << file << " " << name;
      calls_in_all += calls_of_side;
    }
    EXPECT_EQ(calls_in_all, events.size()) << file;
    EXPECT_TRUE(figures.outstanding.empty()) << file;
    EXPECT_EQ(figures.wrong_reclaims, 0U) << file;
  }
}

TEST(Stat, ReclaimsThatFitNoShareAreNamed) {
  const auto share = test::share_of_pages(1);
  const Figures figures = figures_of({
      guest_call(1, share.in, {0x84000061, 0, 0x51, 0x1000}, share.tx),
      guest_call(3, {0x84000077, 0x51, 0x1000}, {0x84000060, 0, 0xfffffffa}),
      guest_call(5, {0x84000077, 0x51, 0x1000}, {0x84000061}),
      guest_call(7, {0x84000077, 0x51, 0x1000}, {0x84000061}),
      guest_call(9, {0x84000077, 0x52, 0x1000}, {0x84000061}),
  });
  ASSERT_EQ(figures.handles.size(), 2U);
  EXPECT_EQ(figures.handles[0].what, "reclaimed twice");
  EXPECT_EQ(figures.handles[0].seq, 7U);
  EXPECT_EQ(figures.handles[1].what, "reclaimed, never shared");
  EXPECT_EQ(figures.handles[1].handle, 0x100000000052U);
  EXPECT_EQ(figures.sides.at("guest").reclaimed, 3U);
}

TEST(Stat, AHandleThatIsGivenTwiceIsCounted) {
  const auto share = test::share_of_pages(1);
  const auto shared = [&](uint64_t seq) {
    return guest_call(seq, share.in, {0x84000061, 0, 0x51}, share.tx);
  };
  const auto reclaim = guest_call(3, {0x84000077, 0x51}, {0x84000061});
  EXPECT_EQ(figures_of({shared(1), reclaim, shared(5)}).given_while_live, 0U);
  EXPECT_EQ(figures_of({shared(1), shared(3), shared(5)}).given_while_live, 2U);
}

TEST(Stat, AHandleReusedByAnotherVcpuAtOnceIsLive) {
  // vCPU 0 reclaims 0x51 (5 to 12); vCPU 1's share (4 to 11) gets the same number meanwhile.
  const auto share = test::share_of_pages(2);
  auto second = guest_call(4, share.in, {0x84000061, 0, 0x51}, share.tx);
  second.seq_ret = 11;
  auto reclaim = guest_call(5, {0x84000077, 0x51}, {0x84000061});
  reclaim.seq_ret = 12;
  const Figures figures =
      figures_of({guest_call(1, share.in, {0x84000061, 0, 0x51}, share.tx), second, reclaim});
  EXPECT_EQ(figures.wrong_reclaims, 0U);
  ASSERT_EQ(figures.handles.size(), 1U);
  EXPECT_EQ(figures.handles[0].what, "leaked");
  EXPECT_EQ(figures.handles[0].seq, 4U);
  EXPECT_EQ(figures.handles[0].pages, 2U);
}

TEST(Stat, PreemptedRequestsAreOutstandingUntilTheyComeBack) {
  const std::vector<uint64_t> request{0x8400006f, 0x00018001};
  const std::vector<uint64_t> run{0x8400006d, 0x80010000};
  const std::vector<uint64_t> interrupt{0x84000062, 0x80010000};
  std::vector<Event> events{guest_call(1, request, interrupt), guest_call(3, run, interrupt)};
  Figures figures = figures_of(events);
  ASSERT_EQ(figures.outstanding.size(), 1U);
  EXPECT_EQ(figures.outstanding[0].partition, 0x8001);
  EXPECT_EQ(figures.outstanding[0].seq, 1U);
  EXPECT_EQ(figures.sides.at("guest").interrupted, 2U);
  EXPECT_EQ(figures.sides.at("guest").resumed, 1U);
  events.push_back(guest_call(5, run, {0x84000070, 0x80010001}));
  EXPECT_TRUE(figures_of(events).outstanding.empty());
}

TEST(Stat, OpteeThreadsAreOutstandingUntilDone) {
  const Event start = guest_call(1, {0x8400006f, 0x00018001, 0, 0x80000000, 7, 0},
                                 {0x84000070, 0, 0, 0, 1, 0, 0, 3});
  const Event resume = guest_call(3, {0x8400006f, 0x00018001, 0, 0x80000001, 0, 0, 0, 3},
                                  {0x84000070, 0x80010001, 0, 0, 0});
  Figures figures = figures_of({start});
  ASSERT_EQ(figures.outstanding.size(), 1U);
  EXPECT_EQ(figures.outstanding[0].what, "OP-TEE thread 3");
  EXPECT_TRUE(figures_of({start, resume}).outstanding.empty());
}

TEST(Stat, StatusesAreCounted) {
  const std::vector<uint64_t> call{0x84000065};
  const auto side = figures_of({guest_call(1, call, {0x84000060, 0, 0xfffffffc}),
                                guest_call(3, call, {0x84000060, 0, 0xfffffff9}),
                                guest_call(5, call, {0x84000060, 0, 0xfffffffb}),
                                guest_call(7, call, {0xffffffff})})
                        .sides.at("guest");
  EXPECT_EQ(side.busy, 1U);
  EXPECT_EQ(side.retry, 1U);
  EXPECT_EQ(side.interrupted, 1U);
  EXPECT_EQ(side.calls.at({"FFA_RX_RELEASE", "ERROR BUSY"}), 1U);
  EXPECT_EQ(side.calls.at({"FFA_RX_RELEASE", "SMCCC NOT_SUPPORTED"}), 1U);
}

TEST(Stat, WhatALogLacksIsNotInvented) {
  // Of each row the log has two registers: no handle, no status, no vCPU.
  const auto log = test::import_text(
      "a: 0xc4000073 0x60\na: 0x84000061 0x0\n"
      "a: 0x84000077 0x5\na: 0x84000061 0x0\n"
      "a: 0x84000069 0x0\na: 0x84000060 0x0\n"
      "a: 0x8400006f 0x8001\na: 0x84000062 0x0\n");
  ASSERT_EQ(log.counts.pairs, 4U) << log.error;
  const Figures figures = figures_of(log.events);
  EXPECT_TRUE(figures.handles.empty());
  EXPECT_EQ(figures.wrong_reclaims, 0U);
  const auto& side = figures.sides.at("linux");
  EXPECT_EQ(side.shared, 1U);
  EXPECT_EQ(side.reclaimed, 1U);
  EXPECT_EQ(side.unnamed, 2U);
  EXPECT_EQ(side.calls.at({"FFA_ID_GET", "ERROR status absent"}), 1U);
  const std::string text = ffa_trace::stat_text("log", figures);
  EXPECT_THAT(text, testing::HasSubstr("4 calls of VM 0, vCPU not recorded\n"));
  EXPECT_THAT(text, testing::HasSubstr("handle not recorded: 2\n"));
  EXPECT_THAT(text, testing::HasSubstr(
                        "direct request of VM 0, vCPU not recorded to 0x8001, since seq 7\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("by pages")));
  EXPECT_TRUE(json::parse(stat_json("log", figures))["vcpus"][0]["vcpu"].is_null());
}

TEST(Stat, CallsOfTheSpmcAreNoVmS) {
  const auto log = test::import_text(test::sample("tfa-hexrows-named.log"));
  const json stat = json::parse(ffa_trace::stat_json("log", figures_of(log.events)));
  // NS smc rows whose x0 is a request: 111 of CPU 0 (one of them damaged), 34 of CPU 1.
  ASSERT_EQ(stat["vcpus"].size(), 4U);
  EXPECT_EQ(stat["vcpus"][0]["calls"], 111);
  EXPECT_EQ(stat["vcpus"][1]["calls"], 34);
  EXPECT_FALSE(stat["vcpus"][1].contains("world"));
  EXPECT_EQ(stat["vcpus"][2]["world"], "secure");
  EXPECT_EQ(stat["vcpus"][2]["calls"], 9);
  EXPECT_EQ(stat["vcpus"][3]["calls"], 1);
}

TEST(Distribution, IsExactBelow1024AndCloseAbove) {
  Distribution values;
  for (uint64_t n = 1; n <= 100; ++n) values.add(n);
  EXPECT_EQ(values.min(), 1U);
  EXPECT_EQ(values.percentile(50), 50U);
  EXPECT_EQ(values.percentile(90), 90U);
  EXPECT_EQ(values.max(), 100U);
  Distribution large;
  large.add(1'000'003);
  EXPECT_EQ(large.max(), 1'000'003U);
  EXPECT_LE(large.percentile(50), 1'000'003U);
  EXPECT_GE(large.percentile(50), 1'000'003U - 1'000'003U / 64);
}

TEST(Histogram, HasPowersOfTwo) {
  Histogram histogram;
  for (const uint64_t value : {0, 1, 2, 3, 4, 5, 8, 9}) histogram.add(value);
  std::vector<std::string> bars;
  for (const auto& bar : histogram.bars()) {
    bars.push_back(fmt::format("{}-{}:{}", bar.from, bar.to, bar.count));
  }
  EXPECT_THAT(bars, testing::ElementsAre("0-0:1", "1-1:1", "2-2:1", "3-4:2", "5-8:2", "9-16:1"));
}

TEST(HandleBook, RemembersOnlySoManyDeadHandles) {
  HandleBook book;
  for (uint64_t handle = 1; handle <= HandleBook::remembered + 1; ++handle) {
    book.shared(handle, handle, {});
    book.advance(UINT64_MAX);
    EXPECT_EQ(book.reclaimed(handle), HandleBook::Reclaim::live);
  }
  EXPECT_EQ(book.reclaimed(2), HandleBook::Reclaim::twice);
  EXPECT_EQ(book.reclaimed(1), HandleBook::Reclaim::unknown);
}

}  // namespace
