// SPDX-License-Identifier: BSD-3-Clause
// Writer and reader agree with each other and with the captures.
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/unit/trace/captures.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;

TEST(RoundTrip, EveryCaptureIsAlreadyCanonical) {
  const auto files = test::all_captures();
  ASSERT_EQ(files.size(), 11U);
  for (const std::string& file : files) {
    std::string written;
    sim::trace::Reader reader(file);
    while (const auto event = reader.next()) written += sim::trace::to_line(*event) + "\n";
    EXPECT_EQ(written, test::read_file(file)) << file;
  }
}

TEST(RoundTrip, WhatWasWrittenReadsBackEqual) {
  for (const std::string& file : test::all_captures()) {
    const auto trace = sim::trace::read_trace(file);
    EXPECT_FALSE(trace.header);
    const std::string copy = test::write_file("copy.jsonl", "");
    sim::trace::write_trace(copy, trace);
    const auto again = sim::trace::read_trace(copy);
    ASSERT_EQ(again.events.size(), trace.events.size()) << file;
    for (size_t i = 0; i < trace.events.size(); ++i) {
      EXPECT_TRUE(test::same(again.events[i], trace.events[i])) << file << " event " << i;
    }
  }
}

/// One event with everything an event can have, no value twice.
Event full_event(Side side) {
  Event event;
  event.side = side;
  event.seq = 17;
  event.seq_ret = 18;
  event.vm = 3;
  event.vcpu = 5;
  event.pcpu = 7;
  event.vcpu_ret = 2;
  event.in.x = {0xc4000073, 0xffffffffffffffff, 0x11};
  event.in.x[17] = 0x1717;
  event.out.x = {0x84000061, 0, 0x12};
  event.tx = {0x00, 0xab};
  event.rx = {0xcd};
  event.p2m = {{0x40001000, 0x48002000, 3}, {0x40005000, 0x48009000, 1}};
  event.conduit = "hvc";
  event.rule = "MSND_001";
  event.accepted = {"A1", "B2"};
  event.stimulus = "a \"quoted\" \\ text\n";
  return event;
}

TEST(RoundTrip, AllFieldsOfACallSurvive) {
  const Event event = full_event(Side::guest);
  const std::string line = sim::trace::to_line(event);
  EXPECT_TRUE(test::same(sim::trace::parse_event(line, "t:1"), event)) << line;
}

TEST(RoundTrip, LifecycleAndInterruptsSurvive) {
  Event event;
  event.side = Side::lifecycle;
  event.seq = 4;
  event.seq_ret = 9;
  event.vm = 6;
  event.op = "create";
  event.result = -3;
  EXPECT_TRUE(test::same(sim::trace::parse_event(sim::trace::to_line(event), "t:1"), event));
  event.side = Side::irq;
  event.seq_ret = 4;  // an instant
  event.vcpu = 1;
  event.op = "inject";
  event.result = 8;
  EXPECT_TRUE(test::same(sim::trace::parse_event(sim::trace::to_line(event), "t:1"), event));
}

TEST(Writer, KeysStandInTheirFixedOrderAndEmptyOnesAreLeftOut) {
  Event event;
  event.side = Side::guest;
  event.seq = 1;
  event.seq_ret = 2;
  event.vm = 4;
  event.in.x[0] = 0x84000063;
  event.in.x[1] = 0x1000A;
  event.out.x[0] = 0x10002;
  EXPECT_EQ(sim::trace::to_line(event),
            R"({"seq":1,"side":"guest","vm":4,"vcpu":0,"pcpu":0,)"
            R"("in":["0x84000063","0x1000a","0x0","0x0","0x0","0x0","0x0","0x0"],"seq_ret":2,)"
            R"("out":["0x10002","0x0","0x0","0x0","0x0","0x0","0x0","0x0"]})");
}

TEST(Writer, UpperRegistersAppearWhereOneIsSet) {
  Event event = full_event(Side::spmc);
  EXPECT_NE(sim::trace::to_line(event).find("\"0x1717\"]"), std::string::npos);
  event.in.x[17] = 0;
  EXPECT_EQ(sim::trace::to_line(event).find("0x1717"), std::string::npos);
}

TEST(Writer, EventsAreWrittenInTheOrderOfTheCounter) {
  Event first = full_event(Side::guest);
  Event second = full_event(Side::guest);
  second.seq = 19;
  second.seq_ret = 20;
  const std::string file = test::write_file("order.jsonl", "");
  sim::trace::write_trace(file, {std::nullopt, {second, first}});
  const auto trace = sim::trace::read_trace(file);
  ASSERT_EQ(trace.events.size(), 2U);
  EXPECT_EQ(trace.events[0].seq, 17U);
}

TEST(Writer, TheHeaderComesFirstAndReadsBack) {
  sim::trace::Header header;
  header.source = "ffa-sim host";
  header.name = "mem/share[guest=1.1]";
  header.profile = "ours";
  header.seed = "42";
  const std::string file = test::write_file("header.jsonl", "");
  sim::trace::write_trace(file, {header, {full_event(Side::guest)}});
  const auto trace = sim::trace::read_trace(file);
  ASSERT_TRUE(trace.header);
  EXPECT_EQ(trace.header->source, header.source);
  EXPECT_EQ(trace.header->name, header.name);
  EXPECT_EQ(trace.header->profile, header.profile);
  EXPECT_EQ(trace.header->seed, header.seed);
  EXPECT_EQ(trace.events.size(), 1U);
}

TEST(Writer, AFileThatCannotBeWrittenIsAnErrorAndLeavesNothing) {
  const std::string folder = test::temp_folder().file("no_such_folder");
  EXPECT_THROW(sim::trace::write_trace(folder + "/t.jsonl", {}), sim::InputError);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
