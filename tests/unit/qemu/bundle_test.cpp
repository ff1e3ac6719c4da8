// SPDX-License-Identifier: BSD-3-Clause
// What a BL33 payload is loaded with and what it leaves: written and read, cut and changed.
#include "sim/qemu/bundle.hpp"

#include <gtest/gtest.h>

#include "guest/bundle.hpp"
#include "guest/record.hpp"
#include "ports/qemu-virt/bl33/record_hash.hpp"
#include "ports/qemu-virt/el3/start_options.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/qemu/record.hpp"
#include "small_case.hpp"

namespace sim::qemu::test {
namespace {

using Bytes = std::vector<std::byte>;

std::vector<BundleEntry> two_cases() {
  return {{"a/first", "0123456789abcdeffedcba9876543210", Bytes(13, std::byte{1})},
          {"a/second", "", Bytes(40, std::byte{2})}};
}

TEST(Bundle, ComesBackAsItWasWritten) {
  const Bytes bytes = make_bundle(two_cases(), {.records = true});
  ASSERT_EQ(guest::Bundle::length(std::span{bytes}.first<guest::bundle_header_bytes>()),
            bytes.size());
  auto bundle = guest::Bundle::open(bytes);
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->size(), 2U);
  EXPECT_TRUE(bundle->wants_records());
  EXPECT_FALSE(bundle->one_secure_world());
  EXPECT_EQ(bundle->largest_package(), 40U);
  const auto first = bundle->next();
  EXPECT_EQ(first->name, "a/first");
  EXPECT_EQ(first->hash, (std::array<uint64_t, 2>{0x0123456789abcdef, 0xfedcba9876543210}));
  EXPECT_EQ(first->package.size(), 13U);
  const auto second = bundle->next();
  EXPECT_EQ(second->name, "a/second");
  EXPECT_EQ(second->hash, (std::array<uint64_t, 2>{}));
  EXPECT_FALSE(bundle->next());
}

TEST(Bundle, IsRefusedWhereverItIsCut) {
  const Bytes bytes = make_bundle(two_cases(), {});
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(guest::Bundle::open(std::span{bytes}.first(length))) << length;
  }
}

TEST(Bundle, NeverReadsOutsideWhateverIsChanged) {
  const Bytes bytes = make_bundle(two_cases(), {.one_secure_world = true});
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned value : {0x01U, 0x80U, 0xffU}) {
      Bytes changed = bytes;
      changed[at] = static_cast<std::byte>(value);
      auto bundle = guest::Bundle::open(changed);
      for (size_t n = 0; bundle && n < bundle->size(); ++n) EXPECT_TRUE(bundle->next()) << at;
    }
  }
}

TEST(Bundle, FollowsTheImageOnAPageOfItsOwn) {
  const Bytes payload = make_payload(Bytes(4097, std::byte{7}), Bytes(3, std::byte{9}));
  ASSERT_EQ(payload.size(), 2 * 4096 + 3U);
  EXPECT_EQ(payload[4097], std::byte{0});
  EXPECT_EQ(payload[2 * 4096], std::byte{9});
}

/// A record with all that the hash looks at.
Bytes small_record(uint64_t rule = 2) {
  using guest::RecordTag;
  Bytes room(1 << 16);
  guest::RecordWriter out{room};
  out.begin(RecordTag::rules);
  out.word(3);
  for (const char* name : {"none", "first", "second"}) out.text(name);
  out.end();
  const auto begin = [&](uint64_t side, uint64_t conduit, const char* op, const char* tx) {
    out.begin(RecordTag::event_begin);
    for (const uint64_t word : {side, uint64_t{3}, uint64_t{1}, uint64_t{2}, conduit})
      out.word(word);
    out.text(op);
    out.regs(ffa::Regs{{0x84000063, 0x10001}});
    out.text(tx);
    out.end();
  };
  const auto end = [&](uint64_t event, uint64_t rejecting, uint64_t result) {
    out.begin(RecordTag::event_end);
    out.word(event);
    out.regs(ffa::Regs{{7, 8}});
    out.text("rx of nine");
    out.word(rejecting);
    out.word(1);
    out.word(0b110);
    out.word(result);
    out.end();
  };
  begin(0, 1, "", "tx!");
  for (const char* const more : {"more", "and more"}) {
    out.begin(RecordTag::tx_read);
    out.word(0);
    out.text(more);
    out.end();
  }
  begin(1, 0, "", "");
  end(1, 0, 0);
  end(0, rule, 0);
  begin(2, 0, "teardown", "");
  end(2, 0, static_cast<uint64_t>(-3));
  begin(3, 2, "inject", "");
  end(3, 0, 9);
  out.begin(RecordTag::faults);
  out.word(2);
  out.word(0);
  out.word(1);
  out.end();
  out.begin(RecordTag::end);
  out.end();
  return {out.written().begin(), out.written().end()};
}

std::string hash_text(const std::array<uint64_t, 2>& hash) {
  char text[33];
  (void)std::snprintf(text, sizeof text, "%016lx%016lx", hash[0], hash[1]);
  return text;
}

TEST(RecordHash, IsTheHostsHash) {
  for (const uint64_t rule : {0U, 1U, 2U}) {
    const Bytes record = small_record(rule);
    const auto recorded = read_record(record, "r", small_case());
    EXPECT_EQ(hash_text(ports::qemu::digest_of(record).hash), recorded.hash) << rule;
  }
  EXPECT_NE(ports::qemu::digest_of(small_record(1)).hash,
            ports::qemu::digest_of(small_record(2)).hash);
}

std::string base64_of_four_bytes() { return "AAECAw=="; }  // 0, 1, 2, 3

TEST(UartLog, TellsVerdictsAndRecordsAmongLinesOfOthers) {
  const std::string log =
      "NOTICE:  BL31: v2.10\r\nffa-sim, BL33\r\npassed  a/b[c=1.1] 00ff\r\nrecord  x 4\r\n" +
      base64_of_four_bytes() + "\r\ndiffers x 01\nfailed  y the machine ends with status 70\n" +
      "1 passed, 1 differs, 0 ended, 1 failed, 0 not run\n";
  const auto cases = read_uart_log(log, "log");
  ASSERT_EQ(cases.size(), 3U);
  EXPECT_EQ(cases[0].verdict + cases[0].name + cases[0].text, "passeda/b[c=1.1]00ff");
  EXPECT_TRUE(cases[0].record.empty());
  EXPECT_EQ(cases[1].name, "x");
  EXPECT_EQ(cases[1].record, (Bytes{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}}));
  EXPECT_EQ(cases[2].text, "the machine ends with status 70");
}

TEST(UartLog, NamesTheLineOfARecordThatIsNone) {
  const auto says = [](const std::string& log, const std::string& text) {
    try {
      (void)read_uart_log(log, "log");
      ADD_FAILURE() << log;
    } catch (const InputError& error) {
      EXPECT_EQ(error.what(), text);
    }
  };
  says("record  x\n", "log:1: 'record' without name and length");
  says("record  x 4z\n", "log:1: the length of a record is no number of bytes");
  says("record  x 4\n", "log:1: the log ends in a record");
  says("record  x 4\nAAECA\n", "log:2: no line of base64, in a record");
  says("record  x 4\nAAECA*==\n", "log:2: no line of base64, in a record");
  says("record  x 4\nAAECAwQF\n", "log:2: no line of base64, in a record");
  says("record  x 3\nAAECAwQF\n", "log:2: a record is longer than it says");
}

TEST(StartOptions, AreWordsInAnyOrder) {
  const auto options = el3::parse_start_options("x0=0x10 bl33=0x60000000  dtb=0xff");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->bl33, 0x60000000U);
  EXPECT_EQ(options->x0, 0x10U);
  EXPECT_EQ(options->device_tree, 0xffU);
  EXPECT_FALSE(el3::parse_start_options("")->bl33);
  for (const char* text :
       {"bl33", "bl33=", "bl33=60000000", "bl33=0xG", "entry=0x1", "bl33=0x12345678901234567"}) {
    EXPECT_FALSE(el3::parse_start_options(text)) << text;
  }
}

}  // namespace
}  // namespace sim::qemu::test
