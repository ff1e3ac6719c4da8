// SPDX-License-Identifier: BSD-3-Clause
// What one run of a sweep has fixed: where a fault strikes, what it answers. Told by run_case() in
// words, and read again by whoever makes a case of that one run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sim {

struct SweptFault {
  size_t fault = 0;                 ///< in the world
  std::optional<uint64_t> nth{};    ///< either it strikes there
  std::optional<int32_t> status{};  ///< or it answers so
  friend bool operator==(const SweptFault&, const SweptFault&) = default;
};

/// "fault 0 answers DENIED, fault 1 at 3"; empty: nothing swept.
std::string in_words(const std::vector<SweptFault>& faults);
/// Reads such words. Nothing for any others.
std::vector<SweptFault> swept_faults(const std::string& words);

}  // namespace sim
