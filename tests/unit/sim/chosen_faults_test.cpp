// SPDX-License-Identifier: BSD-3-Clause
// Faults that the choice stream lets strike: what is asked when, and what comes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "ffa/fid.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/platform/faults.hpp"
#include "sim/sched/choices.hpp"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t mem_share = ffa::fid32(ffa::Fid::mem_share);

FaultSpec chosen(const char* op, bool status = true) {
  FaultSpec spec;
  spec.op = op;
  spec.chosen = true;
  spec.chosen_status = status;
  return spec;
}

/// Answers as told, and keeps what it was asked.
struct Stream {
  std::deque<uint32_t> answers;
  std::vector<std::string> asked;
  Faults::Choose choose() {
    return [this](uint32_t n, const char* label) {
      asked.push_back(std::string(label) + "/" + std::to_string(n));
      if (answers.empty()) return 0U;
      const uint32_t answer = answers.front();
      answers.pop_front();
      return answer;
    };
  }
};

TEST(FaultKinds, EachHasALabelOfItsOwn) {
  std::set<std::string> labels;
  for (const FaultKind& kind : fault_kinds()) {
    EXPECT_EQ(kind.label, std::string(fault_label) + std::string(kind.op));
    EXPECT_TRUE(labels.insert(kind.label).second);
    EXPECT_EQ(find_fault_kind(kind.op), &kind);
  }
  EXPECT_EQ(find_fault_kind("luck"), nullptr);
}

TEST(FaultKinds, StatusesAreThoseOfTheFunctionInEitherWidth) {
  using enum ffa::Status;
  EXPECT_THAT(legal_statuses("smc", ffa::fid32(ffa::Fid::notification_info_get)),
              ElementsAre(not_supported, invalid_parameters, no_data));
  EXPECT_THAT(legal_statuses("smc", mem_share), SizeIs(6));
  EXPECT_THAT(legal_statuses("smc", ffa::fid64(ffa::Fid::mem_share)), SizeIs(6));
  EXPECT_THAT(legal_statuses("smc", ffa::fid32(ffa::Fid::version)), IsEmpty());
  EXPECT_THAT(legal_statuses("pin", {}), ElementsAre(no_memory, denied));
  EXPECT_THAT(legal_statuses("translate", {}), IsEmpty());
}

TEST(ChosenFaults, AreAskedAtEachOperationAndThenForTheStatus) {
  Stream stream{.answers = {0, 1, 1}, .asked = {}};
  Faults faults{{chosen("pin")}, stream.choose()};
  EXPECT_EQ(faults.strike("map"), nullptr);
  EXPECT_EQ(faults.strike("pin"), nullptr);
  EXPECT_FALSE(faults.fired(0));
  const FaultSpec* const struck = faults.strike("pin");
  ASSERT_NE(struck, nullptr);
  EXPECT_EQ(struck->status, static_cast<int32_t>(ffa::Status::denied));
  EXPECT_TRUE(faults.fired(0));
  EXPECT_THAT(stream.asked, ElementsAre("fault_pin/2", "fault_pin/2", "status/2"));
  EXPECT_THAT(faults.chosen(), ElementsAre("pin 2 DENIED"));
}

TEST(ChosenFaults, LeaveAloneWhatHasNoLegalError) {
  Stream stream{.answers = {1, 3}, .asked = {}};
  Faults faults{{chosen("smc")}, stream.choose()};
  EXPECT_EQ(faults.strike("smc", ffa::fid32(ffa::Fid::version)), nullptr);
  EXPECT_THAT(stream.asked, IsEmpty());
  const FaultSpec* const struck = faults.strike("smc", mem_share);
  ASSERT_NE(struck, nullptr);
  EXPECT_EQ(struck->status, static_cast<int32_t>(ffa::Status::no_memory));
  EXPECT_THAT(faults.chosen(), ElementsAre("smc FFA_MEM_SHARE 2 NO_MEMORY"));
}

TEST(ChosenFaults, AreNotAskedWhereAnotherOneStrikes) {
  FaultSpec counted;
  counted.op = "pin";
  Stream stream;
  Faults faults{{counted, chosen("pin")}, stream.choose()};
  EXPECT_NE(faults.strike("pin"), nullptr);
  EXPECT_THAT(stream.asked, IsEmpty());
  EXPECT_EQ(faults.strike("pin"), nullptr);
  EXPECT_THAT(stream.asked, ElementsAre("fault_pin/2"));
}

TEST(ChosenFaults, ArmedAndDisarmedAndBroughtBack) {
  FaultSpec spec = chosen("map");
  spec.armed = false;
  Stream stream{.answers = {1, 0}, .asked = {}};
  Faults faults{{spec}, stream.choose()};
  EXPECT_EQ(faults.strike("map"), nullptr);
  EXPECT_THAT(stream.asked, IsEmpty());
  faults.arm(0, true);
  faults.keep();
  EXPECT_NE(faults.strike("map"), nullptr);
  EXPECT_THAT(faults.chosen(), ElementsAre("map 1 NO_MEMORY"));
  faults.restore();
  EXPECT_FALSE(faults.fired(0));
  EXPECT_THAT(faults.chosen(), IsEmpty());
}

TEST(ChosenFaults, OnlyWhatIsChosenAsksForMore) {
  Stream stream{.answers = {1, 2}, .asked = {}};
  FaultSpec counted;
  counted.op = "tx";
  Faults faults{{counted, chosen("tx", false)}, stream.choose()};
  const FaultSpec* const first = faults.strike("tx");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(faults.choose(*first, 4, "word"), 0U);
  const FaultSpec* const second = faults.strike("tx");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(faults.choose(*second, 4, "word"), 2U);
  EXPECT_THAT(stream.asked, ElementsAre("fault_tx/2", "word/4"));
}

// Of each strategy that draws: else no call would come far.
TEST(ChosenFaults, ASeedLetsThemStrikeSeldom) {
  const auto source = seeded_choices(3);
  int struck = 0;
  for (int n = 0; n < 1600; ++n) struck += source->choose(2, "fault_pin") != 0 ? 1 : 0;
  EXPECT_GT(struck, 50);
  EXPECT_LT(struck, 200);
}

}  // namespace
}  // namespace sim
