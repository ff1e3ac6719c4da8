// SPDX-License-Identifier: BSD-3-Clause
// Boot: agrees on a version with the SPMC, finds out what it can do, gives it the mediator's own
// buffers, and takes a snapshot of its partitions. What the SPMC answers is input: every count and
// size is checked. [DEN0077A 1.2 chapter 13]
#pragma once

#include <algorithm>
#include <array>

#include "core/partition_table.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "ffa/wire/partition.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/state.hpp"

namespace mediator {

template <Platform P>
ffa::Regs boot_smc(MediatorState<P>& mediator, const ffa::Regs& request) {
  return mediator.smc(ffa::hypervisor_id, request);
}

/// Negotiates downwards from the own highest version: an SPMC may refuse a minor version above its
/// own, or answer with its own without recording ours. NOT_SUPPORTED: no SPMC, or another major
/// version.
template <Platform P>
ffa::Result<ffa::Version> negotiate_with_spmc(MediatorState<P>& mediator) {
  ffa::Version wanted = mediator.config.max_version;
  for (unsigned attempt = 0; attempt <= ffa::v1_2.minor() + 1U; ++attempt) {
    const ffa::Regs answer = boot_smc(mediator, ffa::FfaVersion{wanted}.encode());
    const auto version = ffa::FfaVersionResult::decode(answer)->version;
    if (version && version->major() != wanted.major()) break;
    if (version && *version >= wanted) return wanted;
    if (version) {
      wanted = *version;  // ask for that one, so that it is recorded
    } else if (wanted.minor() > 0) {
      wanted = ffa::Version::make(wanted.major(), static_cast<uint16_t>(wanted.minor() - 1));
    } else {
      break;
    }
  }
  return ffa::Error{ffa::Status::not_supported};
}

template <Platform P>
void probe_function(MediatorState<P>& mediator, uint32_t function_id) {
  const ffa::Regs answer = boot_smc(mediator, ffa::Features::of_function(function_id, 0).encode());
  if (kind_of(answer) == AnswerKind::success) mediator.spmc.features.add(function_id);
}

/// Asks for every function that the mediator may send, in each width that it may use.
template <Platform P>
void probe_functions(MediatorState<P>& mediator) {
  using ffa::Fid;
  constexpr std::array functions{Fid::rxtx_map,
                                 Fid::rx_release,
                                 Fid::partition_info_get,
                                 Fid::msg_send_direct_req,
                                 Fid::mem_share,
                                 Fid::mem_reclaim,
                                 Fid::mem_frag_tx,
                                 Fid::mem_lend,
                                 Fid::mem_donate,
                                 Fid::spm_id_get,
                                 Fid::notification_bitmap_create,
                                 Fid::notification_bind,
                                 Fid::notification_bitmap_destroy,
                                 Fid::notification_get,
                                 Fid::notification_unbind,
                                 Fid::notification_set,
                                 Fid::notification_info_get,
                                 Fid::msg_send_direct_req2,
                                 Fid::msg_send2,
                                 Fid::rxtx_unmap,
                                 Fid::rx_acquire,
                                 Fid::partition_info_get_regs};
  for (const Fid fid : functions) {
    const ffa::FidInfo& info = *ffa::find_fid(ffa::fid32(fid) & 0xffU);
    if (mediator.spmc.version < info.since) continue;
    if (info.has32) probe_function(mediator, ffa::fid32(fid));
    if (info.has64) probe_function(mediator, ffa::fid64(fid));
  }
  // OP-TEE has FFA_MEM_LEND and does not say so. A call without a descriptor shows it and does
  // nothing.
  if (mediator.spmc.features.has(Fid::mem_share) && !mediator.spmc.features.has(Fid::mem_lend)) {
    const ffa::Regs answer = boot_smc(mediator, ffa::MemLend{}.encode());
    const bool there =
        kind_of(answer) == AnswerKind::error && status_of(answer) != ffa::Status::not_supported;
    if (there) mediator.spmc.features.add(ffa::fid32(Fid::mem_lend));
  }
  // OP-TEE claims FFA_NOTIFICATION_SET and has none. A call that names no notification shows it and
  // does nothing.
  if (mediator.spmc.features.has(Fid::notification_set)) {
    const ffa::Regs answer = boot_smc(mediator, ffa::NotificationSet{}.encode());
    const bool there =
        kind_of(answer) == AnswerKind::success || status_of(answer) != ffa::Status::not_supported;
    if (!there) mediator.spmc.features.remove(ffa::fid32(Fid::notification_set));
  }
}

template <Platform P>
ffa::Result<void> map_own_buffers(MediatorState<P>& mediator) {
  SpmcLink<P>& spmc = mediator.spmc;
  spmc.buffers = mediator.platform.own_buffers();
  spmc.buffer_bytes = static_cast<uint32_t>(mediator.config.spmc_buffer_pages * ffa::page_size);
  const uint64_t highest = std::max(spmc.buffers.tx.pa.raw(), spmc.buffers.rx.pa.raw());
  const bool wide = spmc.features.has(ffa::fid64(ffa::Fid::rxtx_map));
  if (!wide && (highest >> 32) != 0) return ffa::Error{ffa::Status::not_supported};
  const ffa::RxtxMap map{wide ? ffa::Convention::smc64 : ffa::Convention::smc32,
                         spmc.buffers.tx.pa.raw(), spmc.buffers.rx.pa.raw(),
                         ffa::PageCount{mediator.config.spmc_buffer_pages}};
  return hypervisor_call(mediator, map.encode());
}

/// One entry of the SPMC's list; there is room. VMs are the mediator's to list.
template <Platform P>
void take_partition(MediatorState<P>& mediator, const ffa::PartitionRegs& entry) {
  if (!entry.id.is_secure()) return;
  FFA_ASSERT(
      mediator.partitions.add({entry.id, entry.execution_contexts,
                               entry.properties.known_to(mediator.spmc.version), entry.uuid}));
}

/// Reads `count` descriptors of `size` bytes from the own RX, which belongs to the mediator now.
/// ABORTED: they can't all be there, or are more than the configuration allows.
template <Platform P>
ffa::Result<void> read_partitions(MediatorState<P>& mediator, uint64_t count, uint64_t size) {
  using ffa::wire::PartitionInfoV1_1;
  const bool with_uuid = mediator.spmc.version >= ffa::v1_1;
  const size_t known = with_uuid ? sizeof(PartitionInfoV1_1) : sizeof(ffa::wire::PartitionInfoV1_0);
  if (size < known || count > mediator.config.max_partitions)
    return ffa::Error{ffa::Status::aborted};
  if (size > mediator.spmc.buffer_bytes || count * size > mediator.spmc.buffer_bytes) {
    return ffa::Error{ffa::Status::aborted};
  }
  for (uint64_t n = 0; n < count; ++n) {
    PartitionInfoV1_1 descriptor{};
    const std::span<std::byte> copy = std::as_writable_bytes(std::span{&descriptor, 1});
    mediator.platform.copy_in(mediator.spmc.buffers.rx.id, static_cast<uint32_t>(n * size),
                              copy.first(known));
    take_partition(mediator, {ffa::EndpointId{descriptor.id}, descriptor.execution_contexts,
                              ffa::PartitionProperties{descriptor.properties}, descriptor.uuid});
  }
  return {};
}

/// The list by FFA_PARTITION_INFO_GET_REGS, a few partitions a call. RETRY or another tag: it has
/// changed meanwhile, and is read from its beginning.
template <Platform P>
ffa::Result<void> read_partitions_by_registers(MediatorState<P>& mediator) {
  ffa::PartitionInfoGetRegs query;
  for (uint32_t restarts = 0; restarts <= mediator.config.vm_message_retries;) {
    const ffa::Regs answer = boot_smc(mediator, query.encode());
    const auto reply = ffa::PartitionInfoGetRegsSuccess::decode(answer).value();
    const bool taken = kind_of(answer) == AnswerKind::success;
    const bool changed =
        taken ? query.start_index != 0 && reply.information_tag != query.information_tag
              : status_of(answer) == ffa::Status::retry;
    if (changed) {
      mediator.partitions.clear();
      query = {};
      ++restarts;
      continue;
    }
    if (!taken) return ffa::Error{status_of(answer)};
    const bool in_order = reply.last_index < mediator.config.max_partitions &&
                          reply.current_index <= reply.last_index &&
                          reply.current_index >= query.start_index;
    if (!in_order) return ffa::Error{ffa::Status::aborted};
    for (unsigned n = 0; n + query.start_index <= reply.current_index; ++n) {
      const auto partition = reply.partition(n);
      if (!partition) return ffa::Error{ffa::Status::aborted};
      take_partition(mediator, *partition);
    }
    if (reply.current_index == reply.last_index) return {};
    query.start_index = static_cast<uint16_t>(reply.current_index + 1);  // bound: max_partitions
    query.information_tag = reply.information_tag;
  }
  return ffa::Error{ffa::Status::retry};
}

/// Gives the own RX back to the SPMC.
template <Platform P>
void release_own_rx(MediatorState<P>& mediator) {
  if (!hypervisor_call(mediator, ffa::RxRelease{}.encode()).ok()) {
    mediator.platform.log(LogLevel::warning, "ffa: the SPMC does not take its RX buffer back");
  }
}

/// An SPMC without either call has no partitions. A list that does not fit RX is read by registers.
/// RX is given back exactly if the SPMC
/// handed it over: OP-TEE does so with an error too, and then answers the next query BUSY.
template <Platform P>
ffa::Result<void> snapshot_partitions(MediatorState<P>& mediator) {
  const bool by_registers = mediator.spmc.features.has(ffa::Fid::partition_info_get_regs);
  if (!mediator.spmc.features.has(ffa::Fid::partition_info_get)) {
    if (by_registers) return read_partitions_by_registers(mediator);
    return {};
  }
  const ffa::Regs request = ffa::PartitionInfoGet{}.encode();
  const ffa::Regs answer = boot_smc(mediator, request);
  if (kind_of(answer) == AnswerKind::success) {
    const auto reply = ffa::PartitionInfoGetSuccess::decode(answer).value();
    // 1.0 has no size field: its descriptors have one size.
    const uint64_t size = mediator.spmc.version < ffa::v1_1 ? sizeof(ffa::wire::PartitionInfoV1_0)
                                                            : reply.descriptor_size_bytes;
    const auto read = read_partitions(mediator, reply.count, reply.count == 0 ? 24 : size);
    release_own_rx(mediator);
    return read;
  }
  const ffa::Regs again = boot_smc(mediator, request);
  const bool owns_rx = kind_of(again) == AnswerKind::success ||
                       status_of(again, ffa::Status::aborted) == ffa::Status::busy;
  if (owns_rx) release_own_rx(mediator);
  const bool too_long = status_of(answer) == ffa::Status::no_memory;
  if (too_long && by_registers) return read_partitions_by_registers(mediator);
  return ffa::Error{status_of(answer)};
}

template <Platform P>
ffa::Result<void> probe_all(MediatorState<P>& mediator) {
  SpmcLink<P>& spmc = mediator.spmc;
  FFA_TRY(spmc.version, negotiate_with_spmc(mediator));
  probe_functions(mediator);
  // Partitions that can't be told of VMs send them nothing, and some SPMCs know no VM then.
  const bool tells = spmc.features.has(ffa::Fid::partition_info_get) &&
                     spmc.features.has(ffa::fid32(ffa::Fid::msg_send_direct_req));
  if (!tells) spmc.features.remove(ffa::fid32(ffa::Fid::notification_bitmap_create));
  if (spmc.features.has(ffa::Fid::spm_id_get)) {
    const ffa::Regs answer = boot_smc(mediator, ffa::SpmIdGet{}.encode());
    const auto id = ffa::SpmIdGetSuccess::decode(answer);
    if (kind_of(answer) == AnswerKind::success && id.ok() && id->id.is_secure()) spmc.id = id->id;
  }
  FFA_CHECK(map_own_buffers(mediator));
  FFA_CHECK(snapshot_partitions(mediator));
  return {};
}

/// Of an SPMC that something essential fails with, nothing is used; VMs still have each other.
template <Platform P>
ffa::Result<void> probe_spmc(MediatorState<P>& mediator) {
  const auto probed = probe_all(mediator);
  mediator.spmc.usable = probed.ok();
  if (!probed.ok()) {
    mediator.spmc.features = {};
    mediator.partitions.clear();
  }
  return probed;
}

}  // namespace mediator
