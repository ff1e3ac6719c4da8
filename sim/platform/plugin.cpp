// SPDX-License-Identifier: BSD-3-Clause
// What makes a plug-in of the mediator in instance.cpp: the one symbol that it exports.
#include <cstdint>

#include "sim/platform/built_in.hpp"
#include "sim/platform/ffa_sim_mediator.h"

extern "C" __attribute__((visibility("default"))) const ffa_sim_mediator_ops* ffa_mediator_entry(
    uint32_t abi_version) {
  return sim::built_in_entry(abi_version);
}
