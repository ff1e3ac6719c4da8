// SPDX-License-Identifier: BSD-3-Clause
// mutant_units NUMBERS JOBS TESTS: which of the mutants fail a unit test of the mediator, which is
// linked in with all of them. Exit code 2: bad arguments, or a test fails without a mutant.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

#include "switch.hpp"
#include "verdicts.hpp"

extern "C" const uint32_t ffasim_mutants;

namespace {

/// Learns which test reaches what.
class Learner final : public testing::EmptyTestEventListener {
 public:
  explicit Learner(generic::Reach& reach) : reach_(reach) {}
  void OnTestStart(const testing::TestInfo& /*info*/) override {
    std::fill_n(ffasim_mutants_reached, ffasim_mutants + 1, uint8_t{0});
    reach_.begin();
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    reach_.add(fmt::format("{}.{}", info.test_suite_name(), info.name()), ffasim_mutants_reached,
               ffasim_mutants);
  }

 private:
  generic::Reach& reach_;
};

void run(const std::string& numbers, generic::Effort effort) {
  const auto mutants = generic::read_wanted(numbers, ffasim_mutants);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  generic::Reach reach;
  auto* const learner = new Learner(reach);
  listeners.Append(learner);
  if (RUN_ALL_TESTS() != 0) throw std::runtime_error("a test fails without a mutant");
  delete listeners.Release(learner);
  generic::judge(mutants, reach, ffasim_mutant, effort, [](const std::string& test) {
    testing::GTEST_FLAG(filter) = test;
    return RUN_ALL_TESTS() != 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto effort = argc != 4 ? std::nullopt : generic::to_effort(argv[2], argv[3]);
  if (!effort) {
    fmt::print(stderr,
               "usage: mutant_units NUMBERS JOBS TESTS    (JOBS: 1 to 64, TESTS: 1 to 1000000)\n");
    return 2;
  }
  try {
    run(argv[1], *effort);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mutant_units: {}\n", error.what());
    return 2;
  }
}
