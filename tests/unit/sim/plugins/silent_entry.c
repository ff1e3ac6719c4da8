/* SPDX-License-Identifier: BSD-3-Clause */
/* Speaks no version that the simulator asks for. */
#include "ffa_sim_mediator.h"

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  (void)abi_version;
  return NULL;
}
