// SPDX-License-Identifier: BSD-3-Clause
// What the laws have in common: RapidCheck, what numbers look like on the wire, how registers are
// shown when a law does not hold.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "ffa/regs.hpp"

namespace ffa {

inline void showValue(const Regs& regs, std::ostream& out) {
  for (unsigned n = 0; n < regs.x.size(); ++n) {
    if (n == 0 || regs.x[n] != 0) out << fmt::format("x{}={:#x} ", n, regs.x[n]);
  }
}

}  // namespace ffa

namespace laws {

/// Any 64 bits.
inline rc::Gen<uint64_t> any_word() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<uint64_t>());
}

/// Numbers as they stand in registers: mostly zero, a small one, a bit, or any.
inline rc::Gen<uint64_t> wire_number() {
  return rc::gen::weightedOneOf<uint64_t>(
      {{4, rc::gen::just(uint64_t{0})},
       {2, rc::gen::inRange<uint64_t>(0, 1 << 17)},
       {2, rc::gen::map(rc::gen::inRange(0, 64), [](int bit) { return uint64_t{1} << bit; })},
       {1, rc::gen::just(~uint64_t{0})},
       {3, any_word()}});
}

/// A list of `least` to `most` elements.
template <class Value>
rc::Gen<std::vector<Value>> list_of(size_t least, size_t most, const rc::Gen<Value>& element) {
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [element](size_t count) {
    return rc::gen::container<std::vector<Value>>(count, element);
  });
}

/// Checks a law whose cases take long: a tenth of them.
template <class Law>
void check_tenth(Law law) {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "/" + test->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = (params.maxSuccess + 9) / 10;
  const auto result = rc::detail::checkTestable(law, rc::detail::TestMetadata{name, name}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << text.str();
}

}  // namespace laws
