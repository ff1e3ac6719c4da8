// SPDX-License-Identifier: BSD-3-Clause
// What the guests of a case's runs have seen: which versions they negotiated, which errors their
// calls came back with. By these a report sorts what was covered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"

namespace sim::report {

class Seen {
 public:
  /// The events of one more run.
  void add(const std::vector<trace::Event>& events);
  /// "1.0", "1.2", …, ascending.
  [[nodiscard]] std::vector<std::string> versions() const;
  /// "DENIED", "INVALID_PARAMETERS", …, sorted.
  [[nodiscard]] std::vector<std::string> errors() const;

 private:
  uint32_t versions_ = 0;  ///< bit n: 1.n
  uint32_t errors_ = 0;    ///< bit n: status -n
};

}  // namespace sim::report
