// SPDX-License-Identifier: BSD-3-Clause
// What FF-A says about which row can answer which. Pairing never joins a call and an answer that
// the spec does not know together. [DEN0077A 1.2 chapter 11 ff.]
#pragma once

#include "tools/ffa-trace/import/row.hpp"

namespace ffa_trace {

/// True if x0 is an FF-A function.
bool is_ffa(const Row& row);

/// True if the row's function is only ever an answer at EL3: SUCCESS, ERROR, INTERRUPT, …
bool is_only_answer(const Row& row);

/// True for what the SPMC says when it has nothing to do: MSG_WAIT and NORMAL_WORLD_RESUME. What
/// comes back to it later is another request.
bool is_farewell(const Row& row);

/// True for calls that the SPMD answers itself, so that no row of the SPMC follows.
bool is_answered_by_spmd(const Row& row);

bool is_version(const Row& row);

/// True for the SPMC's answer to the SPMD's framework message about the caller's version.
bool is_version_response(const Row& row);

/// True if `answer` may be what `call` returned with. Registers that were not captured fit.
bool could_answer(const Row& call, const Row& answer);

}  // namespace ffa_trace
