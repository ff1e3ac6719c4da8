// SPDX-License-Identifier: BSD-3-Clause
// The public face of the mediator: what a hypervisor calls. The product instantiates
// Mediator<ItsPlatform> in one file, the only one that includes mediator/instantiate.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/regs.hpp"
#include "ffa/result.hpp"
#include "ffa/types.hpp"
#include "mediator/limits.hpp"
#include "mediator/observe.hpp"
#include "mediator/platform.hpp"

namespace mediator {

enum class Conduit : uint8_t { smc, hvc };

/// Whether the dispatcher took a call or hands it on (PSCI, vendor services, …). `blocked`: the
/// call waits for another VM, and its registers are as they were. The vCPU is not run until
/// Platform::wake(); then it makes the same call once more, which gets the answer. Made before, for
/// an interrupt of the vCPU, it ends with FFA_INTERRUPT.
enum class Dispatch : uint8_t { not_mine, handled, blocked };

/// Progress of a resumable operation: call again until it is `done` or `quarantined`.
enum class Progress : uint8_t {
  done,
  restart,      ///< the budget is used up
  quarantined,  ///< finished, but the SPMC would not give pages back: they must never reach a VM
  later         ///< refused for now, or a call of a VM is under way: let others run first
};

/// True if the operation has not ended.
constexpr bool goes_on(Progress progress) {
  return progress == Progress::restart || progress == Progress::later;
}

template <Platform P>
class MediatorState;

/// One mediator. All state lies in the memory handed over; several may live in one process.
template <Platform P>
class Mediator {
 public:
  /// Bytes of memory that a mediator of this configuration needs, a multiple of 64.
  static size_t memory_needed(const MediatorConfig& config);
  /// Bytes that one VM needs, a multiple of 64.
  static size_t memory_needed(const MediatorConfig& config, const VmConfig& vm);

  /// Builds the mediator in `memory` (memory_needed(config) bytes, 64-byte aligned). nullptr:
  /// memory too small, or a configuration that can't be served.
  static Mediator* create(P& platform, const MediatorConfig& config, std::span<std::byte> memory);

  /// Boot: negotiates with the SPMC, maps the own buffers, reads the partition list. NOT_SUPPORTED:
  /// there is no usable SPMC; the mediator stays usable and answers every FF-A call NOT_SUPPORTED.
  ffa::Result<void> probe();

  /// A VM begins to exist. Tells the SPs, creates its notification bitmap. `memory`:
  /// memory_needed(config, vm) bytes, the mediator's until free_domain_ctx(). Resumable: `restart`
  /// and `later` ask for the same call again, and domain_teardown() gives it up. On error nothing
  /// of the VM remains here; SPs that were told of it are told of its end, in reverse order. An SP
  /// that would not forget an earlier VM with this id is asked once more first: what it answers
  /// then, unless it forgets it, is the error.
  ffa::Result<Progress> domain_init(const VmConfig& vm, std::span<std::byte> memory);
  /// The VM dies: no further call of it is served, and those under way come to their ends first.
  /// Undoes notifications, tells the SPs, reclaims its live transactions. What is refused is asked
  /// for again, `later` between, as often as configured; then pages are quarantined, and SPs that
  /// keep the VM's id are remembered. Resumable.
  Progress domain_teardown(ffa::EndpointId vm);
  /// Gives back what still holds the VM's pages: buffers and remaining transactions. Resumable.
  Progress relinquish_resources(ffa::EndpointId vm);
  /// The last reference is gone: `memory` of domain_init() belongs to the caller again.
  void free_domain_ctx(ffa::EndpointId vm);

  /// One trapped SMC or HVC of a VM's vCPU: x0-x17 in, results in place.
  Dispatch handle_call(ffa::EndpointId vm, ffa::VcpuId vcpu, Conduit conduit, ffa::Regs& regs);

  /// The schedule receiver interrupt came: asks the SPMC who has notifications pending and injects
  /// the NPI there.
  void schedule_receiver_interrupt();

  void observe(Observer& observer) const;

 private:
  friend class MediatorState<P>;
  Mediator() = default;
  MediatorState<P>* state_ = nullptr;
};

}  // namespace mediator
