// SPDX-License-Identifier: BSD-3-Clause
// Where in the sources an instruction of the process comes from. Used for reports of mode `fine`,
// whose mediator is built with line numbers.
#pragma once

#include <string>

namespace sim {

/// "mediator/src/core/rx_state.hpp:31 (claim)": the line that was being run when the instruction
/// before `code` was, looking through inlined functions of the standard library. "an unknown place"
/// for code without line numbers.
std::string code_place(const void* code);

/// A name without namespaces, template arguments, result and parameters.
std::string short_function(const std::string& name);

}  // namespace sim
