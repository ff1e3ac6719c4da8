// SPDX-License-Identifier: BSD-3-Clause
// One SMC: what the dispatcher at EL3 answers itself, and which chapter serves the rest.
// [DEN0077A 1.2 chapter 11]
#include "src/call.hpp"
#include "src/chapters.hpp"
#include "src/state.hpp"

namespace spmc_model {

namespace {

using ffa::Fid;
using ffa::Status;

constexpr uint64_t smccc_not_supported_64 = ~uint64_t{0};
constexpr uint32_t smccc_not_supported_32 = 0xffffffff;
constexpr uint32_t first_spmd_partition =
    0xffc0;  // ids of EL3 logical partitions, up to the SPMD's own

bool is_spmd_id(ffa::EndpointId id) { return id.raw() >= first_spmd_partition; }

/// The SPMD lets no message pass that claims a secure sender or names one of its own partitions.
bool spmd_refuses_message(const Call& call) {
  const ffa::EndpointId sender = high_id(call.w(1));
  return sender.is_secure() || is_spmd_id(low_id(call.w(1)));
}

/// The 1.2 messages need 1.2 on both sides; the SPMD judges by its own, frozen copy of the normal
/// world's version.
bool spmd_allows_1_2(const SpmcStorage& s) {
  return s.spmd_version >= ffa::v1_2 && s.personality.max_version >= ffa::v1_2;
}

Answer direct(SpmcStorage& s, const Call& call, DirectKind kind) {
  if (kind == DirectKind::req2 && !spmd_allows_1_2(s)) return error(Status::not_supported);
  if (spmd_refuses_message(call)) return error(Status::invalid_parameters);
  return handle_direct_request(s, call, kind);
}

/// A response from the normal world answers nothing: the SPMC never asks it.
Answer stray_response(const Call& call) {
  if (spmd_refuses_message(call)) return error(Status::invalid_parameters);
  return error(Status::not_supported);
}

Answer notification(SpmcStorage& s, const Call& call) {
  if (!s.personality.notifications) return error(Status::not_supported);
  switch (call.function) {
    case ffa::fid32(Fid::notification_bitmap_create):
      return handle_bitmap_create(s, call);
    case ffa::fid32(Fid::notification_bitmap_destroy):
      return handle_bitmap_destroy(s, call);
    case ffa::fid32(Fid::notification_bind):
      return handle_bind(s, call);
    case ffa::fid32(Fid::notification_unbind):
      return handle_unbind(s, call);
    case ffa::fid32(Fid::notification_set):
      if (!s.personality.set_from_vms) break;
      return handle_notification_set(s, call);
    case ffa::fid32(Fid::notification_get):
      return handle_notification_get(s, call);
    case ffa::fid32(Fid::notification_info_get):
      if (!s.personality.info_get_32) break;
      return handle_notification_info_get(s, call);
    case ffa::fid64(Fid::notification_info_get):
      return handle_notification_info_get(s, call);
    default:
      break;
  }
  return error(Status::not_supported);
}

Answer memory(SpmcStorage& s, const Call& call) {
  switch (call.function) {
    case ffa::fid32(Fid::mem_share):
    case ffa::fid64(Fid::mem_share):
      return handle_memory_send(s, call, SendKind::share);
    case ffa::fid32(Fid::mem_lend):
    case ffa::fid64(Fid::mem_lend):
      if (!s.personality.lend) break;
      return handle_memory_send(s, call, SendKind::lend);
    case ffa::fid32(Fid::mem_donate):
    case ffa::fid64(Fid::mem_donate):
      if (!s.personality.donate) break;
      return handle_memory_send(s, call, SendKind::donate);
    case ffa::fid32(Fid::mem_frag_tx):
      return handle_fragment(s, call);
    case ffa::fid32(Fid::mem_reclaim):
      return handle_reclaim(s, call);
    case ffa::fid32(Fid::mem_retrieve_req):
    case ffa::fid64(Fid::mem_retrieve_req):
      if (s.personality.hypervisor_retrieve == HypervisorRetrieve::none) break;
      return handle_hypervisor_retrieve(s, call);
    case ffa::fid32(Fid::mem_frag_rx):
      if (s.personality.hypervisor_retrieve == HypervisorRetrieve::none) break;
      return handle_hypervisor_fragment_request(s, call);
    default:
      break;
  }
  return error(Status::not_supported);
}

/// Everything but FFA_VERSION. Whatever no case names, here or below, is unknown: NOT_SUPPORTED.
Answer dispatch(SpmcStorage& s, const Call& call) {
  switch (call.function) {
    case ffa::fid32(Fid::id_get):
      return success(ffa::hypervisor_id.raw());
    case ffa::fid32(Fid::spm_id_get):
      return success(ffa::spmc_default_id.raw());
    case ffa::fid32(Fid::normal_world_resume):
      return error(Status::denied);
    case ffa::fid32(Fid::features):
      return handle_features(s, call);
    case ffa::fid32(Fid::rxtx_map):
    case ffa::fid64(Fid::rxtx_map):
      return handle_rxtx_map(s, call);
    case ffa::fid32(Fid::rxtx_unmap):
      return handle_rxtx_unmap(s, call);
    case ffa::fid32(Fid::rx_release):
      return handle_rx_release(s, call);
    case ffa::fid32(Fid::rx_acquire):
      return handle_rx_acquire(s, call);
    case ffa::fid32(Fid::partition_info_get):
      return handle_partition_info_get(s, call);
    case ffa::fid64(Fid::partition_info_get_regs):
      return handle_partition_info_get_regs(s, call);
    case ffa::fid32(Fid::run):
      return handle_run(s, call);
    case ffa::fid32(Fid::msg_send2):
      return handle_msg_send2(s, call);
    case ffa::fid32(Fid::msg_send_direct_req):
    case ffa::fid64(Fid::msg_send_direct_req):
      return direct(s, call, DirectKind::req);
    case ffa::fid32(Fid::msg_send_direct_req2):
      return direct(s, call, DirectKind::req2);
    case ffa::fid32(Fid::msg_send_direct_resp):
    case ffa::fid64(Fid::msg_send_direct_resp):
      return stray_response(call);
    case ffa::fid32(Fid::msg_send_direct_resp2):
      return spmd_allows_1_2(s) ? stray_response(call) : error(Status::not_supported);
    default:
      break;
  }
  const uint32_t number = call.function & 0xffU;
  if (number >= 0x7dU && number <= 0x83U) return notification(s, call);
  return memory(s, call);
}

Answer serve(SpmcStorage& s, const Call& call) {
  if (call.function == ffa::fid32(Fid::version)) {
    if (is_missing(s, call.function)) return reply(smccc_not_supported_32);
    return handle_version(s, call);
  }
  s.other_call_seen = true;
  if (is_missing(s, call.function)) return error(Status::not_supported);
  if (s.personality.version_comes_first && !s.version_asked) return error(Status::not_supported);
  return dispatch(s, call);
}

}  // namespace

ffa::Regs Spmc::smc(const ffa::Regs& in) {
  const ffa::FunctionId id{in.x[0]};
  if (!id.in_ffa_range()) {
    ffa::Regs unknown = in;
    unknown.x[0] = id.is_smc64() ? smccc_not_supported_64 : smccc_not_supported_32;
    return unknown;
  }
  Answer answer = serve(*s_, Call{in, id.raw, id.is_smc64()});
  if (!answer.extended) {
    for (unsigned n = 8; n < answer.out.x.size(); ++n) {
      answer.out.x[n] = s_->personality.keeps_x8_to_x17 ? in.x[n] : 0;
    }
  }
  return answer.out;
}

}  // namespace spmc_model
