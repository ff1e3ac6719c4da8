// SPDX-License-Identifier: BSD-3-Clause
// Yielding calls: begun on a free thread, resumed by its number. Called by service.cpp.
#pragma once

#include "src/optee/state.hpp"
#include "src/sps.hpp"

namespace spmc_model::optee {

/// The answer's words: w3 an error code, w4 how the call returned, w7 the thread to resume.
Payload begin_call(SpmcStorage& s, Vm& vm, ffa::Handle handle, uint32_t offset);
Payload resume_call(SpmcStorage& s, Vm& vm, uint32_t thread);

}  // namespace spmc_model::optee
