// SPDX-License-Identifier: BSD-3-Clause
// The switch of the mutants. FFASIM_MUTANT in the environment sets it for programs that know
// nothing of it.
#include "switch.hpp"

#include <cstdlib>

#include "mutant_count.hpp"

extern "C" {
[[gnu::visibility("default")]] uint32_t ffasim_mutant = 0;
[[gnu::visibility("default")]] uint8_t ffasim_mutants_reached[ffasim_mutant_count + 1] = {};
[[gnu::visibility("default")]] extern const uint32_t ffasim_mutants;
const uint32_t ffasim_mutants = ffasim_mutant_count;
}

namespace {
[[gnu::constructor]] void take_from_environment() {
  const char* const number = std::getenv("FFASIM_MUTANT");
  if (number != nullptr) ffasim_mutant = static_cast<uint32_t>(std::strtoul(number, nullptr, 10));
}
}  // namespace
