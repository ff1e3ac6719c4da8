// SPDX-License-Identifier: BSD-3-Clause
// The TA whose calls stop on their way: preempted, or in need of the normal world; and the one that
// has a single session.
#include "src/notification.hpp"
#include "src/optee/ta.hpp"

namespace spmc_model::optee {

namespace {

using enum ParamType;

constexpr uint32_t events = 64;
constexpr uint32_t alignment_of_allocations = 8;

// Steps of `allocate`.
constexpr uint32_t asked_for_memory = 1;
constexpr uint32_t gave_back = 2;
constexpr uint32_t gave_back_unused = 3;

Outcome preempt(Running& r) {
  Thread& thread = r.thread;
  if (!has_types(thread, {value_in, value_out})) return finish(r, Tee::bad_parameters);
  if (thread.step < thread.params[0].a) {
    ++thread.step;
    return Outcome::interrupted;
  }
  thread.params[1].a = thread.step;
  thread.params[1].b = 0;
  return finish(r, Tee::success);
}

/// The region that the normal world gave, if it can be used.
bool take_allocation(Running& r) {
  const RpcAnswer answer = answer_of(r);
  if (answer.result != 0 || answer.count != 1) return false;
  if (answer.attributes != static_cast<uint32_t>(memory_out)) return false;
  const auto view =
      use_region(r.s, r.vm, r.thread, allocation_use, answer.global_id, answer.internal_offset);
  if (view.ok()) r.thread.allocated = *view;
  return view.ok();
}

/// Lets go of the region, then tells its owner.
Outcome give_back(Running& r, uint32_t next_step) {
  Thread& thread = r.thread;
  thread.uses[allocation_use] = Use{};
  (void)unregister_region(r.s, r.vm, thread.allocated.handle);
  thread.step = next_step;
  ask(r, RpcCommand::shm_free, value_in, thread.params[0].b, thread.allocated.handle.raw(), 0);
  return Outcome::rpc;
}

/// Reads what the guest put there and writes its complement.
Outcome use_allocation(Running& r) {
  Thread& thread = r.thread;
  if (!take_allocation(r)) return finish(r, Tee::out_of_memory);
  const uint32_t bytes = thread.params[0].a;
  if (thread.allocated.size < bytes) return give_back(r, gave_back_unused);
  const View view{thread.allocated.handle, thread.allocated.offset, bytes};
  Checksum sum{};
  if (!checksum(r.s, view, sum)) return give_back(r, gave_back_unused);
  for (uint64_t at = 0; at < bytes; ++at) {
    std::array<std::byte, 1> one{};
    if (!read(r.s, view, at, one)) return give_back(r, gave_back_unused);
    one[0] = ~one[0];
    if (!write(r.s, view, at, one)) return give_back(r, gave_back_unused);
  }
  thread.params[1].a = sum.sum;
  thread.params[1].b = sum.sum_of_sums;
  return give_back(r, gave_back);
}

Outcome allocate(Running& r) {
  Thread& thread = r.thread;
  switch (thread.step) {
    case asked_for_memory:
      return use_allocation(r);
    case gave_back:
      return finish(r, Tee::success);
    case gave_back_unused:
      return finish(r, Tee::out_of_memory);
    default:
      break;
  }
  if (!has_types(thread, {value_in, value_out})) return finish(r, Tee::bad_parameters);
  thread.step = asked_for_memory;
  ask(r, RpcCommand::shm_alloc, value_in, thread.params[0].b, thread.params[0].a,
      alignment_of_allocations);
  return Outcome::rpc;
}

/// `wait` and `wake`: the normal world's own notifications, which are no FF-A ones.
Outcome notification(Running& r, const Session& session, uint32_t what) {
  Thread& thread = r.thread;
  if (thread.step != 0) {
    if (what == rpc_wait && session.cancelled) return finish(r, Tee::cancel);
    return finish(r, static_cast<Tee>(answer_of(r).result));
  }
  if (!has_types(thread, {value_in})) return finish(r, Tee::bad_parameters);
  thread.step = 1;
  const uint32_t timeout = what == rpc_wait ? thread.params[0].b : 0;
  ask(r, RpcCommand::notification, value_in, what, thread.params[0].a, timeout);
  return Outcome::rpc;
}

Outcome time(Running& r) {
  Thread& thread = r.thread;
  if (thread.step == 0) {
    if (!has_types(thread, {value_out})) return finish(r, Tee::bad_parameters);
    thread.step = 1;
    ask(r, RpcCommand::get_time, value_out, 0, 0, 0);
    return Outcome::rpc;
  }
  const RpcAnswer answer = answer_of(r);
  if (answer.result == 0) {
    thread.params[0].a = static_cast<uint32_t>(answer.a);
    thread.params[0].b = static_cast<uint32_t>(answer.b);
  }
  return finish(r, static_cast<Tee>(answer.result));
}

Tee post(Running& r) {
  const uint32_t event = r.thread.params[0].a;
  if (!has_types(r.thread, {value_in}) || event >= events) return Tee::bad_parameters;
  if (!r.vm.notifies) return Tee::bad_state;
  const ffa::EndpointId sp = r.s.sps[r.vm.sp].config.id;
  const ffa::Status status = set_by_sp(r.s, sp, r.vm.id, uint64_t{1} << r.vm.bottom_half, {});
  if (status != ffa::Status::success) return Tee::access_denied;
  r.vm.posted |= uint64_t{1} << event;
  return Tee::success;
}

Tee collect(Running& r) {
  if (!has_types(r.thread, {value_out})) return Tee::bad_parameters;
  r.thread.params[0].a = static_cast<uint32_t>(r.vm.delivered);
  r.thread.params[0].b = static_cast<uint32_t>(r.vm.delivered >> 32);
  r.vm.delivered = 0;
  return Tee::success;
}

}  // namespace

Outcome run_worker(Running& r, Session& session) {
  switch (static_cast<WorkerCommand>(r.thread.function)) {
    case WorkerCommand::preempt:
      return preempt(r);
    case WorkerCommand::allocate:
      return allocate(r);
    case WorkerCommand::wait:
      return notification(r, session, rpc_wait);
    case WorkerCommand::wake:
      return notification(r, session, rpc_send);
    case WorkerCommand::time:
      return time(r);
    case WorkerCommand::post:
      return finish(r, post(r));
    case WorkerCommand::collect:
      return finish(r, collect(r));
  }
  return finish(r, Tee::not_supported);
}

Outcome run_single(Running& r, Session& session) {
  switch (static_cast<SingleCommand>(r.thread.function)) {
    case SingleCommand::count:
      if (!has_types(r.thread, {value_out})) return finish(r, Tee::bad_parameters);
      r.thread.params[0].a = ++session.calls;
      r.thread.params[0].b = 0;
      return finish(r, Tee::success);
    case SingleCommand::panic:
      session.dead = true;
      r.thread.origin = Origin::tee;
      return finish(r, Tee::target_dead);
  }
  return finish(r, Tee::not_supported);
}

}  // namespace spmc_model::optee
