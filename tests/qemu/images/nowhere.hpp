// SPDX-License-Identifier: BSD-3-Clause
// A crash: behind the board's RAM nothing answers.
#pragma once

#include <cstdint>

inline void read_nowhere() {
  constexpr uint64_t nowhere = 0xc0ffee00;
  (void)*reinterpret_cast<volatile const uint64_t*>(nowhere);
}
