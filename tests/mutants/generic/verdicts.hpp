// SPDX-License-Identifier: BSD-3-Clause
// Judges mutants one by one, each in a child of this process, which has everything loaded. Used by
// mutant_scenarios and mutant_units.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace generic {

/// Which tests reach which mutants.
class Reach {
 public:
  /// `test` has come past those that `reached[1…count]` says.
  void add(std::string test, const uint8_t* reached, uint32_t count);
  /// By how few mutants they reach: a short test goes first. Deterministic.
  std::vector<std::string> tests_of(uint32_t mutant) const;

 private:
  struct Row {
    std::string test;
    uint64_t reached;
    std::vector<bool> bits;
  };
  std::vector<Row> rows_;
};

/// In a child: what runs next, told to the parent should the child die; and at most this many
/// seconds of processor time for it.
void begin_test(const std::string& name, unsigned seconds);

/// True: the test fails. Called in a child, where the mutant lives.
using Fails = std::function<bool(const std::string& test)>;

/// The numbers in a file, a line each. Throws std::runtime_error that names file and line.
std::vector<uint32_t> read_numbers(const std::string& file, uint32_t count);

/// One line of JSON a mutant on standard output, in their order: killed (by which test, how),
/// survived, or unreached by any test.
void judge(const std::vector<uint32_t>& mutants, const Reach& reach, uint32_t& alive, unsigned jobs,
           const Fails& fails);

}  // namespace generic
