/* SPDX-License-Identifier: BSD-3-Clause */
/* Built against a header with fewer functions. */
#include "ffa_sim_mediator.h"

static const struct ffa_sim_mediator_ops operations = {
    .abi_version = FFA_SIM_ABI_VERSION, .size = 24, .name = "small"};

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  (void)abi_version;
  return &operations;
}
