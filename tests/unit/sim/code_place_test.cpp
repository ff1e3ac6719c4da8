// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/code_place.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(CodePlace, NamesAreShort) {
  EXPECT_EQ(short_function("mediator::ShareTable::refuse(mediator::ShareSlot)"), "refuse");
  EXPECT_EQ(short_function("ffa::Result<mediator::Share> mediator::begin<sim::P, 3>(sim::P&)"),
            "begin");
  EXPECT_EQ(short_function("main"), "main");
  EXPECT_EQ(short_function("a::(anonymous namespace)::f()"), "a::(anonymous namespace)::f()")
      << "what it does not understand stays";
}

TEST(CodePlace, WhatHasNoLinesIsUnknown) { EXPECT_EQ(code_place(nullptr), "an unknown place"); }

}  // namespace
}  // namespace sim
