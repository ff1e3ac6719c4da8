// SPDX-License-Identifier: BSD-3-Clause
// What the emulator's functions return, where nothing but a mistake of ours or of its can be wrong.
#pragma once

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <stdexcept>

namespace sim::emulator {

inline void must(uc_err error, const char* what) {
  if (error != UC_ERR_OK)
    throw std::runtime_error(fmt::format("Unicorn: {}: {}", what, uc_strerror(error)));
}

}  // namespace sim::emulator
