// SPDX-License-Identifier: BSD-3-Clause
// FFA_FEATURES: yes if and only if a valid call would not be answered NOT_SUPPORTED. [DEN0077A 1.2
// §13.3]
#pragma once

#include "core/call_table.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// What a VM has without a row in the table of calls.
template <Platform P>
[[gnu::noinline]] bool is_always_there(const CallContext<P>& call, ffa::FunctionId id) {
  const ffa::FidInfo* const info = find_function(id.raw, call.vm.config.aarch64);
  return info != nullptr && (is_reply(info->fid) || info->fid == ffa::Fid::version);
}

template <Platform P>
Reply function_features(CallContext<P>& call, const ffa::Features& query) {
  const ffa::FunctionId id{query.query};
  const bool exact = id.raw == query.query;  // no SVE hint in a query
  const bool offered = exact && id.in_ffa_range() && call.offers(id);
  const bool known = offered || (exact && is_always_there(call, id));
  FFA_CHECK(call.rules.require(Rule::features_known, known));
  const auto is = [&id](ffa::Fid fid) { return id.number() == (ffa::fid32(fid) & 0xffffU); };
  if (is(ffa::Fid::rxtx_map)) {
    const uint16_t max_pages =
        call.version >= ffa::v1_2 ? call.vm.config.max_rxtx_pages : uint16_t{0};
    return call.reply(ffa::RxtxMapFeatures{ffa::RxtxMapFeatures::MinimumSize::kib4, max_pages}
                          .features()
                          .encode());
  }
  if (is(ffa::Fid::mem_retrieve_req) && call.version >= ffa::v1_1) {
    // w3: one retrieval of a region at a time.
    return call.reply(ffa::FeaturesSuccess{ffa::FeaturesSuccess::retrieve_ns_bit, 0}.encode());
  }
  return call.reply(
      ffa::FeaturesSuccess{}.encode());  // MEM_SHARE too: no dynamically allocated buffers
}

template <Platform P>
Reply feature_id(CallContext<P>& call, const ffa::Features& query) {
  FFA_CHECK(call.rules.require(Rule::features_reserved, !query.has_reserved_bits()));
  FFA_CHECK(call.rules.require(Rule::features_input, query.input_properties == 0));
  const bool notifications = call.version >= ffa::v1_1 && has_notifications(call.mediator, call.vm);
  const bool pending = query.feature() == ffa::FeatureId::notification_pending_interrupt;
  const bool schedule = query.feature() == ffa::FeatureId::schedule_receiver_interrupt;
  FFA_CHECK(call.rules.require(Rule::features_id, notifications && (pending || schedule)));
  const MediatorConfig& config = call.mediator.config;
  return call.reply(ffa::FeaturesSuccess{pending ? config.npi_id : config.sri_id, 0}.encode());
}

template <Platform P>
Reply features(CallContext<P>& call) {
  const ffa::Features query = ffa::Features::decode(call.regs).value();
  return query.is_function() ? function_features(call, query) : feature_id(call, query);
}

}  // namespace mediator
