// SPDX-License-Identifier: BSD-3-Clause
// The memory of the emulated machine, as the host holds it: the image's segments, stacks for calls,
// and a heap that the mediator and its VMs get their memory from. Guests' memory is not in it: the
// image reaches that by operations only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/unicorn/image.hpp"
#include "sim/unicorn/pages.hpp"
#include "sim/unicorn/shadow.hpp"

namespace sim::unicorn {

struct Region {
  uint64_t address = 0;
  bool writable = false;
  bool executable = false;
  Pages pages;
};

class Memory {
 public:
  /// `shadowed`: it is noted which bytes of stacks and heap are whose, and which were written.
  explicit Memory(const Image& image, bool shadowed = false);

  /// In the order of their addresses; a stack appears when it is made.
  [[nodiscard]] const std::map<uint64_t, Region>& regions() const { return regions_; }
  /// Between two worlds: the image's data as the file has it, and no trace of earlier calls on the
  /// stacks, so that nothing depends on what ran before.
  void restore();

  /// The bytes at an address, if all of them are the image's; `writable`: and it may write them.
  [[nodiscard]] std::byte* find(uint64_t address, uint64_t bytes, bool writable) const;
  /// The text at an address up to a zero or to 255 characters; empty where nothing is.
  [[nodiscard]] std::string text(uint64_t address) const;

  /// The address behind a new stack, filled like memory for a mediator, or 0 if there are too many.
  uint64_t add_stack();
  /// A call begins on the stack that ends there; restore() has to clear it.
  void use_stack(uint64_t top);
  /// The most that any of the stacks has held since the last restore(), in bytes.
  [[nodiscard]] uint64_t deepest_stack() const;

  /// Memory for a mediator or a VM: 64-byte aligned, filled with a pattern, with a border on both
  /// sides. 0 if there is no room.
  uint64_t allocate(uint64_t bytes);
  void release(uint64_t address);
  /// The address of a byte of the heap that lies there on the host.
  [[nodiscard]] std::optional<uint64_t> heap_address(const void* place) const;
  /// False: something was written right before or behind it.
  [[nodiscard]] bool border_intact(uint64_t address) const;

  /// nullptr: none is kept.
  [[nodiscard]] Shadow* shadow() { return shadow_ ? &*shadow_ : nullptr; }

 private:
  Region& add(uint64_t address, uint64_t bytes, bool writable, bool executable);

  const Image& image_;
  std::optional<Shadow> shadow_;
  std::map<uint64_t, Region> regions_;
  std::map<uint64_t, uint64_t> blocks_;  // of the heap: address and bytes, without borders
  uint64_t stacks_ = 0;
  std::set<uint64_t> used_stacks_;  // by their ends
};

}  // namespace sim::unicorn
