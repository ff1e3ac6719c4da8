// SPDX-License-Identifier: BSD-3-Clause
// The personalities that exist, by name. The values are explained in docs/spmc-personalities.md.
#include "spmc-model/personality.hpp"

#include "ffa/fid.hpp"

namespace spmc_model {

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;

constexpr uint32_t dynamic_buffer_supported = 1;
constexpr uint32_t sri_of_op_tee = 8;  // a physical software generated interrupt
constexpr uint32_t feature(ffa::FeatureId id) { return static_cast<uint32_t>(id); }

// Rows 5 and 6. Missing though the call works: MEM_LEND, RUN, ID_GET. Present though the call does
// not: NOTIFICATION_SET, and the managed exit interrupt, whose number is given as 0.
constexpr FeatureAnswer features_of_op_tee[] = {
    {feature(ffa::FeatureId::schedule_receiver_interrupt), sri_of_op_tee, ffa::v1_0},
    {feature(ffa::FeatureId::managed_exit_interrupt), 0, ffa::v1_0},
    {fid32(Fid::error), 0, ffa::v1_0},
    {fid32(Fid::success), 0, ffa::v1_0},
    {fid64(Fid::success), 0, ffa::v1_0},
    {fid32(Fid::interrupt), 0, ffa::v1_0},
    {fid32(Fid::version), 0, ffa::v1_0},
    {fid32(Fid::features), 0, ffa::v1_0},
    {fid32(Fid::rx_release), 0, ffa::v1_0},
    {fid32(Fid::rxtx_map), 0, ffa::v1_0},
    {fid64(Fid::rxtx_map), 0, ffa::v1_0},
    {fid32(Fid::rxtx_unmap), 0, ffa::v1_0},
    {fid32(Fid::partition_info_get), 0, ffa::v1_0},
    {fid32(Fid::spm_id_get), 0, ffa::v1_0},
    {fid32(Fid::msg_send_direct_req), 0, ffa::v1_0},
    {fid64(Fid::msg_send_direct_req), 0, ffa::v1_0},
    {fid32(Fid::msg_send_direct_req2), 0, ffa::v1_2},
    {fid32(Fid::mem_share), dynamic_buffer_supported, ffa::v1_0},
    {fid64(Fid::mem_share), dynamic_buffer_supported, ffa::v1_0},
    {fid32(Fid::mem_reclaim), 0, ffa::v1_0},
    {fid32(Fid::mem_frag_tx), 0, ffa::v1_0},
    {fid32(Fid::notification_bitmap_create), 0, ffa::v1_0},
    {fid32(Fid::notification_bitmap_destroy), 0, ffa::v1_0},
    {fid32(Fid::notification_bind), 0, ffa::v1_0},
    {fid32(Fid::notification_unbind), 0, ffa::v1_0},
    {fid32(Fid::notification_set), 0, ffa::v1_0},
    {fid32(Fid::notification_get), 0, ffa::v1_0},
    {fid32(Fid::notification_info_get), 0, ffa::v1_0},
    {fid64(Fid::notification_info_get), 0, ffa::v1_0},
};

constexpr Personality op_tee() {
  Personality personality;
  personality.features = features_of_op_tee;
  return personality;
}

// Built without virtualization: no VM is told of, and handles do not carry an owner.
constexpr Personality op_tee_single() {
  Personality personality = op_tee();
  personality.name = "op-tee-single";
  personality.guests_tracked = false;
  personality.handles.guest_in_handle = false;
  return personality;
}

}  // namespace

std::optional<Personality> find_personality(std::string_view name) {
  if (name == "op-tee") return op_tee();
  if (name == "op-tee-single") return op_tee_single();
  return std::nullopt;
}

}  // namespace spmc_model
