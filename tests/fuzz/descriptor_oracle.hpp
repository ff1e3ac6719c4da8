// SPDX-License-Identifier: BSD-3-Clause
// What the mediator must say to a memory transaction descriptor or a retrieve request, by the SPMC
// model's reading of the bytes: the first rule that they break, in the order of rules_memory.def.
// The model reads no reserved bytes and has no rules for most fields: those are read here.
// [DEN0077A 1.0 §5.11, §5.12, DEN0140 1.2 §1.11]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/memory_transaction.hpp"
#include "ffa/types.hpp"
#include "mediator/rules.hpp"
#include "src/descriptor.hpp"

namespace fuzz {

/// A descriptor as the model reads it. All but `rule` as far as it got.
struct ModelReading {
  mediator::Rule rule = mediator::Rule::none;  ///< the first one broken; none: a good one
  spmc_model::TransactionHeader header{};
  std::vector<spmc_model::AccessEntry> accesses;
  spmc_model::Composite composite{};
  std::vector<spmc_model::RangeEntry> ranges;  ///< those whose bytes are there
};

/// A send's first fragment. Rules on the sum of the pages are looked at where it is the only one.
ModelReading read_send(std::span<const std::byte> fragment, const mediator::SendContext& context);

/// A retrieve request, all of it.
ModelReading read_retrieve(std::span<const std::byte> request, ffa::Version version,
                           ffa::EndpointId caller);

}  // namespace fuzz
