// SPDX-License-Identifier: BSD-3-Clause
// What the process has allocated and not given back, in bytes, with a sanitizer's allocator too.
#pragma once

#include <malloc.h>

#include <cstddef>

#include "sim/sched/sanitizers.hpp"

#ifdef FFASIM_ASAN
#include <sanitizer/allocator_interface.h>
#endif

inline size_t memory_in_use() {
#ifdef FFASIM_ASAN
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}
