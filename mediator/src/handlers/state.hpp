// SPDX-License-Identifier: BSD-3-Clause
// The mediator's state: one MediatorState, one VmContext per VM, one CallContext per call. Every
// handler gets a CallContext and finds the rest through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/access.hpp"
#include "core/arena.hpp"
#include "core/bindings.hpp"
#include "core/call_table.hpp"
#include "core/creation.hpp"
#include "core/guest_registers.hpp"
#include "core/notifications.hpp"
#include "core/partition_table.hpp"
#include "core/rx_state.hpp"
#include "core/spmc_features.hpp"
#include "core/teardown.hpp"
#include "core/vm_dialogue.hpp"
#include "core/vm_memory.hpp"
#include "core/vm_version.hpp"
#include "ffa/types.hpp"
#include "ffa/wire/message.hpp"
#include "handlers/handle_counts.hpp"
#include "handlers/vm_table.hpp"
#include "mediator/limits.hpp"
#include "mediator/lock.hpp"
#include "mediator/platform.hpp"
#include "mediator/rules.hpp"

namespace mediator {

/// The one request of a vCPU that its receiver has begun and not answered: FFA_INTERRUPT or
/// FFA_YIELD came back, FFA_RUN goes on. Touched by that vCPU's calls only, whatever processor they
/// come from. [DEN0077A 1.2 §8.4]
struct OutstandingRequest {
  bool active = false;
  ffa::EndpointId receiver{};
  ffa::VcpuId context{};  ///< its execution context, as FFA_RUN must name it
  DirectKind kind = DirectKind::plain;
};

/// What belongs to one vCPU. Only its own calls use it, so no lock, but for the dialogue.
template <Platform P>
struct VcpuState {
  using Word = typename P::template Atomic<uint32_t>;
  explicit VcpuState(P& platform) : calls_ended(platform, 0) {}

  bool blocked = false;      ///< its call waits, and is made again
  uint32_t calls_begun = 0;  ///< written under the lock of the VM table
  Word calls_ended;
  OutstandingRequest request;
  VmDialogue dialogue;  ///< under message_lock
  /// Private copy of a message: max_rxtx_pages pages, and a header that may be made longer.
  std::span<std::byte> message;
};

/// RX and TX buffer of a VM. What is not atomic is written by FFA_RXTX_MAP and UNMAP, which hold
/// the TX claim while RX is `unmapped`, and read by whoever holds that claim or the RX in
/// `producing`, who alone writes `rx_unreturned`. Pages that the SPMC keeps stay in it when the
/// buffers are unmapped.
template <Platform P>
struct VmBuffers {
  explicit VmBuffers(P& platform)
      : rx(platform, static_cast<uint32_t>(RxState::unmapped)),
        tx(platform, static_cast<uint32_t>(TxState::unmapped)) {}

  typename P::template Atomic<uint32_t> rx;  ///< RxState
  typename P::template Atomic<uint32_t> tx;  ///< TxState
  BufferId rx_buffer{};
  BufferId tx_buffer{};
  ffa::Ipa rx_ipa{};
  ffa::Ipa tx_ipa{};
  ffa::PageCount pages{};          ///< of each
  RangeIndex rx_range = no_range;  ///< its entry in the ownership map
  RangeIndex tx_range = no_range;
  bool rx_unreturned = false;  ///< the SPMC did not take RX back, and counts it as taken

  [[nodiscard]] uint32_t size_bytes() const {
    return static_cast<uint32_t>(pages.raw() * ffa::page_size);
  }
};

/// Everything about one VM with TEE type ffa. Lives in the VM's arena.
template <Platform P>
struct VmContext {
  using SpinLock = typename P::SpinLock;

  /// Bytes of arena that a VM of this configuration needs.
  static size_t bytes(const MediatorConfig& mediator, const VmConfig& vm) {
    return Arena::bytes<VmContext>() + VmMemory::bytes(vm) + Arena::bytes<VcpuState<P>>(vm.vcpus) +
           vm.vcpus * Arena::bytes<std::byte>(message_bytes(vm)) +
           VmNotifications::bytes(vm.vcpus) + PartitionSet::bytes(mediator.max_partitions);
  }
  VmContext(P& platform, const MediatorConfig& mediator, const VmConfig& vm,
            const CallSwitches& its_switches, const SpmcFeatures& spmc, Arena& arena)
      : config(vm),
        switches(its_switches),
        calls(vm.aarch64, spmc, its_switches),
        state_lock(platform, LockClass::vm_state),
        memory_lock(platform, LockClass::vm_memory),
        version_word(platform, 0),
        access(vm),
        buffers(platform),
        memory(vm, arena),
        notifications(vm.vcpus, arena),
        vcpus(arena.make_array<VcpuState<P>>(vm.vcpus, platform)),
        told_created(mediator.max_partitions, arena) {
    for (VcpuState<P>& vcpu : vcpus) vcpu.message = arena.make_array<std::byte>(message_bytes(vm));
  }
  static constexpr size_t message_bytes(const VmConfig& vm) {
    return vm.max_rxtx_pages * ffa::page_size + sizeof(ffa::wire::PartitionMessageV1_2);
  }

  [[nodiscard]] ffa::EndpointId id() const { return config.id; }
  [[nodiscard]] VersionWord version() { return VersionWord{version_word.load()}; }
  /// True if a call of the VM is under way. It is `dying`, so none begins any more.
  [[nodiscard]] bool is_calling() const {
    for (const VcpuState<P>& vcpu : vcpus) {
      if (vcpu.calls_ended.load() != vcpu.calls_begun) return true;
    }
    return false;
  }

  const VmConfig config;
  const CallSwitches switches;
  const OfferedCalls calls;
  uint32_t incarnation = 0;                            ///< that of its slot
  SpinLock state_lock;                                 ///< class vm_state: version, notifications
  SpinLock memory_lock;                                ///< class vm_memory
  typename P::template Atomic<uint32_t> version_word;  ///< VersionWord; written under state_lock
  const Access access;
  VmBuffers<P> buffers;
  VmMemory memory FFA_GUARDED(memory_lock);
  Bindings bindings FFA_GUARDED(state_lock);  ///< to SPs
  VmNotifications notifications FFA_GUARDED(state_lock);
  std::span<VcpuState<P>> vcpus;
  Creation creation;          ///< of the one caller of domain_init()
  Teardown teardown;          ///< of the one caller of domain_teardown()
  PartitionSet told_created;  ///< SPs that know of this VM
  bool has_bitmap = false;    ///< the SPMC holds its notification bitmap
  /// An answer has left open whether the SPMC has RX and TX: it may say that there are none.
  bool buffers_unsure = false;
  /// Unmapped, or about to be, but the SPMC does not let them go: their pages stay pinned.
  bool buffers_kept = false;
  /// It ends, and an SP has not come to the end of what it does for it: given up.
  bool request_kept = false;
};

/// The way to the SPMC and what is known of it. Constant after probe(), but for the TX page.
template <Platform P>
struct SpmcLink {
  explicit SpmcLink(P& platform) : tx_lock(platform, LockClass::spmc_tx) {}

  bool usable = false;
  bool has_notifications = false;
  ffa::Version version{};  ///< spoken with the SPMC: layouts of what is sent
  ffa::EndpointId id{ffa::spmc_default_id};
  SpmcFeatures features;
  OwnBuffers buffers{};
  uint32_t buffer_bytes = 0;     ///< of each of the own buffers
  typename P::SpinLock tx_lock;  ///< class spmc_tx: the claim of the TX page
};

/// The whole mediator.
template <Platform P>
class MediatorState {
 public:
  using Word = typename P::template Atomic<uint32_t>;

  static size_t bytes(const MediatorConfig& config) {
    return Arena::bytes<MediatorState>() + PartitionTable::bytes(config.max_partitions) +
           Arena::bytes<Word>(config.max_partitions) + HandleCounts<P>::bytes() +
           VmTable<P>::bytes(config);
  }
  MediatorState(P& the_platform, const MediatorConfig& the_config, Arena& arena)
      : platform(the_platform),
        config(the_config),
        spmc(the_platform),
        message_lock(the_platform, LockClass::vm_messages),
        partitions(the_config.max_partitions, arena),
        gone(arena.make_array<Word>(the_config.max_partitions, platform, 0U)),
        handles(the_platform, arena),
        vms(the_platform, the_config, arena) {}

  /// One SMC on behalf of `vm`: the answer.
  [[nodiscard, gnu::always_inline]] ffa::Regs smc(ffa::EndpointId vm, const ffa::Regs& request) {
    ffa::Regs regs = request;
    platform.smc(vm, regs);
    return regs;
  }

  P& platform;
  const MediatorConfig config;
  SpmcLink<P> spmc;
  typename P::SpinLock message_lock;  ///< class vm_messages: every VmDialogue
  PartitionTable partitions;          ///< SPs; constant after probe()
  std::span<Word> gone;               ///< of each entry of `partitions`, not 0: the SP aborted
  HandleCounts<P> handles;            ///< of all shares that have one
  VmTable<P> vms;
};

/// Which of the calls that not every VM has this one has. Fragments need a handle that the SPMC
/// knows before it has the whole descriptor.
template <Platform P>
CallSwitches switches_of(const MediatorState<P>& mediator, const VmConfig& vm) {
  const FragmentHandles handles = mediator.config.fragment_handles;
  const bool known =
      handles == FragmentHandles::preset ||
      (handles == FragmentHandles::streamed && mediator.spmc.features.has(ffa::Fid::mem_frag_tx));
  return {.spmc = mediator.spmc.usable,
          .fragments = known && vm.max_transfers != 0,
          .lends = vm.lends && !vm.overlapping_shares,
          .borrows = vm.borrows(),
          .peers = Access{vm}.names_vms()};
}

/// True if the VM's buffers are the SPMC's to fill, too. Never changes after FFA_RXTX_MAP, since
/// the version is frozen by then. Before 1.1 a VM has no messages that an SP could send.
template <Platform P>
bool shares_buffers(const MediatorState<P>& mediator, VmContext<P>& vm) {
  return has_vm_buffers(mediator.spmc.features) && vm.version().version() >= ffa::v1_1;
}

/// True if a VM has notifications: the SPMC's, or those of other VMs.
template <Platform P>
bool has_notifications(const MediatorState<P>& mediator, const VmContext<P>& vm) {
  return provides(mediator.spmc.features, vm.switches, Need::notifications, 0);
}

/// True if FF-A is there for the VM: without an SPMC, for the sake of other VMs.
template <Platform P>
bool has_ffa(const VmContext<P>& vm) {
  return vm.switches.has_ffa();
}

/// How a handler ended: the guest has its reply, or why there is none.
using Reply = Outcome<void>;

/// One call of a vCPU that negotiated a version.
template <Platform P>
struct CallContext {
  MediatorState<P>& mediator;
  VmContext<P>& vm;
  ffa::VcpuId vcpu;      ///< below vm.config.vcpus
  VcpuState<P>& state;   ///< of the vCPU
  ffa::Version version;  ///< of the VM, frozen
  /// As the guest gave them, up to reply(): decode() drops what SMC32 does not carry.
  ffa::Regs& regs;
  RuleTrace& rules;

  /// True if the VM can make the call with this function id, which is in FF-A's range.
  [[nodiscard]] bool offers(ffa::FunctionId id) const { return vm.calls.has(id, version); }
  /// The last thing that a handler does: writes the reply over what the guest gave.
  [[gnu::always_inline]] Reply reply(const ffa::Regs& answer) const {
    put_reply(regs, answer, version);
    return {};
  }
  [[nodiscard]] P& platform() const { return mediator.platform; }
  [[nodiscard]] VcpuState<P>& vcpu_state() const { return state; }
  /// One SMC on behalf of the VM. No lock but the claim of the SPMC-facing TX page may be held.
  [[nodiscard, gnu::always_inline]] ffa::Regs smc(const ffa::Regs& request) const {
    return mediator.smc(vm.id(), request);
  }
};

}  // namespace mediator
