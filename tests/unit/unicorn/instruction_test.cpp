// SPDX-License-Identifier: BSD-3-Clause
// Registers that instructions read and write, one of each group that compilers emit.
#include "sim/unicorn/instruction.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace {

using sim::unicorn::decode;
using sim::unicorn::holds;
using sim::unicorn::Instruction;

uint32_t set(std::initializer_list<int> registers) {
  uint32_t bits = 0;
  for (const int n : registers) bits |= 1U << n;
  return bits;
}

struct Row {
  uint32_t word;
  const char* text;
  uint32_t sources, addresses, decides, results;
};

TEST(InstructionWord, SaysWhatItReadsAndWrites) {
  const Row rows[] = {
      {0xb9409ff7, "ldr w23, [sp, #156]", 0, 0, 0, set({23})},
      {0xf8226828, "str x8, [x1, x2]", 0, set({1, 2}), 0, 0},
      {0xa90c2d0a, "stp x10, x11, [x8, #192]", 0, set({8}), 0, 0},
      {0xa9444ff4, "ldp x20, x19, [sp, #64]", 0, 0, 0, set({19, 20})},
      {0x381ff1bf, "sturb wzr, [x13, #-1]", 0, set({13}), 0, 0},
      {0xf8638841, "ldr x1, [x2, x3]", 0, set({2, 3}), 0, set({1})},
      {0x885ffc20, "ldaxr w0, [x1]", 0, set({1}), 0, set({0})},
      {0x8801fc22, "stlxr w1, w2, [x1]", 0, set({1}), 0, set({1})},
      {0x7100091f, "cmp w8, #2", set({8}), 0, set({8}), 0},
      {0x6b0100ff, "cmp w7, w1", set({7, 1}), 0, set({7, 1}), 0},
      {0xf240091f, "tst x8, #7", set({8}), 0, set({8}), 0},
      {0x3a400820, "ccmn w1, #0, #0, eq", 0, 0, set({1}), 0},
      {0x35000060, "cbnz w0, #12", 0, 0, set({0}), 0},
      {0x37f80005, "tbnz w5, #31, #0", 0, 0, set({5}), 0},
      {0xd63f0200, "blr x16", 0, 0, set({16}), set({30})},
      {0xd65f03c0, "ret", 0, 0, set({30}), 0},
      {0xd51bd040, "msr tpidr_el0, x0", 0, 0, set({0}), 0},
      {0xd53bd047, "mrs x7, tpidr_el0", 0, 0, 0, set({7})},
      {0xaa0103e0, "mov x0, x1", set({1}), 0, 0, set({0})},
      {0xd2800600, "mov x0, #48", 0, 0, 0, set({0})},
      {0xf2807ff0, "movk x16, #1023", set({16}), 0, 0, set({16})},
      {0xb3407c41, "bfxil x1, x2, #0, #32", set({1, 2}), 0, 0, set({1})},
      {0x9b0a2928, "madd x8, x9, x10, x10", set({9, 10}), 0, 0, set({8})},
      {0x8b22c020, "add x0, x1, w2, sxtw", set({1, 2}), 0, 0, set({0})},
      {0xdac00041, "rbit x1, x2", set({2}), 0, 0, set({1})},
      {0x90000003, "adrp x3, #0", 0, 0, 0, set({3})},
      {0xd503201f, "nop", 0, 0, 0, 0},
  };
  for (const Row& row : rows) {
    const Instruction i = decode(row.word);
    EXPECT_EQ(i.sources, row.sources) << row.text;
    EXPECT_EQ(i.addresses, row.addresses) << row.text;
    EXPECT_EQ(i.decides, row.decides) << row.text;
    EXPECT_EQ(i.results, row.results) << row.text;
  }
}

TEST(InstructionWord, TellsAccessesApart) {
  const Instruction pair = decode(0xa90c2d0a);  // stp x10, x11, [x8, #192]
  EXPECT_EQ(pair.moved[0], set({10}));
  EXPECT_EQ(pair.moved[1], set({11}));
  const Instruction one = decode(0xf8226828);  // str x8, [x1, x2]
  EXPECT_EQ(one.moved[0], set({8}));
  EXPECT_EQ(one.moved[1], 0U);
}

TEST(InstructionWord, TellsWhatIsPutTogether) {
  EXPECT_TRUE(decode(0xb3407c41).joins);   // bfxil x1, x2, #0, #32
  EXPECT_TRUE(decode(0xaa0103e0).joins);   // mov x0, x1
  EXPECT_FALSE(decode(0x8a0100e0).joins);  // and x0, x7, x1
  EXPECT_FALSE(decode(0x8b0100e0).joins);  // add x0, x7, x1
  EXPECT_FALSE(decode(0xd3447c41).joins);  // ubfx x1, x2, #4, #28
}

TEST(InstructionWord, SelectsByCondition) {
  const Instruction select = decode(0x1a880128);  // csel w8, w9, w8, eq
  EXPECT_TRUE(select.selects);
  EXPECT_EQ(select.if_true, set({9}));
  EXPECT_EQ(select.if_false, set({8}));
  constexpr uint64_t z = 1U << 30;
  constexpr uint64_t n = 1U << 31;
  EXPECT_TRUE(holds(select.condition, z));
  EXPECT_FALSE(holds(select.condition, 0));
  EXPECT_TRUE(holds(1, 0));    // ne
  EXPECT_TRUE(holds(11, n));   // lt
  EXPECT_FALSE(holds(10, n));  // ge
  EXPECT_TRUE(holds(14, 0));   // al
  EXPECT_TRUE(holds(15, 0));
}

}  // namespace
