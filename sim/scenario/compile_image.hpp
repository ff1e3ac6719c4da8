// SPDX-License-Identifier: BSD-3-Clause
// Programs from outside in a world: their files and boards. Called by the world's compiler.
#pragma once

#include <optional>

#include "sim/engine/world_spec.hpp"
#include "sim/scenario/compile_node.hpp"

namespace sim::scenario {

/// The key `image` of a VM, whose memory is known by then, or of an SP. Nothing: there is none.
std::optional<ImageSpec> vm_image(const Node& vm, const VmSpec& spec);
std::optional<ImageSpec> sp_image(const Node& sp);

/// True if some endpoint runs a program from outside.
bool has_images(const WorldSpec& world);

}  // namespace sim::scenario
