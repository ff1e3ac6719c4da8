// SPDX-License-Identifier: BSD-3-Clause
// All of the SPMC's state, in the caller's bytes, and the look-ups on it. Every chapter's file
// works on this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/regs.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"
#include "spmc-model/limits.hpp"
#include "spmc-model/personality.hpp"
#include "spmc-model/sp_protocol.hpp"
#include "spmc-model/spmc.hpp"
#include "src/optee/state.hpp"

namespace spmc_model {

inline constexpr size_t no_index = ~size_t{0};

/// Property bits of a partition. [DEN0077A 1.2, partition information]
namespace property {
inline constexpr uint32_t indirect_messages = 1U << 2;
inline constexpr uint32_t vm_created = 1U << 6;
inline constexpr uint32_t vm_destroyed = 1U << 7;
inline constexpr uint32_t receives_req2 = 1U << 9;
inline constexpr uint32_t sends_req2 = 1U << 10;
}  // namespace property

/// Data access of a borrower, as in bits 1:0 of the permission byte. [DEN0140]
enum class DataAccess : uint8_t { none = 0, read_only = 1, read_write = 2 };

/// How a transaction was sent. [DEN0140]
enum class SendKind : uint8_t { share, lend, donate };

/// One field of an SP's next request that is to be wrong.
struct PreparedField {
  sp_protocol::Field field;
  uint64_t value;
};

/// A response that has not been read to its end.
struct OpenResponse {
  bool open;
  ffa::Handle handle;
  uint32_t begin;  ///< of the fragment that was given last
  uint32_t end;
};

/// An execution context of an SP: it may be in the middle of a request.
struct SpContext {
  bool stopped;         ///< `request` waits to be gone on with
  uint32_t stops_left;  ///< so many times more
  StopKind kind;
  ffa::Regs request;
};

enum class SpRx : uint8_t { free, full, unmapped };

/// Notifications of one receiver.
struct Notifications {
  uint64_t bound;
  uint64_t per_vcpu;   ///< of those bound
  uint64_t pending;    ///< global ones
  uint32_t framework;  ///< of the SPM
  uint32_t vcpus;      ///< that the receiver has, or contexts; at most max_notified_vcpus count
  std::array<ffa::EndpointId, 64> bound_to;
  std::array<uint64_t, max_notified_vcpus> pending_of;  ///< by vCPU
};

struct SpState {
  SpConfig config;
  ffa::Status vm_answer;
  uint32_t vm_answers_left;
  uint32_t busy_left;
  ffa::Version version;  ///< that the SP speaks to the SPMC
  SpRx rx;
  OpenResponse response;
  bool crashed;
  uint32_t refusals_left;
  uint32_t prepared_count;
  std::array<PreparedField, sp_protocol::max_prepared> prepared;
  uint64_t last_response;  ///< see sp_protocol::response_shift
  uint32_t stops;          ///< the next request is stopped so many times
  StopKind stop_kind;
  std::array<SpContext, max_contexts> contexts;
  uint32_t rx_bytes;            ///< of the indirect message in its RX; 0: none
  Notifications notifications;  ///< from VMs
  uint64_t tx_address;          ///< of a program: where its buffers are
  uint64_t rx_address;
  bool mid_request;  ///< of a program: it goes on where it was
};

/// The pair of buffers between an SP and the SPMC.
struct SpBuffers {
  std::array<std::byte, ffa::page_size> tx;
  std::array<std::byte, ffa::page_size> rx;
};

/// What the SPMC keeps of a VM. Without VM messages a slot only holds its notifications.
struct VmSlot {
  bool used;
  bool has_bitmap;
  ffa::EndpointId id;
  uint32_t told;                ///< bit i: SP i was told of the VM
  Notifications notifications;  ///< from SPs
};

/// `refused`: all came and something is wrong; it goes before the call returns.
enum class RegionState : uint8_t { free, receiving, complete, refused };

/// What one SP may do and does with a region.
struct Borrowing {
  DataAccess granted;       ///< none: not a borrower
  DataAccess held;          ///< none: not retrieved
  uint8_t permissions;      ///< as they were sent
  uint8_t retrievals;       ///< that were not relinquished
  bool zero_when_given_up;  ///< a retrieval asked for it
  std::array<uint64_t, 2> impdef;
};

/// One memory transaction. Its ranges lie in SpmcStorage::ranges from first_range on, in the order
/// they were sent.
struct Region {
  RegionState state;
  SendKind kind;
  bool owner_gone;
  bool has_surplus;  ///< more ranges came than were declared
  ffa::EndpointId sender;
  ffa::Handle handle;
  uint64_t tag;
  uint32_t attributes;
  uint32_t flags;
  uint32_t total_pages;
  uint32_t total_ranges;
  uint32_t received_pages;
  uint32_t received_ranges;
  uint32_t first_range;
  uint32_t fragments;     ///< that came so far
  uint32_t next_offset;   ///< of the byte of the descriptor that is wanted next
  ffa::Pa buffer;         ///< dynamically allocated buffer of the sender
  uint32_t buffer_bytes;  ///< 0: fragments come in the TX buffer
  uint32_t borrower_count;
  std::array<uint8_t, max_sps> order;         ///< SP indices of the borrowers, as they were sent
  std::array<Borrowing, max_sps> borrowings;  ///< by SP index

  [[nodiscard]] bool lent() const { return kind != SendKind::share; }
};

struct Range {
  ffa::Pa address;
  uint32_t pages;
};

/// RX and TX as the hypervisor calls them. [DEN0077A 1.2, RX/TX buffers]
struct RxTx {
  ffa::Pa tx;
  ffa::Pa rx;
  uint32_t bytes;  ///< of each; 0: not mapped
  bool rx_owned_by_normal_world;
  OpenResponse response;
};

/// Who owns the RX of a VM whose buffers the SPMC knows: itself, the hypervisor that fills it, or
/// the VM that has not read the SPMC's message.
enum class VmRx : uint8_t { free, acquired, full };

/// RX and TX of a VM, as a hypervisor registered them.
struct VmBuffers {
  static constexpr uint32_t max_pages = 63;
  ffa::EndpointId vm;
  uint32_t pages;  ///< of each; 0: the slot is free
  VmRx rx;
  std::array<ffa::Pa, max_pages> rx_pages;
  std::array<ffa::Pa, max_pages> tx_pages;
};

struct SpmcStorage {
  Spmc front;
  PhysicalMemory* memory;
  SpPrograms* programs;
  Personality personality;
  ffa::Version version;       ///< of the normal world, as the SPMC knows it
  ffa::Version spmd_version;  ///< of the normal world, as the SPMD keeps it; 0: not negotiated
  bool version_asked;         ///< a compatible version was set
  bool other_call_seen;       ///< the SPMD's copy of the version is frozen
  size_t sp_count;
  size_t missing_count;
  uint64_t handles_given;  ///< of a counting handle scheme
  uint32_t ranges_used;
  uint32_t regions_used;
  /// Where the next FFA_NOTIFICATION_INFO_GET goes on: a VM's place, and its next list.
  uint32_t info_vm;
  uint32_t info_vcpu;
  RxTx rxtx;
  std::array<SpState, max_sps> sps;
  std::array<SpBuffers, max_sps> sp_buffers;
  std::array<VmSlot, max_vms> vms;
  std::array<VmBuffers, max_vms> vm_buffers;
  std::array<Region, max_regions> regions;
  /// Indices of `regions`: first those in use, in the order of their handles, then those free.
  std::array<uint16_t, max_regions> region_order;
  std::array<optee::Vm, optee::max_vms> service_vms;
  std::array<uint32_t, max_missing_functions> missing;
  std::span<Range> ranges;  ///< behind this, in the same storage
  std::array<std::byte, max_buffer_pages * ffa::page_size>
      message;                                 ///< private copy of the fragment at hand
  std::array<std::byte, ffa::page_size> page;  ///< an SP's window
};

/// True if the configuration takes this function away.
bool is_missing(const SpmcStorage& s, uint32_t function);
/// Index of the SP, or no_index.
size_t find_sp(const SpmcStorage& s, ffa::EndpointId id);
/// The VM's slot, or nullptr.
VmSlot* find_vm(SpmcStorage& s, ffa::EndpointId id);
const VmSlot* find_vm(const SpmcStorage& s, ffa::EndpointId id);
/// A new slot for this VM, or nullptr when there are as many as the personality allows.
VmSlot* add_vm(SpmcStorage& s, ffa::EndpointId id);
/// True if SPs hear of VMs by messages: then a VM is unknown until one of them was told.
bool tracks_vms(const SpmcStorage& s);
/// True if the SPMC accepts this normal world id as the owner of memory or receiver of
/// notifications.
bool is_known_guest(const SpmcStorage& s, ffa::EndpointId id);

/// True if all bytes are non-secure RAM. The loop ends at the first page that is not.
bool is_normal_memory(SpmcStorage& s, ffa::Pa from, uint64_t bytes);

}  // namespace spmc_model
