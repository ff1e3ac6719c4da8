// SPDX-License-Identifier: BSD-3-Clause
// Traces in words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/words.hpp"

namespace {

using ffa_trace::Decoder;
using sim::trace::Event;
using testing::ElementsAre;
using testing::HasSubstr;

/// The line of the event with this `seq`.
std::string line_of(const std::string& capture, uint64_t seq) {
  Decoder decoder;
  sim::trace::Reader reader(test::capture(capture));
  while (const auto event = reader.next()) {
    const auto decoded = decoder.decode(*event);
    if (event->seq == seq) return ffa_trace::to_text(*event, decoded, true, false);
  }
  return {};
}

TEST(Decode, EveryCaptureIsKnownFromEndToEnd) {
  for (const std::string& file : test::all_captures()) {
    Decoder decoder;
    sim::trace::Reader reader(file);
    while (const auto event = reader.next()) {
      const auto decoded = decoder.decode(*event);
      EXPECT_THAT(decoded.function, testing::StartsWith("FFA_")) << file << " " << event->seq;
      EXPECT_FALSE(decoded.reply.empty()) << file << " " << event->seq;
      for (const std::string& detail : decoded.details) {
        EXPECT_THAT(detail, testing::Not(HasSubstr("problem"))) << file << " " << event->seq;
      }
    }
  }
}

TEST(Decode, AShareInFull) {
  EXPECT_EQ(line_of("xen-dom0-probe", 101),
            "   101 vm1.0   FFA_MEM_SHARE_64 total 96 B, fragment 96 B -> SUCCESS handle "
            "0x100000010000\n"
            "               descriptor: sender 1, attributes 0x2f (normal, write-back, inner "
            "shareable), flags 0x0, tag 0x0\n"
            "               receiver 0x8001, read-write\n"
            "               1 page in 1 range\n"
            "               range 0x809d7000, 1 page\n"
            "               translated 0x809d7000 to 0x809d7000, 1 page\n");
}

TEST(Decode, AnSpmcCallInsideAGuestCallIsIndented) {
  EXPECT_EQ(line_of("xen-dom0-probe", 106),
            "   106     spmc    FFA_MSG_SEND_DIRECT_REQ_32 1 to 0x8001, x3=0x80000000 x4=0x10000 "
            "x5=0x1000 [OP-TEE: yielding call: start, handle 0x100000010000, offset 0x0] -> "
            "MSG_SEND_DIRECT_RESP_32 0x8001 to 1, x4=0x2 [OP-TEE: interrupted, thread 0]\n");
  EXPECT_THAT(line_of("xen-dom0-probe", 149),
              testing::StartsWith("   149 spmc    FFA_NOTIFICATION"));
}

TEST(Decode, PartitionsFrameworkMessagesAndNotifications) {
  EXPECT_THAT(line_of("xen-dom0-probe", 77),
              HasSubstr("partition 0x8001, 4 contexts, properties 0x1c3 (receives direct requests, "
                        "sends direct requests, told of created VMs, told of destroyed VMs, "
                        "AArch64), UUID 486178e0-e7f8-11e3-bc5e-0002a5d5c51b"));
  EXPECT_THAT(line_of("xen-dom0-probe", 47),
              HasSubstr("framework VM_CREATED_REQUEST, VM 1, handle"));
  EXPECT_THAT(line_of("xen-dom0-probe", 149), HasSubstr("SUCCESS_64 pending for 1"));
  EXPECT_THAT(line_of("xen-domU-destroy", 843), HasSubstr("ERROR DENIED"));
  EXPECT_THAT(line_of("xen-dom0-ffav12-shm", 73), HasSubstr("1 (2 contexts, properties 0x10e"));
}

TEST(Decode, FragmentsShowTheirRanges) {
  Decoder decoder;
  sim::trace::Reader reader(test::capture("linux-fragfix-shm-big"));
  size_t fragments = 0;
  while (const auto event = reader.next()) {
    const auto decoded = decoder.decode(*event);
    if (decoded.function != "FFA_MEM_FRAG_TX") continue;
    ++fragments;
    ASSERT_FALSE(decoded.details.empty());
    EXPECT_THAT(decoded.details[0], testing::StartsWith("fragment: "));
  }
  EXPECT_EQ(fragments, 21U);
}

TEST(Words, UnknownFunctionsAndLeftOverRegistersArePrintedRaw) {
  EXPECT_EQ(ffa_trace::function_name(0x84000099), "0x84000099");
  EXPECT_EQ(ffa_trace::function_name(0xc4000063), "0xc4000063");  // VERSION has one width
  EXPECT_EQ(ffa_trace::function_name(0x84010063), "FFA_VERSION+SVE");
  EXPECT_EQ(ffa_trace::function_name(0x100000063), "0x100000063");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000099, 1, 0, 3})), "x1=0x1 x3=0x3");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000069, 0, 7})), "x2=0x7");
}

TEST(Words, Arguments) {
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000063, 0x10001})), "1.1");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000064, 0xc4000073})), "FFA_MEM_SHARE_64");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000064, 3})), "MANAGED_EXIT_INTERRUPT");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x84000077, 0x2b, 0x10, 1})),
            "handle 0x100000002b, flags 0x1 (zero)");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x8400007f, 0x80010002, 0, 8, 1})),
            "0x8001 to 2, notifications 0x100000008");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x8400006d, 0x80010002})), "0x8001 vCPU 2");
  EXPECT_EQ(ffa_trace::call_words(test::regs({0x8400008a, 3, 0x01636261})),
            "characters 3, \"abc\"");
}

TEST(Words, Replies) {
  const auto version = test::regs({0x84000063, 0x10001});
  EXPECT_EQ(ffa_trace::reply_words(version, test::regs({0x10002})), "1.2");
  EXPECT_EQ(ffa_trace::reply_words(version, test::regs({0xffffffff})), "SMCCC NOT_SUPPORTED");
  EXPECT_TRUE(ffa_trace::is_failure(version, test::regs({0xffffffff})));
  const auto run = test::regs({0x8400006d, 0x80010002});
  EXPECT_EQ(ffa_trace::reply_words(run, test::regs({0x84000062, 0x80010002})),
            "INTERRUPT 0x8001 vCPU 2");
  EXPECT_EQ(ffa_trace::reply_words(run, test::regs({0x84000060, 0, 0xfffffffa})), "ERROR DENIED");
  EXPECT_EQ(ffa_trace::reply_words(run, test::regs({0x84000060, 0, 0x1234})), "ERROR UNKNOWN");
}

TEST(Words, NotificationListsOfSeveralVmsAndVcpus) {
  // Two lists: VM 1 as a whole, VM 2 with vCPUs 3 and 4; more pending.
  const uint64_t x2 = 1 | 2 << 7 | 0 << 12 | 2 << 14;
  const auto out = test::regs({0xc4000061, 0, x2, 0x0004000300020001});
  EXPECT_EQ(ffa_trace::reply_words(test::regs({0xc4000083}), out),
            "SUCCESS_64 pending for 1, pending for 2, vCPU 3, vCPU 4, more pending");
}

TEST(Json, IsOneObjectALineWithEscapes) {
  EXPECT_EQ(ffa_trace::json_string("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
  Event event;
  event.side = sim::trace::Side::guest;
  event.seq = 5;
  event.seq_ret = 6;
  event.vm = 2;
  event.in = test::regs({0x84000069});
  event.out = test::regs({0x84000061, 0, 2});
  EXPECT_EQ(
      ffa_trace::to_json(event, Decoder().decode(event)),
      R"({"seq":5,"seq_ret":6,"side":"guest","who":"vm2.0","nested":false,)"
      R"("function":"FFA_ID_GET","call":"","reply":"SUCCESS id 2","failed":false,"details":[]})");
}

}  // namespace
