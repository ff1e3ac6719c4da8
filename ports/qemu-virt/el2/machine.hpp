// SPDX-License-Identifier: BSD-3-Clause
// The world's memory at EL2: who owns which page, the poison of fresh pages, pin counts, mapped
// buffers, and the VMs with their stage 2. Wrong uses are told to the Recorder, as the simulator's
// machine tells them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/buffer_use.hpp"
#include "guest/package.hpp"
#include "mediator/platform.hpp"
#include "ports/qemu-virt/el2/recorder.hpp"
#include "ports/qemu-virt/el2/stage2.hpp"

namespace ports::qemu {

/// How far the destruction of a VM has come. `absent`: never created, or gone.
enum class Life : uint8_t { absent, creating, running, teardown, relinquish, free };

/// Stage 2 maps [begin, end) in pieces of `size` bytes at most, and a look-up gives one of them.
struct Mappings {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t size = 0;
};

struct Vm {
  const guest::PackedVm* config = nullptr;
  Stage2 stage2;
  Life life = Life::absent;
  const guest::PackedLayout* layout = nullptr;  ///< of its present life
  std::array<Mappings, 32> mappings{};
  size_t mappings_count = 0;
  size_t creations = 0;
  uint32_t references = 0;
  uint64_t pins = 0;
  uint64_t borrowed = 0;  ///< pages of other VMs mapped into it
  uint64_t stale = 0;     ///< pages that were taken away and may be in a TLB
  bool remapped = false;  ///< a page was taken out: stale extents are no bug any more
  bool quarantined = false;
  ffa::MappedBuffers buffers{};
  bool spmc_has_buffers = false;   ///< was told of them: FFA_MSG_SEND2 does not use EL2's own TX
  std::span<std::byte> arena;      ///< the mediator's memory for it
  bool unsure_of_buffers = false;  ///< an answer has left open whether the SPMC gave them up
  [[nodiscard]] uint16_t id() const { return config->id; }
  /// Its pages are mapped.
  [[nodiscard]] bool exists() const { return life != Life::absent; }
  /// Its creation has succeeded.
  [[nodiscard]] bool lives() const { return exists() && life != Life::creating; }
};

class Machine {
 public:
  Machine(const guest::Package& package, Recorder& recorder);

  /// nullptr: the world has no such VM.
  Vm* find(uint16_t id);
  std::span<Vm> vms() { return std::span{vms_}.first(package_.vm_count); }
  /// Gives the VM the pages of its next layout.
  void add_vm(Vm& vm);
  void remove_vm(Vm& vm);
  bool remove_page(uint16_t id, uint64_t ipa);

  /// A VM's access that stage 2 has refused: true if it can be tried again, since the page was one
  /// that nobody had touched yet.
  bool touch(uint16_t id, uint64_t ipa);
  /// As a table walk answers: one mapping at most.
  mediator::Extent translate(uint16_t id, uint64_t ipa, uint64_t pages);
  bool pin(uint16_t id, uint64_t ipa, const mediator::Extent& extent);
  void unpin(uint16_t id, uint64_t ipa, uint64_t pages);
  /// False: not pinned RAM of the VM in the other state; it is told.
  bool set_access(uint16_t id, uint64_t ipa, uint64_t pages, bool full);
  /// Maps pinned pages of another VM into a borrower. False: something is mapped there, or they are
  /// no such pages, which is told.
  bool map_into(uint16_t borrower, uint64_t ipa, const mediator::Extent& extent, bool writable);
  void unmap_from(uint16_t borrower, uint64_t ipa, uint64_t pages);
  /// The TLBs forget what was taken away: all VMs' at once, one CPU runs them.
  void tlbi(uint16_t id);
  /// 0: refused.
  uint32_t map(uint16_t id, uint64_t ipa, uint64_t pages);
  void unmap(uint32_t buffer);
  void copy_in(uint32_t buffer, uint32_t offset, std::span<std::byte> to);
  /// The buffer of the VM that begins at `ipa`; 0: there is none.
  [[nodiscard]] uint32_t buffer_at(uint16_t id, uint64_t ipa) const;
  /// Whether it is the TX that a VM has said to be its own.
  [[nodiscard]] bool is_tx(uint32_t buffer, uint16_t id);
  void copy_out(uint32_t buffer, uint32_t offset, std::span<const std::byte> from);
  void clear(uint32_t buffer, uint32_t offset, uint32_t length);
  [[nodiscard]] mediator::OwnBuffers own_buffers() const;
  [[nodiscard]] uint32_t mapped_buffers(uint16_t id) const;

  /// True if a vCPU of the VM could read all of it.
  bool is_readable(uint16_t id, uint64_t ipa, uint64_t length);
  /// Copies what is_readable() has said yes to.
  void read(uint16_t id, uint64_t ipa, std::span<std::byte> to);

 private:
  static constexpr size_t max_buffers = 64;
  static constexpr size_t max_buffer_pages = 64;
  struct Buffer {
    uint32_t id = 0;  ///< 0: a free place
    bool own = false;
    uint16_t vm = 0;
    uint64_t ipa = 0;
    uint64_t pages = 0;
    std::array<uint64_t, max_buffer_pages> pa{};
  };
  /// Per page of the world's RAM. `owner` as canaries carry it.
  struct Page {
    uint16_t owner;
    uint16_t pins;
    uint16_t borrowed;  ///< mappings in borrower VMs
    bool bare;          ///< its canaries are still to be written, when somebody touches it
  };

  [[nodiscard]] const guest::PackedLayout& layout_of(const Vm& vm) const;
  Buffer* find_buffer(uint32_t id);
  bool add_own_buffer(uint64_t pa);
  bool buffer_maps(uint16_t id, uint64_t ipa) const;
  Page& page_at(uint64_t pa);
  void give(uint64_t pa, uint64_t pages, uint16_t owner);
  /// Before anybody reads or writes: what a page holds is written when it is touched first.
  void fill(uint64_t pa, uint64_t pages);
  bool is_ours(uint64_t pa, uint64_t bytes) const;
  void record_quarantine(const Vm& vm);
  template <class Access>
  bool copy(uint32_t buffer, uint32_t offset, size_t length, const char* what, Access access);

  const guest::Package& package_;
  Recorder& recorder_;
  std::array<Vm, guest::package_max_vms> vms_{};
  std::array<Buffer, max_buffers> buffers_{};
  uint32_t next_buffer_ = 1;
};

}  // namespace ports::qemu
