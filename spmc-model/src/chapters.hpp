// SPDX-License-Identifier: BSD-3-Clause
// The handlers, one file of the model for each chapter of the specification; dispatch.cpp calls
// them.
#pragma once

#include "src/call.hpp"
#include "src/state.hpp"

namespace spmc_model {

// setup.cpp [DEN0077A 1.2 chapter 13]
Answer handle_version(SpmcStorage& s, const Call& call);
Answer handle_features(SpmcStorage& s, const Call& call);
Answer handle_rxtx_map(SpmcStorage& s, const Call& call);
Answer handle_rxtx_unmap(SpmcStorage& s, const Call& call);
Answer handle_rx_release(SpmcStorage& s, const Call& call);

// vm_buffers.cpp [DEN0077A 1.2 §13.4-§13.7]: the same calls of a hypervisor for a VM
Answer handle_vm_rxtx_map(SpmcStorage& s);
Answer handle_vm_rxtx_unmap(SpmcStorage& s, ffa::EndpointId vm);
Answer handle_vm_rx_release(SpmcStorage& s, ffa::EndpointId vm);
Answer handle_rx_acquire(SpmcStorage& s, const Call& call);
/// True if the SPMC has all calls by which a hypervisor registers buffers of VMs.
bool serves_vm_buffers(const SpmcStorage& s);
/// What is registered of the VM, or nullptr.
const VmBuffers* buffers_of(const SpmcStorage& s, ffa::EndpointId vm);
/// Puts a message into the VM's RX, which is the VM's then. INVALID_PARAMETERS: the SPMC does not
/// know its buffers. BUSY: RX is not empty. NO_MEMORY: it is too small.
ffa::Status fill_vm_rx(SpmcStorage& s, ffa::EndpointId vm, std::span<const std::byte> message);

// partition_info.cpp [DEN0077A 1.2 §13.8]
Answer handle_partition_info_get(SpmcStorage& s, const Call& call);
Answer handle_partition_info_get_regs(SpmcStorage& s, const Call& call);

// memory.cpp [DEN0140 chapters 1 and 2]
Answer handle_memory_send(SpmcStorage& s, const Call& call, SendKind kind);
Answer handle_fragment(SpmcStorage& s, const Call& call);
Answer handle_reclaim(SpmcStorage& s, const Call& call);

// retrieve.cpp [DEN0140 chapters 1 and 2]. The caller is an SP.
Answer handle_retrieve(SpmcStorage& s, size_t sp, const Call& call);
Answer handle_fragment_request(SpmcStorage& s, size_t sp, const Call& call);
Answer handle_relinquish(SpmcStorage& s, size_t sp, const Call& call);

// hypervisor_retrieve.cpp [DEN0077A 1.2 §17.4.3]
Answer handle_hypervisor_retrieve(SpmcStorage& s, const Call& call);
Answer handle_hypervisor_fragment_request(SpmcStorage& s, const Call& call);

// message.cpp, vm_messages.cpp [DEN0077A 1.2 chapters 15 and 18]
enum class DirectKind : uint8_t { req, req2 };
Answer handle_direct_request(SpmcStorage& s, const Call& call, DirectKind kind);
/// True if the SP is sent this framework message.
bool takes_vm_message(const SpmcStorage& s, const Call& call, size_t sp);
/// What the SP says to a message that it takes.
Answer run_vm_message(SpmcStorage& s, const Call& call, size_t sp);
Answer handle_run(SpmcStorage& s, const Call& call);

// program.cpp: SPs that are programs
/// The SP goes on with a request, or in the middle of one. Its response; FFA_INTERRUPT or
/// FFA_YIELD: it is not done; ABORTED: it is no more.
Answer run_program(SpmcStorage& s, const Call& call, size_t sp);
/// Until it waits for a request. False: it does not come to that, and is no more.
bool boot_program(SpmcStorage& s, size_t sp);
/// What it was doing and knew is lost.
void abort_sp(SpmcStorage& s, size_t sp);

// indirect.cpp [DEN0077A 1.2 §15.1]
Answer handle_msg_send2(SpmcStorage& s, const Call& call);

// notification.cpp [DEN0077A 1.2, notification interfaces]
Answer handle_bitmap_create(SpmcStorage& s, const Call& call);
Answer handle_bitmap_destroy(SpmcStorage& s, const Call& call);
Answer handle_bind(SpmcStorage& s, const Call& call);
Answer handle_unbind(SpmcStorage& s, const Call& call);
Answer handle_notification_set(SpmcStorage& s, const Call& call);
Answer handle_notification_get(SpmcStorage& s, const Call& call);
Answer handle_notification_info_get(SpmcStorage& s, const Call& call);

}  // namespace spmc_model
