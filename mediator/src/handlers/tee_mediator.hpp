// SPDX-License-Identifier: BSD-3-Clause
// The TEE mediator framework: each type is a struct with the same static operations, and a VM's
// configuration picks one. The table is compiled in; no pointers. Another type is such a struct, a
// word in TeeType and a line in with_tee().
#pragma once

#include "ffa/reply.hpp"
#include "handlers/state.hpp"
#include "handlers/tee_ffa.hpp"
#include "mediator/mediator.hpp"

namespace mediator {

/// There is no FF-A for who calls. FFA_VERSION says so in w0 alone.
inline void put_not_supported(ffa::Regs& regs) {
  const bool is_version = ffa::FunctionId{regs.x[0]}.raw == ffa::fid32(ffa::Fid::version);
  const ffa::Regs reply =
      is_version ? ffa::FfaVersionResult{}.encode() : ffa::reply(ffa::Status::not_supported);
  put_reply(regs, reply, ffa::Version{});
}

/// TEE type none, for VMs that have no context: no TEE for this VM. Every FF-A call is
/// NOT_SUPPORTED and nothing reaches the SPMC.
template <Platform P>
struct TeeNone {
  static size_t memory_needed(const MediatorConfig& /*config*/, const VmConfig& /*vm*/) {
    return 0;
  }
  static ffa::Result<void> probe(MediatorState<P>& /*mediator*/) { return {}; }
  static VmContext<P>* make_context(MediatorState<P>& /*mediator*/, const VmConfig& /*config*/,
                                    Arena& /*arena*/) {
    return nullptr;
  }
  static ffa::Result<Progress> domain_init(MediatorState<P>& /*mediator*/,
                                           const VmEntry<P>& /*slot*/) {
    return Progress::done;
  }
  static Progress domain_teardown(MediatorState<P>& /*mediator*/, const VmEntry<P>& /*slot*/) {
    return Progress::done;
  }
  static constexpr auto give_up_init = domain_teardown;
  static constexpr auto relinquish_resources = domain_teardown;
  static void handle_call(MediatorState<P>& /*mediator*/, const Caller<P>& /*caller*/,
                          ffa::Regs& regs, RuleTrace& /*rules*/) {
    put_not_supported(regs);
  }
  static uint32_t call_count(const MediatorState<P>& /*mediator*/, const VmEntry<P>& /*slot*/) {
    return 0;
  }
};

/// Calls `use` with the type's operations.
template <Platform P, class Use>
[[gnu::always_inline]] inline auto with_tee(TeeType type, Use use) {
  switch (type) {
    case TeeType::ffa:
      return use(TeeFfa<P>{});
    case TeeType::none:
      break;
  }
  return use(TeeNone<P>{});
}

}  // namespace mediator
