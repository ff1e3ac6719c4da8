// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/buffer_use.hpp"

#include "call_check.hpp"

namespace ffa {
namespace {

using test::make_regs;

TEST(BufferUse, AMemoryCallHandsOverItsFirstFragment) {
  EXPECT_EQ(tx_bytes_used(make_regs({0xc4000073, 0x2000, 0x1000})), 0x1000U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000072, 96, 80})), 80U);
  EXPECT_EQ(tx_bytes_used(make_regs({0xc4000071, 96, 81})), 81U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000074, 96, 82})), 82U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x8400007b, 7, 8, 0x300, 9})), 0x300U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x8400006f, 96, 80})), 0U);
}

TEST(BufferUse, AnIndirectMessageHandsOverItsHeader) {
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000086})), message_header_bytes);
}

TEST(BufferUse, ABufferOfItsOwnIsNotTx) {
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000073, 96, 80, 0x40000000})), 0U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000073, 96, 80, 0, 1})), 0U);
  EXPECT_EQ(tx_bytes_used(make_regs({0xc4000073, 96, 80, 0x4000000000})), 0U);
}

TEST(BufferUse, WhatStandsAboveBit31OfAnSmc32IsNoAddress) {
  const uint64_t dirty = 0xdeadbeef00000000;
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000073, 96, dirty | 80, dirty, dirty})), 80U);
  EXPECT_EQ(tx_bytes_used(make_regs({0xc4000073, 96, 80, dirty})), 0U);
}

TEST(BufferUse, AListOfPartitionsFillsRx) {
  const Regs in = make_regs({0x84000068});
  EXPECT_EQ(rx_bytes_written(in, make_regs({0x84000061, 0, 3, 24})), 72U);
  EXPECT_EQ(rx_bytes_written(in, make_regs({0x84000061, 0, 3})), 24U);
  EXPECT_EQ(rx_bytes_written(in, make_regs({0x84000060, 0, 3, 24})), 0U);
  const Regs count = make_regs({0x84000068, 0, 0, 0, 0, 1});
  EXPECT_EQ(rx_bytes_written(count, make_regs({0x84000061, 0, 3, 24})), 0U);
}

TEST(BufferUse, ARetrievalFillsRxFragmentByFragment) {
  const Regs resp = make_regs({0x84000075, 0x2000, 0x1000});
  EXPECT_EQ(rx_bytes_written(make_regs({0xc4000074, 96, 96}), resp), 0x1000U);
  const Regs next = make_regs({0x8400007b, 7, 8, 0x300, 0});
  EXPECT_EQ(rx_bytes_written(make_regs({0x8400007a, 7, 8, 0x1000}), next), 0x300U);
  EXPECT_EQ(rx_bytes_written(next, make_regs({0x8400007a, 7, 8, 0x300})), 0U);
  EXPECT_EQ(tx_bytes_used(make_regs({0x84000076})), 18U);
}

TEST(BufferUse, BuffersAreFollowedThroughTheirCalls) {
  const Regs success = make_regs({0x84000061});
  MappedBuffers buffers;
  buffers.follow(make_regs({0xc4000066, 0x1040000000, 0x1040001000, 2}), make_regs({0x84000060}));
  EXPECT_EQ(buffers.pages, 0U);
  buffers.follow(make_regs({0xc4000066, 0x1040000000, 0x1040001000, 2}), success);
  EXPECT_EQ(buffers.tx_ipa, 0x1040000000U);
  EXPECT_EQ(buffers.rx_ipa, 0x1040001000U);
  EXPECT_EQ(buffers.pages, 2U);
  buffers.follow(make_regs({0x84000067}), success);
  EXPECT_EQ(buffers.pages, 0U);
  buffers.follow(make_regs({0x84000066, 0xff50000000, 0xff50001000, 1}), success);
  EXPECT_EQ(buffers.tx_ipa, 0x50000000U);
  EXPECT_EQ(buffers.rx_ipa, 0x50001000U);
}

}  // namespace
}  // namespace ffa
