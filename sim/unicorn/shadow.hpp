// SPDX-License-Identifier: BSD-3-Clause
// What each byte of the image's stacks and heap is: none of the image's, its own and never written,
// or written.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/unicorn/image.hpp"
#include "sim/unicorn/pages.hpp"
#include "sim/unicorn/windows.hpp"

namespace sim::unicorn {

enum class ByteState : uint8_t { not_its_own = 0, fresh, written };

class Shadow {
 public:
  Shadow();
  void set(uint64_t address, uint64_t bytes, ByteState state);
  /// A load or store of the image. Addresses outside of stacks and heap are the emulator's
  /// business. `fresh`, of a load: all of it was never written; of a store: nor was what is stored.
  std::optional<Finding> load(uint64_t address, uint32_t bytes, bool& fresh) const;
  std::optional<Finding> store(uint64_t address, uint32_t bytes, bool fresh);

 private:
  [[nodiscard]] uint8_t* at(uint64_t address, uint64_t bytes) const;
  Pages states_;  // from the first stack to the end of the heap
};

}  // namespace sim::unicorn
