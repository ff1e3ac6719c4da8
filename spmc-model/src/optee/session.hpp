// SPDX-License-Identifier: BSD-3-Clause
// Sessions with trusted applications: opened, entered by one call at a time, closed.
#pragma once

#include "src/optee/message.hpp"

namespace spmc_model::optee {

/// The VM's open session of that id, or nullptr.
Session* find_session(Vm& vm, uint32_t id);
/// Serves `open_session` to the end: thread.result, origin and session are set.
void open_session(Running& r);
void cancel(Running& r);

}  // namespace spmc_model::optee
