// SPDX-License-Identifier: BSD-3-Clause
// One VM's stage-2 tables, as the MMU walks them: 4 KiB granule, 48-bit IPA, four levels. Nothing
// else says what a VM's IPA is: the mediator's translations are read from these tables.
#pragma once

#include <cstdint>

#include "guest/package.hpp"
#include "mediator/platform.hpp"

namespace ports::qemu {

class Stage2 {
 public:
  /// All tables there were are gone; first of all. The TLBs are the caller's business.
  static void forget_all();
  /// `vmid` from 1. Takes the root table; everything is unmapped.
  void create(uint16_t vmid);
  /// Maps a run of the VM's own. Blocks of 2 MiB where the run allows it and both addresses do. The
  /// pages between them wait for touch() if they are memory: find() sees them, the VM does not yet.
  void map(const guest::PackedRun& run);
  /// Makes a page that waits accessible: the PA; 0: none waits there.
  uint64_t touch(uint64_t ipa);
  /// Maps what a guest itself needs, beside the VM's own; find() does not see it.
  enum class Private : uint8_t { code, constants, variables, registers };
  void map_private(uint64_t ipa, uint64_t pa, uint64_t bytes, Private use);
  /// Unmaps the page; a block that holds it is split first. False: nothing is mapped there.
  bool unmap(uint64_t ipa);
  /// Takes the VM's own access to pages of its RAM away, or gives back what it had. False: nothing
  /// is done, not all of them are its RAM in the other state. What is taken away may be in a TLB
  /// until invalidate().
  bool set_access(uint64_t ipa, uint64_t pages, bool full);
  /// Maps another VM's pages, as read-only or read-write. False: something is mapped there.
  bool map_borrowed(uint64_t ipa, uint64_t pa, uint64_t pages, bool writable);
  /// Takes pages away that map_borrowed() has mapped; they may be in a TLB until invalidate().
  void unmap_borrowed(uint64_t ipa, uint64_t pages);
  [[nodiscard]] bool is_borrowed(uint64_t ipa) const;
  /// No TLB holds a translation any more that the tables do not.
  static void invalidate();
  /// Unmaps all that map() and map_borrowed() have mapped.
  void unmap_all();
  /// The extent that begins at `ipa`, at most `pages` long; kind `none` where nothing is.
  [[nodiscard]] mediator::Extent find(uint64_t ipa, uint64_t pages) const;
  /// The value of VTTBR_EL2.
  [[nodiscard]] uint64_t vttbr() const;

 private:
  uint64_t* root_ = nullptr;
  uint16_t vmid_ = 0;
};

}  // namespace ports::qemu
