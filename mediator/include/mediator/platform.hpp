// SPDX-License-Identifier: BSD-3-Clause
// The seam between the mediator and what it runs on: a hypervisor, the simulator, an image in an
// emulator. Used only by src/handlers; src/core knows nothing of it. Each operation is a yield and
// fault point in the simulator.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ffa/regs.hpp"
#include "ffa/result.hpp"
#include "ffa/types.hpp"
#include "mediator/lock.hpp"
#include "mediator/rules.hpp"

namespace mediator {

/// What stands behind an IPA in a VM's stage 2.
/// `ram_none`: RAM of the VM that it has lent or donated, so that it can't get at it.
enum class MemoryKind : uint8_t { none, ram_rw, ram_ro, device, foreign, ram_none };

/// What the stage 2 of a VM lets it do with its own pages: nothing, or what it always could.
enum class OwnerAccess : uint8_t { none, full };

/// What the stage 2 of a VM lets it do with another VM's pages that it has retrieved.
enum class BorrowerAccess : uint8_t { read_only, read_write };

/// A run of pages that is contiguous in IPA and PA and of one kind.
struct Extent {
  ffa::Pa pa{};
  ffa::PageCount pages{};
  MemoryKind kind = MemoryKind::none;
};

/// A piece of foreign memory that can be copied from and to: a VM's RX or TX buffer, or one of the
/// mediator's own two buffers towards the SPMC. Named by the platform; never a pointer.
using BufferId = ffa::Strong<struct BufferTag, uint32_t>;

/// One of the mediator's own buffers towards the SPMC.
struct OwnBuffer {
  BufferId id{};
  ffa::Pa pa{};
};
struct OwnBuffers {
  OwnBuffer tx{};
  OwnBuffer rx{};
};

enum class LogLevel : uint8_t { error, warning, info, debug };

/// The platform's operations. Statuses that it returns reach the guest unchanged unless the handler
/// says otherwise.
template <class P>
concept Platform = requires(P p, ffa::EndpointId vm, ffa::VcpuId vcpu, ffa::Ipa ipa,
                            ffa::PageCount pages, Extent extent, BufferId buffer, uint32_t offset,
                            std::span<std::byte> bytes, std::span<const std::byte> const_bytes,
                            ffa::Regs regs, const RuleTrace& rules, LockClass lock_class) {
  /// The extent that begins at `ipa`, at most `pages` long; kind `none` where nothing is mapped.
  /// Never fails.
  { p.translate(vm, ipa, pages) } -> std::same_as<Extent>;
  /// Takes a reference on each page of `extent`, which must still be what translate(vm, ipa) gave.
  /// DENIED: the mapping changed. NO_MEMORY: no more references.
  { p.pin(vm, ipa, extent) } -> std::same_as<ffa::Result<void>>;
  /// Gives back what pin() took for the pages at `ipa`.
  { p.unpin(vm, ipa, pages) } -> std::same_as<void>;
  /// Takes the VM's access to pinned pages of its RAM away, or gives back what it had. `none` may
  /// fail (NO_MEMORY), and has changed nothing then; `full` does not fail. Until tlbi(vm), vCPUs
  /// may go on with what was taken away.
  { p.set_access(vm, ipa, pages, OwnerAccess::none) } -> std::same_as<ffa::Result<void>>;
  /// Maps an extent of pinned RAM into a borrower VM at `ipa`, where nothing is mapped; there it is
  /// `foreign`. NO_MEMORY: nothing changed. DENIED: something is mapped there.
  { p.map_into(vm, ipa, extent, BorrowerAccess::read_only) } -> std::same_as<ffa::Result<void>>;
  /// Takes away what map_into() mapped in [ipa, ipa + pages). Until tlbi(vm), vCPUs may go on with
  /// it.
  { p.unmap_from(vm, ipa, pages) } -> std::same_as<void>;
  /// No vCPU of the VM holds a translation any more that set_access() or unmap_from() has taken
  /// away. Called once after a batch of them, before anybody else gets the pages.
  { p.tlbi(vm) } -> std::same_as<void>;

  /// Maps `pages` pinned pages at `ipa` for copying. NO_MEMORY.
  { p.map(vm, ipa, pages) } -> std::same_as<ffa::Result<BufferId>>;
  { p.unmap(buffer) } -> std::same_as<void>;
  { p.copy_in(buffer, offset, bytes) } -> std::same_as<void>;         ///< foreign to private
  { p.copy_out(buffer, offset, const_bytes) } -> std::same_as<void>;  ///< private to foreign
  { p.clear(buffer, offset, offset) } -> std::same_as<void>;  ///< zero [offset, offset + length)
  { p.own_buffers() } -> std::same_as<OwnBuffers>;

  /// One SMC to the secure world: x0-x17 in, x0-x17 out, in the same place.
  { p.smc(vm, regs) } -> std::same_as<void>;
  /// Virtual interrupt id `offset`. False: the vCPU is offline and gets none.
  { p.inject_irq(vm, vcpu, offset) } -> std::same_as<bool>;
  /// A vCPU whose call is Dispatch::blocked can go on. Comes once, maybe before that call returned.
  { p.wake(vm, vcpu) } -> std::same_as<void>;

  /// Takes a reference that keeps a VM alive; false: there is no such VM, or it is dying.
  { p.vm_get(vm) } -> std::same_as<bool>;
  { p.vm_put(vm) } -> std::same_as<void>;
  /// False: a continuable operation must stop here and ask to be called again.
  { p.budget_left() } -> std::same_as<bool>;
  { p.log(LogLevel::info, std::string_view{}) } -> std::same_as<void>;
  /// The rules that one guest call met: called once at the end of the call.
  { p.rules(vm, vcpu, rules) } -> std::same_as<void>;

  /// A lock: SpinLock(P&, LockClass), lock(), unlock(), annotated FFA_CAPABILITY.
  requires std::constructible_from<typename P::SpinLock, P&, LockClass>;
  /// A shared word: Atomic<T>(P&, T), load(), store(T), compare_exchange(T& expected, T desired),
  /// fetch_add(T).
  requires std::constructible_from<typename P::template Atomic<uint32_t>, P&, uint32_t>;
};

}  // namespace mediator
