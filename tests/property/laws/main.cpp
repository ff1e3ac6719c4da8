// SPDX-License-Identifier: BSD-3-Clause
// Laws are checked over the same cases everywhere unless RC_PARAMS says otherwise; FFASIM_SEED and
// FFASIM_CASES do it for campaigns, as for the other properties.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>

#include "tests/property/environment.hpp"

namespace {

class Repro : public testing::EmptyTestEventListener {
 public:
  explicit Repro(std::string params) : params_(std::move(params)) {}

 private:
  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Failed()) return;
    fmt::print("REPRO: RC_PARAMS=\"{}\" {} --gtest_filter={}.{}\n", params_,
               program_invocation_name, test.test_suite_name(), test.name());
  }
  std::string params_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::string params =
      fmt::format("seed={} max_success={}", property::from_environment("FFASIM_SEED", 1),
                  property::from_environment("FFASIM_CASES", 200));
  setenv("RC_PARAMS", params.c_str(), /*overwrite=*/0);
  testing::UnitTest::GetInstance()->listeners().Append(new Repro(std::getenv("RC_PARAMS")));
  return RUN_ALL_TESTS();
}
