// SPDX-License-Identifier: BSD-3-Clause
// The simulated machine's memory: sparse physical pages with an owner each, a stage 2 per VM, pin
// counts, mapped buffers with guards. Hostile on purpose: fresh pages hold poison that tells their
// owner, and every wrong use is reported.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mediator/platform.hpp"
#include "sim/engine/world_spec.hpp"

namespace sim {

/// Who owns a physical page: a VM's id, or one of these.
enum class PageOwner : uint32_t {
  none = 0x10000,
  hypervisor,
  secure,
  device,
  stranger,
  quarantined  ///< of a dead VM, still held by the secure world
};
constexpr PageOwner owned_by(uint16_t vm) { return static_cast<PageOwner>(vm); }

struct Pinned {
  uint64_t ipa = 0;
  uint64_t pages = 0;
  uint32_t count = 0;
};

class Machine {
 public:
  /// `report` is told of every wrong use: text for people, that begins with "I05: " where an
  /// invariant is broken. Throws InputError where the spec does not fit the RAM.
  Machine(const WorldSpec& spec, std::function<void(const std::string&)> report);
  ~Machine();

  // Stage 2.
  mediator::Extent translate(uint16_t vm, uint64_t ipa, uint64_t pages) const;
  /// The same as if the VM had lent and donated nothing.
  mediator::Extent translate_own(uint16_t vm, uint64_t ipa, uint64_t pages) const;
  /// Takes the page out of the VM's stage 2 (balloon). False: refused, it is pinned.
  bool remove_page(uint16_t vm, uint64_t ipa);
  /// A digest of the VM's whole stage 2: equal digests, equal mappings.
  uint64_t stage2_digest(uint16_t vm) const;
  void add_vm(const VmSpec& vm);
  /// Gives the VM's pages back to the allocator, quarantined ones excepted; reports pages still
  /// pinned.
  void remove_vm(uint16_t vm);
  bool has_vm(uint16_t vm) const;

  /// Takes the VM's own access to pinned pages away, or gives it back. False: they are not pinned
  /// RAM of the VM in the other state, which is reported.
  bool set_access(uint16_t vm, uint64_t ipa, uint64_t pages, bool full);
  uint64_t withdrawn_pages(uint16_t vm) const;  ///< pages to which the VM has no access

  /// Maps pinned pages of another VM into a borrower. False: something is mapped there, or they are
  /// no pinned pages of another VM, which is reported.
  bool map_into(uint16_t borrower, uint64_t ipa, const mediator::Extent& extent, bool writable);
  /// Takes pages away that map_into() has mapped; anything else is reported.
  void unmap_from(uint16_t borrower, uint64_t ipa, uint64_t pages);
  uint64_t borrowed_pages(uint16_t vm) const;
  /// The VM's TLBs forget what was taken away. Until then its vCPUs get at it: they take each
  /// translation for cached that stage 2 has ever given.
  void tlbi(uint16_t vm);
  uint64_t stale_pages(uint16_t vm) const;  ///< taken away, and not invalidated yet

  // Pins. false: the mapping at `ipa` is not (any more) that extent, or not RAM.
  bool pin(uint16_t vm, uint64_t ipa, const mediator::Extent& extent);
  void unpin(uint16_t vm, uint64_t ipa, uint64_t pages);
  uint64_t pinned_pages(uint16_t vm) const;     ///< sum of the pin counts
  std::vector<Pinned> pins(uint16_t vm) const;  ///< sorted by ipa, merged
  /// Pinned pages never return to the allocator: which ones, by IPA.
  std::vector<uint64_t> quarantine(uint16_t vm);

  // Buffers mapped by the mediator. 0: refused (nothing mapped there, or not pinned: reported).
  uint32_t map(uint16_t vm, uint64_t ipa, uint64_t pages);
  void unmap(uint32_t buffer);
  void copy_in(uint32_t buffer, uint32_t offset, std::span<std::byte> to);
  void copy_out(uint32_t buffer, uint32_t offset, std::span<const std::byte> from);
  mediator::OwnBuffers own_buffers() const;
  /// The VM whose buffer it is; nothing: one of the mediator's own two, or not mapped.
  std::optional<uint16_t> vm_of_buffer(uint32_t buffer) const;
  /// The page of PA in which this byte of a buffer lies; nothing: outside, or not mapped.
  std::optional<uint64_t> page_of_buffer(uint32_t buffer, uint32_t offset) const;
  uint32_t mapped_buffers(uint16_t vm) const;

  // Memory. By IPA as the guest's vCPU would (false: stage-2 fault), by PA as any master would
  // (false: nothing there).
  bool read_ipa(uint16_t vm, uint64_t ipa, std::span<std::byte> to) const;
  /// How many writes by vCPUs there were.
  uint64_t guest_writes() const;
  bool write_ipa(uint16_t vm, uint64_t ipa, std::span<const std::byte> from);
  bool read_pa(uint64_t pa, std::span<std::byte> to) const;
  bool write_pa(uint64_t pa, std::span<const std::byte> from);
  /// For who runs a vCPU outside: the page at an IPA as that vCPU reaches it, 4 KiB. Nothing: a
  /// stage-2 fault. Valid as long as page_views() stays what it was.
  struct PageView {
    std::byte* bytes;
    bool writable;
    uint64_t pa;
  };
  std::optional<PageView> view_page(uint16_t vm, uint64_t ipa);
  /// The same of normal memory by PA, writable.
  std::optional<PageView> view_frame(uint64_t pa);
  /// How often what view_page() says may have changed.
  uint64_t page_views() const;
  /// A vCPU may have written into pages that it views, by PA.
  void wrote_pages(std::span<const uint64_t> pas);
  PageOwner owner(uint64_t pa) const;
  /// The first of these pages that belongs to neither of two owners; nothing: there is none.
  std::optional<uint64_t> find_other(uint64_t pa, uint64_t pages,
                                     std::array<PageOwner, 2> owners) const;
  /// Digest over all RAM contents of an owner, for failure atomicity and non-interference.
  uint64_t memory_digest(PageOwner owner) const;

  /// Keeps the state that the machine is in; restore() brings it back, any number of times.
  void keep();
  void restore();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim
