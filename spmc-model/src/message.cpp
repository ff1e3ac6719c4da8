// SPDX-License-Identifier: BSD-3-Clause
// Direct requests from the normal world to an SP, and FFA_RUN. [DEN0077A 1.2 §15.2-§15.5, §14.3]
#include <algorithm>
#include <optional>
#include <utility>

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

/// An empty response to this request; the payload is the SP's. A REQ2 is answered in x8-x17 too.
Answer response(const Call& call, DirectKind kind) {
  if (kind == DirectKind::req2) {
    Answer answer = reply(ffa::fid32(Fid::msg_send_direct_resp2), swapped_ids(call.w(1)));
    answer.extended = true;
    return answer;
  }
  const uint32_t id =
      call.smc64 ? ffa::fid64(Fid::msg_send_direct_resp) : ffa::fid32(Fid::msg_send_direct_resp);
  return reply(id, swapped_ids(call.w(1)));
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

/// A message of the hypervisor about a VM.
bool is_vm_message(const Call& call, DirectKind kind) {
  return kind == DirectKind::req && (call.w(2) & ffa::framework_message_bit) != 0;
}

Answer busy(const SpmcStorage& s, const Call& call, DirectKind kind) {
  if (!s.personality.busy_in_payload || is_vm_message(call, kind)) return error(Status::busy);
  return tee_error(call, kind, tee_error_busy);
}

/// The request makes the SP call FFA_ABORT.
bool crashes(const SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  const uint32_t operation = call.w(payload_start(kind) + sp_protocol::operation_word);
  return s.sps[sp].config.kind == SpKind::memory_user &&
         operation == static_cast<uint32_t>(sp_protocol::Operation::crash);
}

}  // namespace

void abort_sp(SpmcStorage& s, size_t sp) {
  s.sps[sp].crashed = true;
  s.sps[sp].contexts = {};
  for (VmSlot& slot : s.vms) slot.told &= ~(1U << sp);
  drop_all_holds(s, sp);
}

namespace {

Answer run_sp(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  if (is_vm_message(call, kind)) return run_vm_message(s, call, sp);
  switch (s.sps[sp].config.kind) {
    case SpKind::echo:
      return echo(call, kind);
    case SpKind::memory_user:
      return use_words(s, call, kind, sp, run_memory_user);
    case SpKind::optee:
      return use_words(s, call, kind, sp, optee::run_service);
    case SpKind::notifier:
      return use_words(s, call, kind, sp, run_notifier);
    case SpKind::image:
      return run_program(s, call, sp);
  }
  return error(Status::aborted);
}

/// The contexts that requests run in.
std::span<SpContext> contexts_of(SpState& sp) {
  return std::span{sp.contexts}.first(std::min<size_t>(sp.config.contexts, max_contexts));
}

SpContext* free_context(SpState& sp) {
  for (SpContext& context : contexts_of(sp)) {
    if (!context.stopped) return &context;
  }
  return nullptr;
}

/// The context whose managed exit this request ends: of the same VM, and of the same function, so
/// that it can be answered.
SpContext* left_context(SpState& sp, const Call& call) {
  for (SpContext& context : contexts_of(sp)) {
    const bool left = context.stopped && context.kind == StopKind::managed_exit;
    const ffa::Regs& request = context.request;
    if (left && request.x[0] == call.in.x[0] && request.w(1) == call.in.w(1)) return &context;
  }
  return nullptr;
}

/// A program was interrupted, or yields.
bool is_unfinished(const Answer& answer) {
  return answer.out.w(0) == ffa::fid32(Fid::interrupt) || answer.out.w(0) == ffa::fid32(Fid::yield);
}

/// Every request runs to its end in one go, unless a test said that it is stopped before.
Answer stop_or_run(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp,
                   SpContext& context) {
  const auto number = static_cast<uint16_t>(&context - s.sps[sp].contexts.data());
  const bool stops = context.stops_left != 0;
  const SpWork work{s.sps[sp].config.id, number, context.stopped, !stops};
  const bool works = (stops || work.resumed) && context.kind != StopKind::yield;
  context.stopped = works ? s.memory->works_until_stopped(work) : stops;
  if (!context.stopped) {
    const Answer answer = run_sp(s, call, kind, sp);
    if (!is_unfinished(answer)) return answer;
    const bool yields = answer.out.w(0) == ffa::fid32(Fid::yield);
    context.kind = yields ? StopKind::yield : StopKind::interrupt;
    context.stops_left = 1;
    context.stopped = true;
  }
  --context.stops_left;
  context.request = call.in;
  if (context.kind == StopKind::managed_exit) {
    Answer answer = response(call, kind);
    answer.out.x[payload_start(kind)] = sp_protocol::managed_exit;
    return answer;
  }
  const Fid how = context.kind == StopKind::yield ? Fid::yield : Fid::interrupt;
  return reply(ffa::fid32(how), uint64_t{s.sps[sp].config.id.raw()} << 16 | number);
}

Answer go_on(SpmcStorage& s, size_t sp, SpContext& context) {
  const ffa::Regs request = context.request;
  const ffa::FunctionId id{request.x[0]};
  const bool req2 = id.raw == ffa::fid32(Fid::msg_send_direct_req2);
  const DirectKind kind = req2 ? DirectKind::req2 : DirectKind::req;
  return stop_or_run(s, Call{request, id.raw, id.is_smc64()}, kind, sp, context);
}

/// What comes before the SP: whether there is such a request to it at all.
std::optional<Answer> refusal(SpmcStorage& s, const Call& call, DirectKind kind, size_t sp) {
  if (is_vm_message(call, kind)) {
    if (!takes_vm_message(s, call, sp)) return error(Status::invalid_parameters);
    return std::nullopt;
  }
  const bool flags = kind == DirectKind::req && call.w(2) != 0;
  if (sp == no_index || flags) return error(Status::invalid_parameters);
  if (s.sps[sp].crashed) return error(Status::aborted);
  if (kind == DirectKind::req2) {
    const bool takes = (s.sps[sp].config.properties & property::receives_req2) != 0;
    if (!takes) return error(Status::not_supported);
  } else if (!serves(s, sp, high_id(call.w(1)))) {
    return tee_error(call, kind, tee_error_item_not_found);
  }
  return std::nullopt;
}

/// A VM message needs no context of its own where the SP is OP-TEE, which takes it without a
/// thread, or where one has left by managed exit: it waits for messages.
bool needs_no_context(SpState& sp) {
  if (sp.config.kind == SpKind::optee) return true;
  const auto contexts = contexts_of(sp);
  return free_context(sp) == nullptr &&
         std::any_of(contexts.begin(), contexts.end(), [](const SpContext& context) {
           return context.kind == StopKind::managed_exit;
         });
}

}  // namespace

Answer handle_direct_request(SpmcStorage& s, const Call& call, DirectKind kind) {
  const size_t sp = find_sp(s, low_id(call.w(1)));
  if (const auto refused = refusal(s, call, kind, sp)) return *refused;
  SpState& state = s.sps[sp];
  const bool vm_message = is_vm_message(call, kind);
  if (state.crashed) return error(Status::aborted);
  if (vm_message && needs_no_context(state)) return run_sp(s, call, kind, sp);
  if (SpContext* const left = left_context(state, call)) return go_on(s, sp, *left);
  SpContext* const context = free_context(state);
  if (context == nullptr) return busy(s, call, kind);
  if (state.busy_left != 0) {
    --state.busy_left;
    return busy(s, call, kind);
  }
  if (!vm_message && crashes(s, call, kind, sp)) {
    abort_sp(s, sp);
    return error(Status::aborted);
  }
  const bool stops = !vm_message || state.stop_kind != StopKind::managed_exit;
  context->stops_left = stops ? std::exchange(state.stops, 0) : 0;
  context->kind = state.stop_kind;
  return stop_or_run(s, call, kind, sp, *context);
}

Answer handle_run(SpmcStorage& s, const Call& call) {
  const size_t sp = find_sp(s, high_id(call.w(1)));
  const size_t number = low_id(call.w(1)).raw();
  if (sp == no_index) return error(Status::invalid_parameters);
  const auto contexts = contexts_of(s.sps[sp]);
  if (number >= contexts.size()) return error(Status::invalid_parameters);
  SpContext& context = contexts[number];
  const bool waits = context.stopped && context.kind != StopKind::managed_exit;
  return waits ? go_on(s, sp, context) : error(Status::invalid_parameters);
}

}  // namespace spmc_model
