// SPDX-License-Identifier: BSD-3-Clause
// What the monitors find in an image that goes on all the same, and at which level.
#include <gmock/gmock.h>

#include <string>

#include "sim/unicorn/call_bounds.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"
#include "tests/unicorn/images/misdeeds.hpp"
#include "unit/unicorn/fake_world.hpp"

namespace {

using broken::Misdeed;
using sim::unicorn::Monitoring;
using testing::HasSubstr;
using testing::MatchesRegex;

struct WatchedImage {
  explicit WatchedImage(Monitoring monitoring, sim::unicorn::CountSink counted = {})
      : factory(sim::unicorn_mediator(std::string(IMAGE_DIR) + "/test-broken.elf", monitoring,
                                      std::move(counted))),
        mediator(factory->create(world.ops(), &world, {})) {}
  /// All that is found in one call: "I20: … I20: …".
  std::string found(Misdeed what, uint64_t x2 = 0) {
    ffa::Regs regs;
    regs.x[2] = x2;
    regs.x[0] = static_cast<uint64_t>(what);
    EXPECT_TRUE(mediator->handle_call(5, 1, FFA_SIM_HVC, regs));
    std::string all;
    for (const auto& [invariant, text] : mediator->take_findings())
      all += invariant + ": " + text + "\n";
    return all;
  }
  FakeWorld world;
  std::unique_ptr<sim::MediatorFactory> factory;
  std::unique_ptr<sim::MediatorUnderTest> mediator;
};

TEST(Monitors, AByteOfABufferIsReadTwice) {
  WatchedImage image{Monitoring::cheap};
  EXPECT_EQ(image.found(Misdeed::copy), "");
  EXPECT_THAT(image.found(Misdeed::read_twice),
              MatchesRegex("I20: byte 0 of buffer 3 is read twice, in "
                           ".*image_handle_call\\+0x.*\n"));
  EXPECT_EQ(image.found(Misdeed::copy), "");
  EXPECT_THAT(image.found(Misdeed::read_again), HasSubstr("I20: byte 0 of buffer 3 is read twice"));
  EXPECT_EQ(image.found(Misdeed::read_next_message), "");
}

TEST(Monitors, AccessesThatAreNotAligned) {
  WatchedImage image{Monitoring::all};
  EXPECT_THAT(image.found(Misdeed::read_crooked),
              MatchesRegex("U05: 4 bytes read at 0x800000c2, which is not aligned, in .*\n"));
  EXPECT_THAT(
      image.found(Misdeed::lean_stack),
      MatchesRegex("U05: the stack pointer is 0x[0-9a-f]*8, which is not aligned, in .*\n"));
}

TEST(Monitors, ReadsAndWritesBesideWhatWasAskedFor) {
  WatchedImage image{Monitoring::cheap};
  EXPECT_THAT(image.found(Misdeed::read_past),
              HasSubstr("U01: byte 16 of buffer 3 is read, which no copy_in has asked for"));
  EXPECT_THAT(image.found(Misdeed::write_before), HasSubstr("U01: byte 0 of buffer 3 is written"));
}

TEST(Monitors, RegistersOfTheGuest) {
  WatchedImage image{Monitoring::cheap};
  EXPECT_THAT(image.found(Misdeed::lose_register), HasSubstr("U03: x25 is 0x7 at the return"));
  EXPECT_THAT(image.found(Misdeed::change_system_register), HasSubstr("U03: TPIDR_EL1 is 0x"));
}

TEST(Monitors, InstructionsAreBounded) {
  WatchedImage image{Monitoring::cheap};
  EXPECT_THAT(image.found(Misdeed::take_long),
              MatchesRegex("U04: 2[0-9]* instructions in a call .not FF-A. with 0 operations and 0 "
                           "bytes copied; 2300 are enough\n"));
}

TEST(Monitors, EachClassOfCallsHasItsBound) {
  using sim::unicorn::bound_of;
  EXPECT_EQ(bound_of(0xc400'0073).calls, bound_of(0x8400'0073).calls);
  for (const uint32_t fid : {0x8000'0000, 0x8400'ff01, 0x8400'0003, 0xc600'0071})
    EXPECT_STREQ(bound_of(fid).calls, "not FF-A");
  EXPECT_STREQ(bound_of(0xc400'008b).calls, bound_of(0x8400'0068).calls);
  EXPECT_STREQ(bound_of(0x8400'0069).calls, "registers only");
  sim::unicorn::CallCounts counts;
  counts.operations[3] = 2;
  counts.bytes = 5;
  const auto& sends = bound_of(0x8400'0073);
  EXPECT_EQ(sends.instructions(counts),
            sends.least + 2 * sends.for_an_operation + 5 * sends.for_a_byte);
}

TEST(Monitors, LoadsOfWhatNobodyWrote) {
  WatchedImage image{Monitoring::all};
  EXPECT_EQ(image.found(Misdeed::copy), "");
  EXPECT_EQ(image.found(Misdeed::count_up), "");
  EXPECT_THAT(image.found(Misdeed::read_fresh),
              MatchesRegex("U02: what is done depends on x[0-9]*, from 0x800000c0, never written, "
                           "in image_handle_call.*\n"));
  EXPECT_THAT(image.found(Misdeed::read_behind_memory),
              HasSubstr("U01: 8 bytes read at 0x80000140, where nothing is"));
  EXPECT_THAT(image.found(Misdeed::look_into_dead_frame),
              MatchesRegex("U02: .*, from 0x50[0-9a-f]*, never written, in .*\n"));
}

TEST(Monitors, WhatNobodyWroteMayBeMovedButNotUsed) {
  WatchedImage image{Monitoring::all};
  EXPECT_EQ(image.found(Misdeed::move_fresh), "");
  EXPECT_THAT(image.found(Misdeed::pass_fresh), HasSubstr("U02: an address is made from x"));
  EXPECT_THAT(image.found(Misdeed::send_fresh), HasSubstr("U02: the secure world gets x5, from"));
  EXPECT_THAT(image.found(Misdeed::give_fresh), HasSubstr("U02: the guest gets x3, from"));
  EXPECT_THAT(image.found(Misdeed::give_selected, 0), HasSubstr("U02: the guest gets x3, from"));
  EXPECT_EQ(image.found(Misdeed::give_selected, 1), "");
}

TEST(Monitors, TheCheapOnesLookAtNoLoad) {
  WatchedImage image{Monitoring::cheap};
  EXPECT_EQ(image.found(Misdeed::read_fresh), "");
  EXPECT_EQ(image.found(Misdeed::read_behind_memory), "");
}

TEST(Monitors, NoneFindsNothing) {
  WatchedImage image{Monitoring::none};
  for (const Misdeed what : {Misdeed::read_twice, Misdeed::read_past, Misdeed::lose_register})
    EXPECT_EQ(image.found(what), "");
  EXPECT_EQ(image.mediator->stack_bytes(), 0U);
}

TEST(Monitors, TheStackIsMeasured) {
  WatchedImage image{Monitoring::cheap};
  image.found(Misdeed::copy);
  const uint64_t before = image.mediator->stack_bytes();
  EXPECT_GT(before, 176U);
  image.found(Misdeed::scribble_below);
  EXPECT_GT(image.mediator->stack_bytes(), before + 7000);
  EXPECT_LT(image.mediator->stack_bytes(), before + 9000);
}

TEST(Monitors, InstructionsAndOperationsAreCounted) {
  uint64_t fid = 0;
  sim::unicorn::CallCounts counts;
  WatchedImage image{Monitoring::none, [&](uint64_t x0, const sim::unicorn::CallCounts& told) {
                       fid = x0;
                       counts = told;
                     }};
  image.found(Misdeed::copy);
  EXPECT_EQ(fid, static_cast<uint64_t>(Misdeed::copy));
  EXPECT_EQ(counts.all_operations(), 2U);
  EXPECT_EQ(counts.bytes, 32U);
  EXPECT_EQ(counts.vectors, 34U);  // of return.S, the HVC included
  const uint64_t once = counts.instructions;
  EXPECT_GT(once, 10U);
  EXPECT_LT(once, 200U);
  image.found(Misdeed::copy);
  EXPECT_EQ(counts.instructions, once);
}

}  // namespace
