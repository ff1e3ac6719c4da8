// SPDX-License-Identifier: BSD-3-Clause
// `tee` of an expectation: how a request to an OP-TEE-like service came back, and what its argument
// structure says.
#pragma once

#include "sim/scenario/expect_compile.hpp"

namespace sim::scenario {

/// What is silent must be success, if `judged`: the request is done, and so is the command. `node`
/// is the whole expectation.
ExpectedTee compile_tee(const Node& node, const ExpectContext& context, const Expectation& rest);

}  // namespace sim::scenario
