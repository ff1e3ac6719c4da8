// SPDX-License-Identifier: BSD-3-Clause
// Judges mutants one by one, each in a child of this process, which has everything loaded. Used by
// mutant_scenarios and mutant_units.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace generic {

struct Test {
  std::string name;
  std::clock_t time = 0;  ///< of the processor, without a mutant
};

/// Which tests reach which mutants.
class Reach {
 public:
  /// Before each test: its processor time counts from here.
  void begin() { begun_ = std::clock(); }
  /// `test` has come past those that `reached[1…count]` says.
  void add(std::string test, const uint8_t* reached, uint32_t count);
  /// At most `limit` that reach it: in turns one of those that reach the fewest mutants, which look
  /// closest, and of those that reach the most, which go deepest. Of tests that reach the same
  /// ones, the second goes behind the first of all others, and so on; `first` goes before all, if
  /// it reaches it. Deterministic.
  std::vector<Test> tests_of(uint32_t mutant, const std::string& first, size_t limit) const;

 private:
  struct Row {
    Test test;
    uint64_t reached;
    uint64_t round;  ///< how many before it reach the same mutants
    std::vector<bool> bits;
  };
  std::clock_t begun_ = 0;
  std::vector<Row> rows_;
  std::map<std::vector<bool>, uint64_t> seen_;
};

/// True: the test fails. Called in a child, where the mutant lives.
using Fails = std::function<bool(const std::string& test)>;

/// How to judge.
struct Effort {
  unsigned jobs;  ///< mutants at a time
  size_t tests;   ///< a mutant, at most
};

/// Of two arguments, or nothing: 1 to 64 jobs, 1 to 1,000,000 tests.
std::optional<Effort> to_effort(const char* jobs, const char* tests);

/// A mutant to judge, and the test that it meets first, if one is named.
struct Wanted {
  uint32_t mutant;
  std::string first;
};

/// A line each: its number, and behind a space perhaps the name of a test. Throws
/// std::runtime_error that names file and line.
std::vector<Wanted> read_wanted(const std::string& file, uint32_t count);

/// One line of JSON a mutant on standard output, in their order: killed (by which test, how),
/// survived, or unreached by any test.
void judge(const std::vector<Wanted>& mutants, const Reach& reach, uint32_t& alive, Effort effort,
           const Fails& fails);

}  // namespace generic
