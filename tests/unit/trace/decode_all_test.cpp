// SPDX-License-Identifier: BSD-3-Clause
// Decode leaves nothing that the spec or OP-TEE names without a name: captures, test vectors,
// single words.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/events.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/words.hpp"

namespace {

using ffa_trace::Decoded;
using ffa_trace::Decoder;
using sim::trace::Event;
using test::guest_call;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<uint8_t> bytes_of(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// The bytes of a test vector.
std::vector<uint8_t> vector_bytes(const std::string& name) {
  static const auto document =
      nlohmann::json::parse(test::read_file(TEST_DATA_DIR "/ffa-vectors.json"));
  for (const auto& vector : document["vectors"]) {
    if (vector["name"] == name) return bytes_of(vector["hex"]);
  }
  ADD_FAILURE() << "no vector " << name;
  return {};
}

std::vector<std::string> details_of(const Event& event) { return Decoder().decode(event).details; }

// ---- captures

TEST(DecodeAll, NoRegisterOfACaptureIsLeftWithoutAName) {
  const std::regex raw("x[0-9]+=");
  for (const std::string& file : test::all_captures()) {
    Decoder decoder;
    sim::trace::Reader reader(file);
    while (const auto event = reader.next()) {
      const Decoded decoded = decoder.decode(*event);
      const std::string place = fmt::format("{} {}", file, event->seq);
      const bool direct = decoded.function.starts_with("FFA_MSG_SEND_DIRECT_REQ");
      const bool framework = decoded.call.find("framework ") != std::string::npos;
      if (direct && !framework) {  // a partition's payload has its reading behind it
        EXPECT_THAT(decoded.call, HasSubstr("[OP-TEE: ")) << place;
        EXPECT_THAT(decoded.reply, HasSubstr("[OP-TEE: ")) << place;
      } else {
        EXPECT_FALSE(std::regex_search(decoded.call, raw)) << place << " " << decoded.call;
        EXPECT_FALSE(std::regex_search(decoded.reply, raw)) << place << " " << decoded.reply;
      }
      for (const std::string& text : {decoded.function, decoded.call, decoded.reply}) {
        EXPECT_THAT(text, Not(HasSubstr("UNKNOWN"))) << place;
        EXPECT_THAT(text, Not(HasSubstr("framework message 0x"))) << place;
        EXPECT_THAT(text, Not(HasSubstr("feature 0x"))) << place;
      }
      for (const std::string& detail : decoded.details) {
        EXPECT_THAT(detail, Not(StartsWith("tx "))) << place;
        EXPECT_THAT(detail, Not(StartsWith("rx "))) << place;
        EXPECT_THAT(detail, Not(StartsWith("problem"))) << place;
      }
    }
  }
}

TEST(DecodeAll, FragmentsAddUp) {
  Decoder decoder;
  sim::trace::Reader reader(test::capture("linux-fragfix-shm-big"));
  size_t complete = 0;
  std::vector<std::string> of_81;
  while (const auto event = reader.next()) {
    const Decoded decoded = decoder.decode(*event);
    for (const std::string& detail : decoded.details) {
      if (detail.starts_with("complete: ")) ++complete;
      if (event->seq >= 81 && event->seq <= 85 && !detail.starts_with("range ")) {
        of_81.push_back(detail);
      }
    }
    if (event->seq == 85) {
      EXPECT_EQ(decoded.call, "handle 0x100000000001, fragment 80 B, bytes 8192 to 8271 of 8272");
    }
  }
  EXPECT_EQ(complete, 6U);
  EXPECT_THAT(
      of_81,
      ElementsAre(
          StartsWith("descriptor: "), "receiver 0x8001, read-write", "512 pages in 512 ranges",
          "fragment: bytes 0 to 4095 of 8272, ranges 0 to 250 of 512, 251 of 512 pages so far",
          "fragment: bytes 4096 to 8191 of 8272, ranges 251 to 506 of 512, 507 of 512 pages "
          "so far",
          "fragment: bytes 8192 to 8271 of 8272, ranges 507 to 511 of 512, 512 of 512 pages "
          "so far",
          "complete: 512 pages in 512 ranges, in 3 fragments"));
}

// ---- fragments

TEST(DecodeAll, ACalleeThatTakesPartOfAFragmentGetsTheRestAgain) {
  const test::Send send = test::share_of({{0x80000000, 1}, {0x90000000, 2}, {0xa0000000, 4}});
  const auto at = [&](size_t n) { return send.tx.begin() + static_cast<std::ptrdiff_t>(n); };
  const size_t total = send.tx.size();
  Decoder decoder;
  (void)decoder.decode(guest_call(1, {0xc4000073, total, total - 32},
                                  {0x8400007a, 9, 0, total - 48}, {at(0), at(total - 32)}));
  (void)decoder.decode(guest_call(3, {0x8400007b, 9, 0, 32}, {0x84000060, 0, 0xfffffffc},
                                  {at(total - 48), at(total - 16)}));
  const auto second = decoder.decode(
      guest_call(5, {0x8400007b, 9, 0, 48}, {0x84000061, 0, 9}, {at(total - 48), at(total)}));
  EXPECT_THAT(second.details, Contains("complete: 7 pages in 3 ranges, in 3 fragments"));
  EXPECT_THAT(second.details, Not(Contains(StartsWith("problem"))));
}

TEST(DecodeAll, AFragmentWithoutItsBeginningIsSaidToHaveNone) {
  EXPECT_THAT(details_of(guest_call(1, {0x8400007b, 9, 0, 16}, {0x84000061},
                                    {0, 0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})),
              ElementsAre("fragment: 16 bytes of a transaction whose beginning is not here",
                          "range 0x80000000, 1 page"));
}

// ---- what stands in TX and RX, by test vector

Event list_of(const std::string& vector, uint64_t count, uint64_t entry_bytes) {
  Event event = guest_call(1, {0x84000068}, {0x84000061, 0, count, entry_bytes});
  event.rx = vector_bytes(vector);
  return event;
}

TEST(DecodeAll, PartitionsInEntriesOf8And24And48Bytes) {
  EXPECT_THAT(
      details_of(list_of("v10_partition_info_x2", 2, 0)),
      ElementsAre("partition 0x8001, 1 contexts, properties 0x7 (receives direct requests, "
                  "sends direct requests, indirect messages)",
                  "partition 0x8002, 8 contexts, properties 0x1 (receives direct requests)"));
  EXPECT_THAT(details_of(list_of("v11_partition_info_x2_nil_uuid_query", 2, 24)),
              ElementsAre(HasSubstr("UUID 12345678-1234-1234-1234-123456789abc"),
                          HasSubstr("UUID aabbccdd-eeff-0011-2233-445566778899")));
  EXPECT_THAT(details_of(list_of("v13_partition_info_x2", 2, 48)),
              ElementsAre(HasSubstr("image UUID aabbccdd-eeff-0011-2233-445566778899, FF-A 1.3"),
                          HasSubstr("partition 0x8002")));
  // A list that is longer than RX is left as it is.
  EXPECT_THAT(details_of(list_of("v10_partition_info_x2", 3, 0)), ElementsAre(StartsWith("rx ")));
}

TEST(DecodeAll, PartitionsInRegisters) {
  const auto bytes = vector_bytes("v12_partition_info_get_regs_7");
  Event event = guest_call(1, {0xc400008b}, {0xc4000061, 0, 0x0018000000040006});
  for (unsigned reg = 3; reg < 18; ++reg) {
    for (unsigned i = 0; i < 8; ++i) {
      event.out.x[reg] |= uint64_t{bytes[(reg - 3) * 8 + i]} << (8 * i);
    }
  }
  const Decoded decoded = Decoder().decode(event);
  EXPECT_EQ(decoded.details.size(), 5U);
  EXPECT_THAT(decoded.reply, StartsWith("SUCCESS_64 index 4 of 6, tag 0x0, 24 B each, "));
  EXPECT_THAT(decoded.reply, Not(HasSubstr("x3=")));
}

TEST(DecodeAll, RelinquishMessagesAndForwardedBuffers) {
  EXPECT_THAT(
      details_of(guest_call(1, {0x84000076}, {0x84000061}, vector_bytes("relinquish_3ep_flags3"))),
      ElementsAre("relinquish: handle 0x12345678, flags 0x3 zero time-slice", "borrower 19",
                  "borrower 4660", "borrower 0xbeef"));
  EXPECT_THAT(details_of(guest_call(1, {0x84000086}, {0x84000061}, vector_bytes("v11_msg_send2"))),
              Contains("message: 1 to 0x8001, 5 B at byte 20"));
  EXPECT_THAT(
      details_of(guest_call(1, {0x84000086}, {0x84000061}, vector_bytes("v12_msg_send2"))),
      Contains("message: 1 to 0x8001, 5 B at byte 40, UUID 12345678-1234-1234-1234-123456789abc"));
  EXPECT_THAT(details_of(guest_call(1, {0xc4000066}, {0x84000061},
                                    vector_bytes("v11_endpoint_rxtx_descriptor"))),
              ElementsAre("buffers of endpoint 1", "RX at 0x80400000, 1 pages",
                          "TX at 0x80401000, 1 pages"));
}

TEST(DecodeAll, RetrieveRequestsAndResponsesOfAllLayouts) {
  for (const std::string version : {"10", "11", "12"}) {
    const auto request = vector_bytes("v" + version + "_retrieve_req");
    Event event = guest_call(3, {0x84000074, request.size(), request.size()}, {}, request);
    event.rx = vector_bytes("v" + version + "_retrieve_resp");
    event.out.x = {0x84000075, event.rx.size(), event.rx.size()};
    Decoder decoder;
    const uint64_t asked = version == "10" ? 0x10000 : 0x10002;
    (void)decoder.decode(guest_call(1, {0x84000063, asked}, {0x10002}));
    const auto details = decoder.decode(event).details;
    EXPECT_THAT(details, Contains("handle 0x2a")) << version;
    EXPECT_THAT(details, Contains("receiver 0x8001, read-write, not executable")) << version;
    EXPECT_THAT(details, Contains("range 0x80001000, 1 page")) << version;
    EXPECT_THAT(details, Not(Contains(StartsWith("problem")))) << version;
  }
}

// ---- OP-TEE

TEST(DecodeAll, OpteesAnswersInWords) {
  const auto reply = [](uint64_t service, const test::Registers& out) {
    const Decoded decoded = Decoder().decode(guest_call(1, {0x8400006f, 0x18001, 0, service}, out));
    return decoded.reply.substr(decoded.reply.find("[OP-TEE: "));
  };
  EXPECT_EQ(reply(0x80000000, {0x84000070, 0x80010001, 0, 0xffff000d}),
            "[OP-TEE: busy: no thread free]");
  EXPECT_EQ(reply(0x80000001, {0x84000070, 0x80010001, 0, 0, 1, 0, 0, 2}),
            "[OP-TEE: RPC, thread 2]");
  EXPECT_EQ(reply(0x80000001, {0x84000070, 0x80010001, 0, 0xffff0006}), "[OP-TEE: bad parameters]");
  EXPECT_EQ(reply(2, {0x84000070, 0x80010001, 0, 0, 4, 3, 63}),
            "[OP-TEE: OK, 4 RPC parameters, capabilities 0x3 (argument offset, asynchronous "
            "notifications), notifications up to 63]");
  EXPECT_EQ(reply(3, {0x84000070, 0x80010001, 0, 0xffff0008}), "[OP-TEE: item not found]");
}

TEST(DecodeAll, APartitionWithAnotherUuidDoesNotSpeakForOptee) {
  Decoder decoder;
  const Event request = guest_call(3, {0x8400006f, 0x18001}, {0x84000070, 0x80010001});
  EXPECT_THAT(decoder.decode(request).call, HasSubstr("[OP-TEE: get API version]"));
  (void)decoder.decode(list_of("v11_partition_info_x2_nil_uuid_query", 2, 24));
  EXPECT_THAT(decoder.decode(request).call, Not(HasSubstr("OP-TEE")));
}

// ---- framework messages, flags, events of the host

TEST(DecodeAll, FrameworkMessages) {
  const auto call = [](const test::Registers& in) {
    return Decoder().decode(guest_call(1, in, {0x84000061})).call;
  };
  EXPECT_EQ(call({0x8400006f, 0xffff8000, 0x80000000, 0x84000002}),
            "0xffff to 0x8000, framework PSCI_REQUEST, CPU_OFF");
  EXPECT_EQ(call({0x8400006f, 0xffff8000, 0x80000008, 0x10001}),
            "0xffff to 0x8000, framework VERSION_REQUEST, 1.1");
  EXPECT_EQ(call({0x84000070, 0x8000ffff, 0x80000002, 0xfffffffd}),
            "0x8000 to 0xffff, framework PSCI_RESPONSE, DENIED");
  EXPECT_EQ(call({0x84000070, 0x80010000, 0x80000005, 0xfffffffb}),
            "0x8001 to hypervisor, framework VM_CREATED_RESPONSE, INTERRUPTED");
}

TEST(DecodeAll, Flags) {
  const auto call = [](const test::Registers& in) {
    return Decoder().decode(guest_call(1, in, {0x84000061})).call;
  };
  EXPECT_EQ(call({0x84000082, 0x10002, 0xf}),
            "2 vCPU 1, flags 0xf (from SPs, from VMs, SPM framework, hypervisor framework)");
  EXPECT_EQ(call({0x8400007f, 0x80010002, 1, 8}),
            "0x8001 to 2, flags 0x1 (per vCPU), notifications 0x8");
  EXPECT_EQ(call({0x84000068, 0, 0, 0, 0, 1}), "UUID nil, flags 0x1 (count only)");
  EXPECT_EQ(call({0x8400006b, 0, 1}), "flags 0x1 (keep RX)");
}

TEST(DecodeAll, EventsOfTheHost) {
  Event event;
  event.seq = 1;
  event.seq_ret = 2;
  event.side = sim::trace::Side::lifecycle;
  event.vm = 2;
  event.op = "teardown";
  event.result = 2;
  Decoder decoder;
  EXPECT_EQ(ffa_trace::to_text(event, decoder.decode(event), false, false),
            "     1 host    lifecycle teardown VM 2 -> quarantined\n");
  event.op = "create";
  event.result = -6;
  EXPECT_EQ(decoder.decode(event).reply, "DENIED");
  EXPECT_TRUE(decoder.decode(event).failed);
  event.side = sim::trace::Side::irq;
  event.op = "inject";
  event.result = 8;
  EXPECT_EQ(ffa_trace::to_text(event, decoder.decode(event), false, false),
            "     1 vm2.0   irq inject interrupt 8 -> delivered\n");
}

TEST(DecodeAll, ColoursOnlyWhereAskedFor) {
  const Event event = guest_call(1, {0x84000065}, {0x84000060, 0, 0xfffffffa});
  const Decoded decoded = Decoder().decode(event);
  EXPECT_THAT(ffa_trace::to_text(event, decoded, false, true),
              HasSubstr("\x1b[31mERROR DENIED\x1b[0m"));
  EXPECT_THAT(ffa_trace::to_text(event, decoded, false, false), Not(HasSubstr("\x1b")));
}

}  // namespace
