// SPDX-License-Identifier: BSD-3-Clause
// The built-in trusted applications. A command that has to stop returns how, and is called again
// with the same thread when the call is resumed; `Thread::step` tells it where it was.
#pragma once

#include <initializer_list>

#include "src/optee/message.hpp"

namespace spmc_model::optee {

using Outcome = Returned;

/// One command of the session's TA. `done`: thread.result is set.
Outcome run_data(Running& r);
Outcome run_worker(Running& r, Session& session);
Outcome run_single(Running& r, Session& session);

inline Outcome finish(Running& r, Tee result) {
  r.thread.result = result;
  return Outcome::done;
}

/// True if the TA's parameters have exactly these types, and all others none.
inline bool has_types(const Thread& thread, std::initializer_list<ParamType> types) {
  uint32_t n = 0;
  for (const ParamType type : types) {
    if (thread.params[n++].type != type) return false;
  }
  for (; n < ta_parameters; ++n) {
    if (thread.params[n].type != ParamType::none) return false;
  }
  return true;
}

/// Order counts: bytes that change places give another sum.
struct Checksum {
  uint32_t sum;
  uint32_t sum_of_sums;
};
/// False: memory is gone.
bool checksum(SpmcStorage& s, const View& view, Checksum& sum);

}  // namespace spmc_model::optee
