// SPDX-License-Identifier: BSD-3-Clause
// Direct requests from the normal world to an SP, and FFA_RUN. [DEN0077A 1.2 §15.2-§15.5, §14.3]
#include "src/chapters.hpp"
#include "src/optee/service.hpp"
#include "src/regions.hpp"
#include "src/sps.hpp"

namespace spmc_model {

namespace {

using ffa::Fid;
using ffa::Status;

constexpr uint32_t tee_error_item_not_found = 0xffff0008;
constexpr uint32_t tee_error_busy = 0xffff000d;
constexpr unsigned first_payload_register = 3;
constexpr unsigned first_payload_register_2 = 4;

uint64_t swapped(uint32_t w1) { return (w1 >> 16) | (w1 << 16); }

/// An empty response to this request; the payload is the SP's. A REQ2 is answered in x8-x17 too.
Answer response(const Call& call, DirectKind kind) {
  if (kind == DirectKind::req2) {
    Answer answer = reply(ffa::fid32(Fid::msg_send_direct_resp2), swapped(call.w(1)));
    answer.extended = true;
    return answer;
  }
  const uint32_t id =
      call.smc64 ? ffa::fid64(Fid::msg_send_direct_resp) : ffa::fid32(Fid::msg_send_direct_resp);
  return reply(id, swapped(call.w(1)));
}

unsigned payload_start(DirectKind kind) {
  return kind == DirectKind::req2 ? first_payload_register_2 : first_payload_register;
}

/// A response whose first payload word is a TEE error code: what OP-TEE's message service says.
Answer tee_error(const Call& call, DirectKind kind, uint32_t code) {
  Answer answer = response(call, kind);
  answer.out.x[payload_start(kind)] = code;
  return answer;
}

Answer echo(const Call& call, DirectKind kind) {
  Answer answer = response(call, kind);
  const unsigned end = kind == DirectKind::req2 ? 18 : 8;
  for (unsigned n = payload_start(kind); n < end; ++n) answer.out.x[n] = call.x(n);
  return answer;
}

using Service = Payload (*)(SpmcStorage&, size_t, ffa::EndpointId, const Payload&);

/// A request of five words to an SP that does something.
Answer use_words(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp, Service service) {
  const unsigned start = payload_start(kind);
  Payload request{};
  for (unsigned i = 0; i < request.size(); ++i) request[i] = call.w(start + i);
  const Payload words = service(s, sp, high_id(call.w(1)), request);
  Answer answer = response(call, kind);
  for (unsigned i = 0; i < words.size(); ++i) answer.out.x[start + i] = words[i];
  return answer;
}

/// An SP that is told of VMs serves only those that it was told of.
bool serves(const SpmcStorage& s, size_t sp, ffa::EndpointId vm) {
  if (!s.personality.guests_tracked) return true;
  if ((s.sps[sp].config.properties & property::vm_created) == 0) return true;
  const VmSlot* slot = find_vm(s, vm);
  return slot != nullptr && (slot->told & (1U << sp)) != 0;
}

Answer busy(const SpmcStorage& s, const Call& call, DirectKind kind) {
  if (!s.personality.busy_in_payload) return error(Status::busy);
  return tee_error(call, kind, tee_error_busy);
}

/// The request makes the SP call FFA_ABORT.
bool crashes(const SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  const uint32_t operation = call.w(payload_start(kind) + sp_protocol::operation_word);
  return s.sps[sp].config.kind == SpKind::memory_user &&
         operation == static_cast<uint32_t>(sp_protocol::Operation::crash);
}

Answer run_sp(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  switch (s.sps[sp].config.kind) {
    case SpKind::echo:
      return echo(call, kind);
    case SpKind::memory_user:
      return use_words(s, call, kind, sp, run_memory_user);
    case SpKind::optee:
      return use_words(s, call, kind, sp, optee::run_service);
    case SpKind::notifier:
      return use_words(s, call, kind, sp, run_notifier);
  }
  return error(Status::aborted);
}

/// Every request runs to its end in one go, unless a test said that it is stopped before.
Answer stop_or_run(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  SpState& state = s.sps[sp];
  if (state.stops_left == 0) return run_sp(s, call, kind, sp);
  --state.stops_left;
  state.stopped = true;
  state.request = call.in;
  const Fid how = state.stops_by_yield ? Fid::yield : Fid::interrupt;
  return reply(ffa::fid32(how), uint64_t{state.config.id.raw()} << 16);
}

}  // namespace

Answer handle_direct_request(SpmcStorage& s, const Call& call, DirectKind kind) {
  const size_t sp = find_sp(s, low_id(call.w(1)));
  if (kind == DirectKind::req) {
    if ((call.w(2) & ffa::framework_message_bit) != 0) return handle_vm_message(s, call, sp);
    if (call.w(2) != 0) return error(Status::invalid_parameters);
  }
  if (sp == no_index) return error(Status::invalid_parameters);
  if (kind == DirectKind::req2) {
    const bool takes = (s.sps[sp].config.properties & property::receives_req2) != 0;
    if (!takes) return error(Status::not_supported);
  } else if (!serves(s, sp, high_id(call.w(1)))) {
    return tee_error(call, kind, tee_error_item_not_found);
  }
  if (s.sps[sp].stopped) return busy(s, call, kind);
  if (s.sps[sp].busy_left != 0) {
    --s.sps[sp].busy_left;
    return busy(s, call, kind);
  }
  if (s.sps[sp].crashed) return error(Status::aborted);
  if (crashes(s, call, kind, sp)) {
    s.sps[sp].crashed = true;
    drop_all_holds(s, sp);
    return error(Status::aborted);
  }
  return stop_or_run(s, call, kind, sp);
}

Answer handle_run(SpmcStorage& s, const Call& call) {
  const size_t sp = find_sp(s, high_id(call.w(1)));
  if (sp == no_index || low_id(call.w(1)).raw() != 0) return error(Status::invalid_parameters);
  if (!s.sps[sp].stopped) return error(Status::invalid_parameters);
  s.sps[sp].stopped = false;
  const ffa::Regs request = s.sps[sp].request;
  const ffa::FunctionId id{request.x[0]};
  const bool req2 = id.raw == ffa::fid32(Fid::msg_send_direct_req2);
  const DirectKind kind = req2 ? DirectKind::req2 : DirectKind::req;
  return stop_or_run(s, Call{request, id.raw, id.is_smc64()}, kind, sp);
}

}  // namespace spmc_model
