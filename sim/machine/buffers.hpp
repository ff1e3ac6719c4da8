// SPDX-License-Identifier: BSD-3-Clause
// The buffers that the mediator has mapped for copying: its own two, and the RX and TX buffers of
// VMs. There is no memory before or behind a mapped buffer: an access that leaves it is reported
// and not done.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/machine/stage2.hpp"

namespace sim {

struct MappedBuffer {
  std::optional<uint16_t> vm;  ///< nothing: the mediator's own
  uint64_t ipa_page = 0;       ///< of the VM; the mediator's own: PA page
  uint64_t pages = 0;
  std::vector<Stage2::Run> runs;
  [[nodiscard]] uint64_t bytes() const { return pages * 4096; }
};

class Buffers {
 public:
  static constexpr uint32_t own_tx = 1;
  static constexpr uint32_t own_rx = 2;

  /// Numbers count up and are never used again, so that a stale one is found out.
  uint32_t add(MappedBuffer buffer);
  bool remove(uint32_t id) { return buffers_.erase(id) != 0; }
  [[nodiscard]] const MappedBuffer* find(uint32_t id) const;
  /// True if one of the VM's pages in [ipa_page, ipa_page + pages) is mapped.
  [[nodiscard]] bool maps(uint16_t vm, uint64_t ipa_page, uint64_t pages) const;
  [[nodiscard]] uint32_t count(uint16_t vm) const;
  void remove_all(uint16_t vm);

 private:
  std::map<uint32_t, MappedBuffer> buffers_;
  uint32_t next_ = own_tx;
};

}  // namespace sim
