// SPDX-License-Identifier: BSD-3-Clause
// What EL2 asks of the S-EL1 image beside FF-A, for a scenario's host steps and dumps: function ids
// of the OEM range, which neither the mediator nor a guest can get through.
#pragma once

#include <cstdint>

namespace ports::qemu {

/// x0 of the request; arguments from x1, answers from x0.
enum class TestControl : uint64_t {
  set_notification = 0xc3004601,    ///< sp (0: the SPM), vm, bitmap, vCPU + 1 or 0 -> status
  answer_vm_messages = 0xc3004602,  ///< sp, status, count
  take_pending_sri = 0xc3004603,    ///< -> 0 or 1
  facts = 0xc3004604,     ///< -> model there, regions, pages, retrieved, owns the hypervisor's RX
  vm_facts = 0xc3004605,  ///< vm -> known, has a bitmap
  begin_world = 0xc3004606,  ///< package, its bytes -> 1: a fresh SPMC as it says; else not
  preempt = 0xc3004607,      ///< sp, times, spmc_model::StopKind
  /// S-EL1 to EL3, instead of a manifest: the SPMC's id (0: none is there), and not 0 if FFA_ID_GET
  /// and FFA_SPM_ID_GET are for it.
  describe_spmc = 0xc3004608,
};

}  // namespace ports::qemu
