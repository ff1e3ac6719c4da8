// SPDX-License-Identifier: BSD-3-Clause
// The back end `unicorn`: the mediator's AArch64 image, run at EL2 in an emulated processor. See
// docs/unicorn.md.
#pragma once

#include <memory>
#include <string>

#include "sim/engine/mediator_under_test.hpp"
#include "sim/unicorn/monitoring.hpp"

namespace sim {

/// The image in `file`; `counted` is told of each guest's call, `entered` of each of its
/// basic blocks. Throws InputError (file, reason) where the image can't be used; MissingTool where
/// this build has no emulator.
std::unique_ptr<MediatorFactory> unicorn_mediator(
    const std::string& file, unicorn::Monitoring monitoring = unicorn::Monitoring::cheap,
    unicorn::CountSink counted = {}, unicorn::BlockSink entered = {});

/// The image that belongs to the running program: what the environment variable
/// FFASIM_UNICORN_IMAGE names, or the one that the `aarch64` preset has built beside this tree.
/// Throws MissingTool where that has not been built.
std::string find_unicorn_image();

}  // namespace sim
