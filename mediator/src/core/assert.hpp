// SPDX-License-Identifier: BSD-3-Clause
// FFA_ASSERT: a condition that only a bug of ours can break; on in release builds. What comes from
// a guest, an SP or the SPMC is checked, never asserted.
#pragma once

#include <cstdlib>

#define FFA_ASSERT(condition)      \
  do {                             \
    if (!(condition)) [[unlikely]] \
      std::abort();                \
  } while (false)
