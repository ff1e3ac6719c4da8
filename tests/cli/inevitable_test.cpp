// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/inevitable.hpp"

#include <gtest/gtest.h>

namespace sim::cli {
namespace {

TEST(Inevitable, PrefixesWithTheSameShareAreOneLine) {
  EXPECT_EQ(continuations_text({8, {1, 0, 0, 4, 8, 8}}, "0:schedule=1,13:schedule=2,3:fault_smc=1"),
            "  of 8 random continuations of its first choices fail\n"
            "    0               12.5%\n"
            "    1 to 2           0.0%\n"
            "    3               50.0%\n"
            "    4 to 5         100.0%\n"
            "  inevitable since choice 3: fault_smc=1\n");
}

TEST(Inevitable, AChoiceThatIsNotThereWasZero) {
  const std::string text = continuations_text({8, {8, 7, 8}}, "11:schedule=1");
  EXPECT_NE(text.find("  inevitable since choice 1: 0\n"), std::string::npos) << text;
}

TEST(Inevitable, FromTheBeginningOrNever) {
  EXPECT_NE(continuations_text({8, {8, 8}}, "").find("from the beginning"), std::string::npos);
  EXPECT_NE(continuations_text({8, {8, 7}}, "").find("at no place"), std::string::npos);
}

}  // namespace
}  // namespace sim::cli
