// SPDX-License-Identifier: BSD-3-Clause
// Which registers of a call hold what was loaded from memory that nobody had written. Such a value
// may be moved, changed and stored; nothing may come to depend on it, and nobody outside may see
// it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sim/unicorn/windows.hpp"

namespace sim::unicorn {

class FreshValues {
 public:
  [[nodiscard]] bool any() const { return registers_ != 0; }
  void clear() { registers_ = 0; }

  /// Before an instruction is done.
  std::optional<Finding> step(uint32_t word, uint64_t nzcv);
  /// Access number `n` of this load has found fresh memory.
  void load(uint32_t word, uint32_t n, uint64_t address);
  /// Access number `n` of this store has a fresh value.
  [[nodiscard]] bool stores(uint32_t word, uint32_t n) const;
  /// x0 to x(count-1) go outside; they come back with other values.
  std::optional<Finding> leave(uint32_t count, const char* where);
  /// Other values are in x0 to x(count-1).
  void set(uint32_t count) { registers_ &= ~((1U << count) - 1); }

 private:
  std::optional<Finding> use(uint32_t registers, const char* what);

  uint32_t registers_ = 0;
  std::array<uint64_t, 31> origins_{};  // where each was loaded from
};

}  // namespace sim::unicorn
