// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_RETRIEVE_REQ of a VM: its descriptor, whatever layout it was written in, and what of it
// has to agree with what the owner said. Pure: who the owner is and whether the share lives is the
// handler's to find out. [DEN0077A 1.0 §5.12, §11.4, DEN0140 1.2 §1.11]
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/memory_transaction.hpp"
#include "core/snapshot.hpp"
#include "ffa/memory_attributes.hpp"
#include "ffa/types.hpp"
#include "mediator/rules.hpp"

namespace mediator {

/// One receiver of a share that VMs borrow, and what it has of it.
struct ShareReceiver {
  Receiver given;            ///< what the owner lets it have
  uint32_t incarnation = 0;  ///< of a VM: a later one with the same id is not meant. 0: an SP
  bool holds = false;        ///< it has retrieved the memory, or is about to
};

/// What the owner said of a share that VMs borrow.
struct ShareTerms {
  MemorySend kind = MemorySend::share;
  ffa::MemoryFlags flags{};
  uint64_t tag = 0;
};

struct RetrieveRequest {
  ffa::EndpointId sender{};
  ffa::MemoryAttributes attributes{};
  ffa::MemoryFlags flags{};
  ffa::Handle handle{};
  uint64_t tag = 0;
  uint32_t receiver_count = 0;
  std::array<ffa::EndpointId, MemoryTransaction::max_receivers> receivers{};
  // Of the caller's own access descriptor:
  ffa::AccessPermissions permissions{};
  std::array<uint64_t, 2> impdef{};
  bool has_impdef = false;  ///< the layout has room for them
};

/// What a VM gets.
struct Grant {
  ffa::AccessPermissions permissions{};
  bool zero_after = false;  ///< the memory is zeroed when it gives it back
};

/// The whole request, checked for itself.
Outcome<RetrieveRequest> parse_retrieve(const Snapshot& request, ffa::Version version,
                                        ffa::EndpointId caller, RuleTrace& rules);

/// Checks a request against the share that it names; `own`: the caller's place among `receivers`.
Outcome<Grant> check_retrieve(const RetrieveRequest& request, ffa::Version version,
                              const ShareTerms& terms, std::span<const ShareReceiver> receivers,
                              uint32_t own, RuleTrace& rules);

/// The place of this incarnation of a VM among the receivers.
std::optional<uint32_t> find_receiver(std::span<const ShareReceiver> receivers, ffa::EndpointId id,
                                      uint32_t incarnation);

}  // namespace mediator
