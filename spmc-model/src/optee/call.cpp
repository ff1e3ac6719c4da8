// SPDX-License-Identifier: BSD-3-Clause
#include "src/optee/call.hpp"

#include "src/optee/session.hpp"
#include "src/optee/ta.hpp"

namespace spmc_model::optee {

namespace {

Payload error_answer(Tee code) { return Payload{static_cast<uint32_t>(code)}; }

uint32_t number_of(const Running& r) {
  return static_cast<uint32_t>(&r.thread - r.vm.threads.data());
}

/// What `invoke` says of a session that is not there; `close_session` says another thing.
Tee no_session(const Thread& thread) {
  return thread.command == Command::close_session ? Tee::item_not_found : Tee::bad_parameters;
}

Outcome wait_for_session(Running& r) {
  r.thread.waits = true;
  ask(r, RpcCommand::notification, ParamType::value_in, rpc_wait, number_of(r), 0);
  return Outcome::rpc;
}

/// Nothing: the next stage is set.
std::optional<Outcome> lock_session(Running& r) {
  Thread& thread = r.thread;
  thread.waits = false;
  Session* const session = find_session(r.vm, thread.session);
  if (session == nullptr) {
    thread.result = no_session(thread);
    thread.stage = Stage::finish;
    return {};
  }
  if (session->locked) return wait_for_session(r);
  session->locked = true;
  session->cancelled = false;
  thread.stage = Stage::run;
  return {};
}

Outcome run_ta(Running& r, Session& session) {
  r.thread.writes_back = true;
  if (session.dead) return finish(r, Tee::target_dead);
  r.thread.origin = Origin::trusted_app;
  switch (session.ta) {
    case TaKind::data:
      return run_data(r);
    case TaKind::worker:
      return run_worker(r, session);
    case TaKind::single:
      return run_single(r, session);
  }
  return finish(r, Tee::generic);
}

/// The locked session is there: nobody else closes it.
Outcome run(Running& r) {
  Session* const session = find_session(r.vm, r.thread.session);
  if (session == nullptr) return finish(r, Tee::generic);
  if (r.thread.command == Command::close_session) {
    *session = Session{};
    return finish(r, Tee::success);
  }
  return run_ta(r, *session);
}

/// Unlocks; whoever waits first hears of it through the normal world.
std::optional<Outcome> wake_waiters(Running& r) {
  Session* const session = find_session(r.vm, r.thread.session);
  if (session != nullptr) session->locked = false;
  r.thread.stage = Stage::finish;
  for (uint32_t n = 0; n < max_threads; ++n) {
    Thread& other = r.vm.threads[n];
    if (!other.used || !other.waits || other.session != r.thread.session) continue;
    other.waits = false;
    ask(r, RpcCommand::notification, ParamType::value_in, rpc_send, n, 0);
    return Outcome::rpc;
  }
  return {};
}

void write_results(const Running& r) {
  const Thread& thread = r.thread;
  if (thread.writes_back) copy_out(r);
  if (thread.command == Command::open_session) store(r, 0, argument::session, thread.session);
  store(r, 0, argument::result, static_cast<uint32_t>(thread.result));
  store(r, 0, argument::origin, static_cast<uint32_t>(thread.origin));
}

Outcome go_on(Running& r) {
  Thread& thread = r.thread;
  while (thread.stage != Stage::finish) {  // at most once through the stages
    if (thread.stage == Stage::lock_session) {
      if (const auto stopped = lock_session(r)) return *stopped;
    } else if (thread.stage == Stage::run) {
      const Outcome outcome = run(r);
      if (outcome != Outcome::done) return outcome;
      thread.stage = Stage::wake_waiters;
    } else if (const auto stopped = wake_waiters(r)) {
      return *stopped;
    }
  }
  write_results(r);
  return Outcome::done;
}

/// `done` frees the thread and what it had in use.
Payload answer(Running& r, Outcome outcome) {
  Payload words{};
  words[1] = static_cast<uint32_t>(outcome);
  if (outcome == Outcome::done) {
    r.thread = Thread{};
  } else {
    words[4] = number_of(r);
  }
  return words;
}

Payload give_up(Running& r, Tee code) {
  r.thread = Thread{};
  return error_answer(code);
}

/// A command that enters a session.
Outcome enter_session(Running& r) {
  Thread& thread = r.thread;
  thread.stage = Stage::lock_session;
  const bool closes = thread.command == Command::close_session;
  if (closes && thread.parameters != 0) {
    thread.result = Tee::bad_parameters;
    thread.stage = Stage::finish;
  } else if (!closes) {
    const auto copied = copy_in(r, 0);
    if (!copied.ok()) {
      thread.result = copied.error();
      thread.stage = Stage::finish;
    }
  }
  return go_on(r);
}

Payload serve(Running& r) {
  Thread& thread = r.thread;
  thread.stage = Stage::finish;
  switch (thread.command) {
    case Command::open_session:
      open_session(r);
      return answer(r, go_on(r));
    case Command::invoke:
    case Command::close_session:
      return answer(r, enter_session(r));
    case Command::cancel:
      cancel(r);
      return answer(r, go_on(r));
    case Command::do_bottom_half:  // its result stays what the guest wrote
      r.vm.delivered |= r.vm.posted;
      r.vm.posted = 0;
      return answer(r, Outcome::done);
    case Command::stop_async_notif:
      r.vm.notifies = false;
      return answer(r, Outcome::done);
  }
  return give_up(r, Tee::not_implemented);
}

Thread* free_thread(const SpmcStorage& s, Vm& vm) {
  const size_t limit = s.sps[vm.sp].config.service.threads;
  for (size_t n = 0; n < limit && n < max_threads; ++n) {
    if (!vm.threads[n].used) return &vm.threads[n];
  }
  return nullptr;
}

}  // namespace

Payload begin_call(SpmcStorage& s, Vm& vm, ffa::Handle handle, uint32_t offset) {
  Thread* const thread = free_thread(s, vm);
  if (thread == nullptr) return error_answer(Tee::busy);
  *thread = Thread{};
  thread->used = true;
  thread->origin = Origin::tee;
  Running r{s, vm, *thread};
  const auto opened = open_argument(r, handle, offset);
  if (!opened.ok()) return give_up(r, opened.error());
  thread->command = static_cast<Command>(load(r, 0, argument::command));
  thread->function = static_cast<uint32_t>(load(r, 0, argument::function));
  thread->session = static_cast<uint32_t>(load(r, 0, argument::session));
  return serve(r);
}

Payload resume_call(SpmcStorage& s, Vm& vm, uint32_t number) {
  if (number >= max_threads || !vm.threads[number].used) return error_answer(Tee::bad_parameters);
  Running r{s, vm, vm.threads[number]};
  return answer(r, go_on(r));
}

}  // namespace spmc_model::optee
