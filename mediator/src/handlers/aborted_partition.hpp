// SPDX-License-Identifier: BSD-3-Clause
// SPs that have aborted: they go from the lists, and nobody tells them of VMs. [DEN0077A 1.2 §13.8]
#pragma once

#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// True if the partition at `place` has aborted for good.
template <Platform P>
bool is_gone(const MediatorState<P>& mediator, size_t place) {
  return mediator.gone[place].load() != 0;
}

/// An SP has aborted. It is gone if the SPMC lists one partition less under its UUID; a count needs
/// no RX buffer. True if it is gone; before FF-A 1.1 that can't be known.
template <Platform P>
bool note_aborted(MediatorState<P>& mediator, ffa::EndpointId id) {
  const std::span<const Partition> sps = mediator.partitions.entries();
  const Partition* const sp = mediator.partitions.find(id);
  if (sp == nullptr || mediator.spmc.version < ffa::v1_1) return false;
  if (is_gone(mediator, static_cast<size_t>(sp - sps.data()))) return true;
  const ffa::PartitionInfoGet query{sp->uuid, true};
  const ffa::Regs answer = mediator.smc(ffa::hypervisor_id, query.encode());
  const bool none = status_of(answer) == ffa::Status::invalid_parameters;
  if (!none && kind_of(answer) != AnswerKind::success) return false;
  const uint32_t left = none ? 0 : ffa::PartitionInfoGetSuccess::decode(answer)->count;
  uint32_t listed = 0;
  for (size_t place = 0; place < sps.size(); ++place) {
    const bool same = sp->uuid.is_nil() || sps[place].uuid == sp->uuid;
    if (same && !is_gone(mediator, place)) ++listed;
  }
  if (left >= listed) return false;
  for (size_t place = 0; place < sps.size(); ++place) {
    if (sps[place].id == id) mediator.gone[place].store(1);
  }
  mediator.vms.change_lists_with(id);
  return true;
}

}  // namespace mediator
