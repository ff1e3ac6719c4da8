// SPDX-License-Identifier: BSD-3-Clause
// An access that stage 2 refused, as the guest meets it: by whom, with which process state.
// [DDI 0487, D1.3]
#include "ports/qemu-virt/el2/external_abort.hpp"

#include <gtest/gtest.h>

namespace ports::qemu {
namespace {

constexpr uint64_t el0t = 0x0;
constexpr uint64_t el1t = 0x4;
constexpr uint64_t el1h = 0x5;
constexpr uint64_t user32 = 0x10;
constexpr uint64_t thumb = 0x20;
constexpr uint64_t zero_flag = 1 << 30;
constexpr uint64_t pan = 1 << 22;
constexpr uint64_t uao = 1 << 23;
constexpr uint64_t ssbs = 1 << 12;
constexpr uint64_t span = 1 << 23;
constexpr uint64_t dssbs = 1ULL << 44;
/// Translation faults of stage 2, third level.
constexpr uint64_t data_abort = 0x92000007;
constexpr uint64_t fetch_abort = 0x82000007;

TEST(ExternalAbort, TheVectorIsThatOfTheLevelAndStackItComesFrom) {
  EXPECT_EQ(external_abort({el1t, data_abort}, span).vector, 0x000);
  EXPECT_EQ(external_abort({el1h | zero_flag, data_abort}, span).vector, 0x200);
  EXPECT_EQ(external_abort({el0t | zero_flag, data_abort}, span).vector, 0x400);
  EXPECT_EQ(external_abort({user32, data_abort}, span).vector, 0x600);
  EXPECT_EQ(external_abort({user32 | thumb, fetch_abort}, span).vector, 0x600);
}

TEST(ExternalAbort, TheClassSaysWhetherTheLevelChanges) {
  EXPECT_EQ(external_abort({el0t, data_abort}, span).esr, 0x92000010);
  EXPECT_EQ(external_abort({user32, data_abort}, span).esr, 0x92000010);
  EXPECT_EQ(external_abort({el1h, data_abort}, span).esr, 0x96000010);
  EXPECT_EQ(external_abort({el1t, data_abort}, span).esr, 0x96000010);
  EXPECT_EQ(external_abort({el0t, fetch_abort}, span).esr, 0x82000010);
  EXPECT_EQ(external_abort({el1h, fetch_abort}, span).esr, 0x86000010);
}

TEST(ExternalAbort, AWriteIsAWriteAndAShortInstructionShort) {
  constexpr uint64_t was_write = 1 << 6;
  constexpr uint64_t long_instruction = 1 << 25;
  // What else the syndrome had belongs to stage 2, which the guest knows nothing of.
  constexpr uint64_t more = 1 << 24 | 1 << 7 | 5 << 16;
  EXPECT_EQ(external_abort({el1h, data_abort | was_write | more}, span).esr, 0x96000050);
  EXPECT_EQ(external_abort({user32 | thumb, data_abort & ~long_instruction}, span).esr, 0x90000010);
}

TEST(ExternalAbort, InterruptsAreMaskedAndTheRestOfTheStateBegins) {
  EXPECT_EQ(external_abort({el0t | zero_flag | uao, data_abort}, span).spsr, 0x3c5);
  EXPECT_EQ(external_abort({user32 | thumb, data_abort}, span).spsr, 0x3c5);
}

TEST(ExternalAbort, PanIsSetUnlessSpanLeavesItAlone) {
  EXPECT_EQ(external_abort({el0t, data_abort}, 0).spsr, 0x3c5 | pan);
  EXPECT_EQ(external_abort({el1h | pan, data_abort}, 0).spsr, 0x3c5 | pan);
  EXPECT_EQ(external_abort({el1h | pan, data_abort}, span).spsr, 0x3c5 | pan);
  EXPECT_EQ(external_abort({el1h, data_abort}, span).spsr, 0x3c5);
}

TEST(ExternalAbort, SpeculativeStoreBypassIsAsTheGuestWantsItAtExceptions) {
  EXPECT_EQ(external_abort({el1h | ssbs, data_abort}, span).spsr, 0x3c5);
  EXPECT_EQ(external_abort({el1h, data_abort}, span | dssbs).spsr, 0x3c5 | ssbs);
}

}  // namespace
}  // namespace ports::qemu
