// SPDX-License-Identifier: BSD-3-Clause
#include "src/optee/session.hpp"

#include "src/bytes.hpp"

namespace spmc_model::optee {

namespace {

using ffa::Error;
using ffa::Result;

constexpr uint32_t meta_parameters = 2;  // the TA's UUID; the client's UUID and its login
constexpr uint64_t meta_value = attribute::meta | 1;

struct BuiltIn {
  ffa::Uuid uuid;
  TaKind kind;
};
constexpr BuiltIn built_in[] = {
    {data_ta, TaKind::data}, {worker_ta, TaKind::worker}, {single_ta, TaKind::single}};

/// public, user, group, application, application of user, of group; the kernel itself.
bool is_login(uint64_t login) {
  constexpr uint32_t kernel = 0x80000000;
  switch (static_cast<uint32_t>(login)) {
    case 0:
    case 1:
    case 2:
    case 4:
    case 5:
    case 6:
    case kernel:
      return true;
    default:
      return false;
  }
}

Result<ffa::Uuid, Tee> wanted_ta(const Running& r) {
  if (r.thread.parameters < meta_parameters) return Error{Tee::bad_parameters};
  for (uint32_t n = 0; n < meta_parameters; ++n) {
    if (load(r, parameter_at(n), parameter::attributes) != meta_value) {
      return Error{Tee::bad_parameters};
    }
  }
  if (!is_login(load(r, parameter_at(1), parameter::c))) return Error{Tee::bad_parameters};
  return ffa::Uuid::from_dwords(load(r, parameter_at(0), parameter::a),
                                load(r, parameter_at(0), parameter::b));
}

Result<TaKind, Tee> find_ta(const ffa::Uuid& uuid) {
  for (const BuiltIn& ta : built_in) {
    if (ta.uuid == uuid) return ta.kind;
  }
  return Error{Tee::item_not_found};
}

bool has_session(const Vm& vm, TaKind ta) {
  for (const Session& session : vm.sessions) {
    if (session.open && session.ta == ta) return true;
  }
  return false;
}

/// One more than the highest id that is open.
uint32_t next_id(const Vm& vm) {
  uint32_t highest = 0;
  for (const Session& session : vm.sessions) {
    if (session.open && session.id > highest) highest = session.id;
  }
  return highest + 1;
}

Result<Session*, Tee> add_session(Running& r, TaKind ta) {
  const size_t limit = r.s.sps[r.vm.sp].config.service.sessions;
  for (size_t n = 0; n < limit && n < max_sessions; ++n) {
    Session& session = r.vm.sessions[n];
    if (session.open) continue;
    const uint32_t id = next_id(r.vm);
    session = Session{};
    session.open = true;
    session.id = id;
    session.ta = ta;
    return &session;
  }
  return Error{Tee::out_of_memory};
}

/// What the TA itself says to a new session.
Tee ta_opens(Running& r, TaKind ta) {
  const Param& first = r.thread.params[0];
  if (ta != TaKind::single || first.type != ParamType::value_in) return Tee::success;
  return static_cast<Tee>(first.a);
}

Result<Session*, Tee> try_open(Running& r) {
  FFA_TRY(const ffa::Uuid uuid, wanted_ta(r));
  FFA_CHECK(copy_in(r, meta_parameters));
  r.thread.writes_back = true;
  FFA_TRY(const TaKind ta, find_ta(uuid));
  if (ta == TaKind::single && has_session(r.vm, ta)) return Error{Tee::busy};
  FFA_TRY(Session* const session, add_session(r, ta));
  const Tee opened = ta_opens(r, ta);
  if (opened == Tee::success) return session;
  *session = Session{};
  r.thread.origin = Origin::trusted_app;
  return Error{opened};
}

}  // namespace

Session* find_session(Vm& vm, uint32_t id) {
  for (Session& session : vm.sessions) {
    if (session.open && session.id == id) return &session;
  }
  return nullptr;
}

void open_session(Running& r) {
  const Result<Session*, Tee> session = try_open(r);
  r.thread.session = session.ok() ? (*session)->id : 0;
  r.thread.result = session.ok() ? Tee::success : session.error();
}

void cancel(Running& r) {
  Session* const session = find_session(r.vm, r.thread.session);
  const bool sound = r.thread.parameters == 0 && session != nullptr;
  if (sound) session->cancelled = true;
  r.thread.result = sound ? Tee::success : Tee::bad_parameters;
}

}  // namespace spmc_model::optee
