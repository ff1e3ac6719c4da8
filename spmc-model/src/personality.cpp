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
  personality.vm_messages_delivered = false;
  personality.handles.guest_in_handle = false;
  personality.fragment_names_sender = false;
  return personality;
}

// Rows 5 and 6 of hafnium and tf-a-el3: what both have, and what each has besides. Only tf-a-el3
// has RXTX_MAP in 32 bits.
constexpr FeatureAnswer features_of_both[] = {
    {fid32(Fid::error), 0, ffa::v1_0},
    {fid32(Fid::success), 0, ffa::v1_0},
    {fid64(Fid::success), 0, ffa::v1_0},
    {fid32(Fid::interrupt), 0, ffa::v1_0},
    {fid32(Fid::version), 0, ffa::v1_0},
    {fid32(Fid::features), 0, ffa::v1_0},
    {fid32(Fid::rx_release), 0, ffa::v1_0},
    {fid64(Fid::rxtx_map), 0, ffa::v1_0},
    {fid32(Fid::rxtx_unmap), 0, ffa::v1_0},
    {fid32(Fid::partition_info_get), 0, ffa::v1_0},
    {fid32(Fid::id_get), 0, ffa::v1_0},
    {fid32(Fid::spm_id_get), 0, ffa::v1_1},
    {fid32(Fid::run), 0, ffa::v1_0},
    {fid32(Fid::msg_send_direct_req), 0, ffa::v1_0},
    {fid64(Fid::msg_send_direct_req), 0, ffa::v1_0},
    {fid32(Fid::msg_send_direct_req2), 0, ffa::v1_2},
    {fid32(Fid::mem_lend), 0, ffa::v1_0},
    {fid64(Fid::mem_lend), 0, ffa::v1_0},
    {fid32(Fid::mem_share), 0, ffa::v1_0},
    {fid64(Fid::mem_share), 0, ffa::v1_0},
    {fid32(Fid::mem_reclaim), 0, ffa::v1_0},
    {fid32(Fid::mem_frag_tx), 0, ffa::v1_0},
};
constexpr FeatureAnswer features_of_hafnium[] = {
    {fid32(Fid::msg_send2), 0, ffa::v1_1},
    {fid32(Fid::rx_acquire), 0, ffa::v1_1},
    {fid64(Fid::partition_info_get_regs), 0, ffa::v1_2},
    {fid32(Fid::mem_donate), 0, ffa::v1_0},
    {fid64(Fid::mem_donate), 0, ffa::v1_0},
    {fid32(Fid::notification_bitmap_create), 0, ffa::v1_1},
    {fid32(Fid::notification_bitmap_destroy), 0, ffa::v1_1},
    {fid32(Fid::notification_bind), 0, ffa::v1_1},
    {fid32(Fid::notification_unbind), 0, ffa::v1_1},
    {fid32(Fid::notification_set), 0, ffa::v1_1},
    {fid32(Fid::notification_get), 0, ffa::v1_1},
    {fid64(Fid::notification_info_get), 0, ffa::v1_1},
};
constexpr FeatureAnswer features_of_tf_a_el3[] = {
    {fid32(Fid::rxtx_map), 0, ffa::v1_0},
};

// What these two share in the memory chapters. Each looks at ranges when it has all of them.
constexpr Personality strict() {
  Personality personality;
  personality.features = features_of_both;
  personality.dynamic_buffer = false;
  personality.same_buffer_for_rx_and_tx = false;
  personality.unmap_checks_id = true;
  personality.unknown_uuid = ffa::Status::invalid_parameters;
  personality.rx_owned_after_error = false;
  personality.tx_unusable = ffa::Status::invalid_parameters;
  personality.unknown_borrower = ffa::Status::invalid_parameters;
  personality.permissions = std::nullopt;
  personality.lend_attributes = std::nullopt;
  personality.exact_length = true;
  personality.preset_handle = false;
  personality.ranges_checked_when_complete = true;
  personality.request_names_sender = true;
  personality.partial_range_asked_again = false;
  personality.surplus_ignored = false;
  personality.busy_in_payload = false;
  personality.info_get_32 = false;
  return personality;
}

constexpr Personality hafnium() {
  Personality personality = strict();
  personality.name = "hafnium";
  personality.incompatible_version = IncompatibleVersion::not_supported;
  personality.late_version = LateVersion::not_supported_unless_same;
  personality.more_features = features_of_hafnium;
  personality.bad_buffer_memory = ffa::Status::denied;
  personality.reserved_info_flags = ffa::Status::invalid_parameters;
  personality.donate = true;
  personality.indirect_messages = true;
  personality.vm_buffers = true;
  personality.info_get_regs = true;
  personality.max_borrowers = 2;
  personality.unaligned_range = ffa::Status::invalid_parameters;
  personality.overlap_in_transaction = ffa::Status::invalid_parameters;
  personality.page_shared_twice = ffa::Status::denied;
  personality.page_lent_twice = ffa::Status::denied;
  personality.page_in_any_object = true;
  personality.handles = {.base = 0, .guest_in_handle = false, .counting = false, .live_limit = 100};
  personality.max_fragments = 20;
  personality.wrong_attributes = ffa::Status::denied;
  personality.surplus_never_completes = true;
  personality.fragment_names_sender = false;
  personality.bad_fragment_frees = false;
  personality.reclaim_zeroes = true;
  personality.hypervisor_retrieve = HypervisorRetrieve::as_sent;
  personality.set_from_vms = true;
  personality.per_vcpu_bind = ffa::Status::invalid_parameters;
  personality.empty_bind = ffa::Status::invalid_parameters;
  personality.bind_checks_sender = true;
  personality.unbind_of_unbound = ffa::Status::denied;
  personality.destroy_without_bitmap = ffa::Status::denied;
  personality.foreign_notification_flags = ffa::Status::invalid_parameters;
  return personality;
}

constexpr Personality tf_a_el3() {
  Personality personality = strict();
  personality.name = "tf-a-el3";
  personality.late_version = LateVersion::answers_negotiated;
  personality.version_comes_first = true;
  personality.more_features = features_of_tf_a_el3;
  personality.high_count_bits = HighCountBits::ignored;
  personality.bad_buffer_memory = ffa::Status::invalid_parameters;
  personality.share_attributes = std::nullopt;
  personality.page_shared_twice = ffa::Status::invalid_parameters;
  personality.page_lent_twice = ffa::Status::invalid_parameters;
  personality.page_in_any_object = true;
  personality.handles = {
      .base = 0xffffffc0, .guest_in_handle = false, .counting = true, .live_limit = 1024};
  personality.too_long_fragment_frees = true;
  personality.hypervisor_retrieve = HypervisorRetrieve::one_entry;
  personality.sp_rx_full = ffa::Status::denied;
  personality.sp_rx_unmapped = ffa::Status::invalid_parameters;
  personality.wrong_owner_in_retrieve = ffa::Status::invalid_parameters;
  personality.instruction_access_judged = false;
  personality.retrieve_limit = 255;
  personality.relinquish_zeroes = false;
  personality.fragment_given_again = true;
  personality.guests_tracked = false;
  personality.notifications = false;
  return personality;
}

}  // namespace

std::optional<Personality> find_personality(std::string_view name) {
  if (name == "op-tee") return op_tee();
  if (name == "hafnium") return hafnium();
  if (name == "tf-a-el3") return tf_a_el3();
  if (name == "op-tee-single") return op_tee_single();
  return std::nullopt;
}

}  // namespace spmc_model
