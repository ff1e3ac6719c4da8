/* SPDX-License-Identifier: BSD-3-Clause */
/* Says that it speaks a version that it was not asked for. */
#include "ffa_sim_mediator.h"

static const struct ffa_sim_mediator_ops operations = {
    .abi_version = 8, .size = sizeof(struct ffa_sim_mediator_ops), .name = "other"};

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  (void)abi_version;
  return &operations;
}
