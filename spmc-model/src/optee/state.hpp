// SPDX-License-Identifier: BSD-3-Clause
// What a service keeps: for each VM its threads and sessions. Threads have no stack; a call that
// stops leaves behind where it goes on.
#pragma once

#include <array>
#include <cstdint>

#include "ffa/types.hpp"
#include "spmc-model/optee.hpp"
#include "src/optee/abi.hpp"

namespace spmc_model::optee {

/// A piece of a region, its ranges put end to end. No handle (size 0): no memory.
struct View {
  ffa::Handle handle;
  uint64_t offset;
  uint64_t size;
};

/// One of the parameters that a TA sees; `memory.size` is what goes back to the guest.
struct Param {
  ParamType type;
  uint32_t a;
  uint32_t b;
  View memory;
  uint64_t size;  ///< memory: as given; as the TA leaves it
};
inline constexpr uint32_t ta_parameters = 4;

/// A region that a thread has in use, and how far into its first page the buffer begins.
struct Use {
  bool active;
  uint16_t internal_offset;
  ffa::Handle handle;
};
inline constexpr unsigned argument_use = 0;
inline constexpr unsigned first_param_use = 1;
inline constexpr unsigned allocation_use = first_param_use + ta_parameters;
inline constexpr unsigned uses_of_thread = allocation_use + 1;

/// What the next step of a call is.
enum class Stage : uint8_t {
  lock_session,  ///< nobody else is in it; else wait for whoever is
  run,           ///< the TA
  wake_waiters,  ///< those who wait for the session
  finish,        ///< results go into the argument structure
};

struct Thread {
  bool used;
  Stage stage;
  View argument;        ///< the argument structure and the RPC argument behind it
  uint32_t parameters;  ///< of the argument structure
  Command command;
  uint32_t function;
  uint32_t session;  ///< id; 0: none
  uint32_t first;    ///< parameter that is the TA's first one
  bool writes_back;  ///< the TA's parameters go back to the guest
  bool waits;        ///< for the session
  uint32_t param_count;
  std::array<Param, ta_parameters> params;
  std::array<Use, uses_of_thread> uses;
  Tee result;
  Origin origin;
  uint32_t step;  ///< of the TA's command, 0 when it begins
  View allocated;
};

enum class TaKind : uint8_t { data, worker, single };

struct Session {
  bool open;
  bool locked;     ///< a call is in it
  bool cancelled;  ///< since that call began
  bool dead;       ///< its TA panicked
  uint32_t id;
  TaKind ta;
  uint32_t calls;
};

/// A VM as one service knows it.
struct Vm {
  bool used;
  size_t sp;
  ffa::EndpointId id;
  bool notifies;
  uint32_t bottom_half;  ///< number of the notification that asks for a bottom half
  uint64_t posted;
  uint64_t delivered;
  std::array<Thread, max_threads> threads;
  std::array<Session, max_sessions> sessions;
};

}  // namespace spmc_model::optee
