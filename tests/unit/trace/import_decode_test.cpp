// SPDX-License-Identifier: BSD-3-Clause
// Slices of real logs in words: calls, fields and statuses have their names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/trace/import_logs.hpp"

namespace {

using test::import_text;
using test::sample;
using test::sample_lines;
using test::words;
using testing::HasSubstr;
using testing::Not;

TEST(ImportDecode, TfaAtVerboseLevel) {
  EXPECT_EQ(
      words(import_text(sample_lines("tfa-console-verbose.log", 237, 251))),
      "     1 linux.1 FFA_VERSION 1.1 -> 1.2, x1-x7 absent\n"
      "     3 linux.1 FFA_ID_GET -> no return seen\n"
      "     4 linux.1 FFA_RXTX_MAP_64 TX 0x40742000, RX 0x40741000, pages 1 -> SUCCESS\n"
      "     6 linux.1 FFA_FEATURES FFA_MEM_LEND_64 -> ERROR NOT_SUPPORTED\n"
      "     8 linux.1 FFA_FEATURES FFA_MEM_SHARE_64 -> SUCCESS properties 0x1 (dynamic buffers)\n");
}

TEST(ImportDecode, QemusDumps) {
  EXPECT_EQ(
      words(import_text(sample_lines("qemu-int-cpu.log", 3913, 4050))),
      "     1 linux.0 FFA_MEM_SHARE_64 total 96 B, fragment 96 B -> SUCCESS handle "
      "0x100000000000\n"
      "     3 linux.0 FFA_MSG_SEND_DIRECT_REQ_32 hypervisor to 0x8001, x3=0x80000000 x5=0x1000 "
      "[OP-TEE: yielding call: start, handle 0x100000000000, offset 0x0] -> "
      "MSG_SEND_DIRECT_RESP_32 0x8001 to hypervisor, x4=0x2 [OP-TEE: interrupted, thread "
      "0]\n");
}

TEST(ImportDecode, OpteesConsole) {
  EXPECT_EQ(
      words(import_text(sample_lines("optee-secure-uart-level4-handpatch.log", 375, 379))),
      "     1 linux.0 FFA_MSG_SEND_DIRECT_REQ_32 hypervisor to 0x8001, x3=0x3 x4=0x1 x5=0x1000 "
      "[OP-TEE: unregister shared memory, handle 0x100000000001] -> MSG_SEND_DIRECT_RESP_32 0x8001 "
      "to hypervisor, [OP-TEE: OK]\n"
      "     3 linux.0 FFA_MEM_RECLAIM handle 0x100000000001 -> SUCCESS\n"
      "     5 linux.0 FFA_MSG_SEND_DIRECT_REQ_32 hypervisor to 0x8001, x3=0x80000000 x5=0x1000 "
      "[OP-TEE: yielding call: start, handle 0x100000000000, offset 0x0] -> no return seen\n");
}

TEST(ImportDecode, NamedRowsOfBothWorlds) {
  const std::string text = words(import_text(sample("tfa-hexrows-named.log")));
  EXPECT_THAT(text, HasSubstr("     7 secure.0 FFA_MSG_WAIT -> no return seen\n"));
  EXPECT_THAT(text, HasSubstr(" secure.0 FFA_SPM_ID_GET -> SUCCESS id 0xffff\n"));
  EXPECT_THAT(text, HasSubstr(" linux.0 FFA_FEATURES FFA_MSG_SEND_DIRECT_REQ2 -> ERROR NOT_SUPP"));
}

TEST(ImportDecode, EverySampleIsNamedFromEndToEnd) {
  for (const char* const name : test::samples_with_calls) {
    const auto imported = import_text(sample(name));
    ffa_trace::Decoder decoder;
    for (const auto& event : imported.events) {
      const auto decoded = decoder.decode(event);
      EXPECT_THAT(decoded.function, testing::StartsWith("FFA_")) << name << " " << event.seq;
      EXPECT_THAT(decoded.reply, Not(HasSubstr("UNKNOWN"))) << name << " " << event.seq;
      EXPECT_THAT(decoded.reply, Not(testing::StartsWith("0x"))) << name << " " << event.seq;
    }
  }
}

}  // namespace
