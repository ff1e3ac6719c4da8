// SPDX-License-Identifier: BSD-3-Clause
// The software SPMC: the secure world's side of every ABI that the mediator uses, with its SPs.
// Freestanding, no heap, an independent oracle: ids and statuses come from ffa/, descriptors are
// read by offset tables of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ffa/regs.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"
#include "spmc-model/limits.hpp"
#include "spmc-model/optee.hpp"
#include "spmc-model/personality.hpp"

namespace spmc_model {

/// How the SPMC reaches physical memory. Non-secure addresses only unless the model owns them.
/// What an SP does in a context while it serves a request that interrupts of the normal world stop.
struct SpWork {
  ffa::EndpointId sp;
  uint16_t context = 0;
  bool resumed = false;  ///< it was stopped before and goes on
  bool to_end = false;   ///< nothing stops it any more
};

class PhysicalMemory {
 public:
  /// False: no memory there, or not accessible from the secure world; nothing was copied.
  virtual bool read(ffa::Pa from, std::span<std::byte> to) = 0;
  virtual bool write(ffa::Pa to, std::span<const std::byte> from) = 0;
  /// True: the page is non-secure RAM.
  virtual bool is_normal_ram(ffa::Pa page) = 0;
  /// The SPMC pends the schedule receiver interrupt in the normal world.
  virtual void raise_schedule_receiver_interrupt() = 0;
  /// The SP works. True: an interrupt has stopped it. A machine without interrupts takes the test's
  /// word that one comes.
  virtual bool works_until_stopped(const SpWork& work) { return !work.to_end; }

 protected:
  ~PhysicalMemory() = default;
};

/// SPs that are programs, run by somebody else. An SP runs in one context.
class SpPrograms {
 public:
  /// The SP goes on, with these in x0-x17, until its next SMC: x0-x17 of that. nullptr: from where
  /// it was interrupted, with what it had. Not an SMC of its own: FFA_INTERRUPT, it was
  /// interrupted; FFA_ABORT, it can't go on.
  virtual ffa::Regs run(ffa::EndpointId sp, const ffa::Regs* in) = 0;
  /// Its memory, by its own addresses. False: it has none there.
  virtual bool read(ffa::EndpointId sp, uint64_t from, std::span<std::byte> to) = 0;
  virtual bool write(ffa::EndpointId sp, uint64_t to, std::span<const std::byte> from) = 0;
  /// What FFA_CONSOLE_LOG prints.
  virtual void print(ffa::EndpointId sp, char c) = 0;

 protected:
  ~SpPrograms() = default;
};

/// `image`: one of SpPrograms.
enum class SpKind : uint8_t { echo, memory_user, optee, notifier, image };

/// What stops an SP in a request. FFA_RUN goes on after the first two. `managed_exit`: the SP saves
/// its state and answers that it is not done; the VM's next request to it goes on.
enum class StopKind : uint8_t { interrupt, yield, managed_exit };

struct SpConfig {
  ffa::EndpointId id{0x8001};
  SpKind kind = SpKind::echo;
  ffa::Uuid uuid{};
  uint16_t contexts = 1;    ///< requests at once, max_contexts at most
  uint32_t properties = 0;  ///< property bits of its partition information
  optee::Config service{};  ///< only of kind optee
};

/// What an SP of any kind advertises unless its configuration says otherwise: direct requests
/// both ways, wants to be told of created and destroyed VMs, AArch64. Bit 9 (DIRECT_REQ2) is left
/// out, as OP-TEE does.
inline constexpr uint32_t default_properties = 0x1c3;

struct SpmcConfig {
  Personality personality{};
  std::span<const SpConfig> sps;
  std::span<const uint32_t> missing_functions;  ///< function ids answered NOT_SUPPORTED
  uint32_t ranges = default_ranges;             ///< address ranges over all regions, 16 bytes each
  SpPrograms* programs = nullptr;               ///< SPs of kind image need it
};

/// What a checker may see of a live transaction.
struct RegionFacts {
  ffa::Handle handle{};
  ffa::EndpointId sender{};
  uint64_t pages = 0;
  uint32_t ranges = 0;
  uint32_t retrieved_by = 0;  ///< number of borrowers that hold it now
  bool complete = false;      ///< all fragments arrived
  bool lent = false;
  bool writable = false;    ///< some borrower may write
  bool owner_gone = false;  ///< its VM was destroyed; only a reclaim is left
};

/// The buffers that the SPMC holds for a VM, page by page; without pages: none.
struct VmBufferFacts {
  ffa::EndpointId vm{};
  std::span<const ffa::Pa> rx;
  std::span<const ffa::Pa> tx;
};

/// The state lies in `SpmcStorage`, a plain struct without constructor work, so that it can stand
/// in .bss.
struct SpmcStorage;

class Spmc {
 public:
  static constexpr size_t max_sps = spmc_model::max_sps;
  /// Storage for any configuration of so many ranges; no other memory is used.
  static size_t storage_bytes(uint32_t ranges = default_ranges);
  /// nullptr: the storage is too small, or the configuration has too many SPs or missing functions,
  /// an SP twice, an SP whose id is not secure or a
  /// service without threads or sessions or with more than there may be. The storage need not be
  /// aligned; it is overwritten, where the ranges lie only as they come. `memory` must outlive the
  /// SPMC.
  static Spmc* create(std::span<std::byte> storage, const SpmcConfig& config,
                      PhysicalMemory& memory);

  /// SPs that are programs run until they wait for their first request. False: one can't.
  bool boot_programs();

  /// One SMC from the hypervisor (or, without one, the OS): x0-x17 in, x0-x17 out.
  ffa::Regs smc(const ffa::Regs& in);

  /// Test control: the SP sets notifications for a VM, global ones or those of one vCPU; pends the
  /// SRI as the personality does. The status is what the SP would have got.
  ffa::Status set_notification(ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap,
                               std::optional<uint16_t> vcpu = {});
  /// Test control: the SPM itself sets framework notifications of a VM. INVALID_PARAMETERS: the VM
  /// has no bitmap.
  ffa::Status set_framework_notification(ffa::EndpointId vm, uint32_t bitmap);
  /// Test control: what the SP answers to the next `count` VM_CREATED or VM_DESTROYED messages.
  /// A status other than success leaves the SP's knowledge of the VM as it was.
  void answer_vm_messages(ffa::EndpointId sp, ffa::Status status, uint32_t count);
  /// Test control: the next `count` direct requests find the SP busy.
  void answer_busy(ffa::EndpointId sp, uint32_t count);

  /// Test control: the next request or VM message is stopped `times` times before it is
  /// answered; a managed exit is of requests only.
  void preempt(ffa::EndpointId sp, uint32_t times, StopKind how);

  /// Test control: the send with this handle of which fragments are still to come is forgotten, as
  /// one is whose fragment was refused. Without such a send nothing.
  void drop_send(ffa::Handle handle);

  /// Test control: the SP aborts, as if it had called FFA_ABORT. Without such an SP nothing.
  void abort(ffa::EndpointId sp);

  /// Facts for checkers. Regions include those still being sent in fragments.
  /// `index` is the place in the order of handles.
  [[nodiscard]] size_t regions() const;
  [[nodiscard]] RegionFacts region(size_t index) const;
  /// Range `range` of region `index`: physical address and pages.
  void region_range(size_t index, uint32_t range, ffa::Pa& pa, ffa::PageCount& pages) const;
  /// What a slot below max_vms holds; slots in use may lie anywhere.
  [[nodiscard]] VmBufferFacts vm_buffer(size_t slot) const;
  [[nodiscard]] bool knows_vm(ffa::EndpointId vm) const;
  /// What the SP may do with a page of non-secure memory, because of what it has retrieved: 0
  /// nothing, 1 read, 2 write, too.
  [[nodiscard]] unsigned sp_access(ffa::EndpointId sp, ffa::Pa page) const;
  /// True: the SP has called FFA_ABORT, and does nothing any more.
  [[nodiscard]] bool has_aborted(ffa::EndpointId sp) const;
  [[nodiscard]] bool has_bitmap(ffa::EndpointId vm) const;
  /// True: the SPMC may write the RX buffer, that is, it is mapped and not owned by the normal
  /// world.
  [[nodiscard]] bool owns_hypervisor_rx() const;
  /// RX of the VM holds a message of an SP that it has not given back.
  [[nodiscard]] bool has_filled_rx(ffa::EndpointId vm) const;
  [[nodiscard]] uint64_t bound_notifications(ffa::EndpointId vm) const;
  /// For the VM or any of its vCPUs.
  [[nodiscard]] uint64_t pending_notifications(ffa::EndpointId vm) const;
  /// The pages between an SP and the SPMC: what it asked last, and what it was answered. Empty: no
  /// such SP.
  [[nodiscard]] std::span<const std::byte> sp_tx(ffa::EndpointId sp) const;
  [[nodiscard]] std::span<const std::byte> sp_rx(ffa::EndpointId sp) const;
  /// The version that governs the layout of what the normal world sends.
  [[nodiscard]] ffa::Version normal_world_version() const;

 private:
  SpmcStorage* s_ = nullptr;
};

}  // namespace spmc_model
