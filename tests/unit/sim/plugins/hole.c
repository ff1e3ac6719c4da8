/* SPDX-License-Identifier: BSD-3-Clause */
/* Has a name and no functions. */
#include "ffa_sim_mediator.h"

static const struct ffa_sim_mediator_ops operations = {
    .abi_version = FFA_SIM_ABI_VERSION, .size = sizeof(struct ffa_sim_mediator_ops), .name = "hole"};

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  (void)abi_version;
  return &operations;
}
