/* SPDX-License-Identifier: BSD-3-Clause */
/* A mediator that is not deterministic: what it answers depends on what it did in worlds before. */
#include "ffa_sim_mediator.h"

#define ffa_mediator_entry minimal_entry
#include "minimal.c"
#undef ffa_mediator_entry

static uint32_t drifting_call(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                              struct ffa_sim_regs* regs) {
  static uint64_t calls;
  const uint32_t outcome = handle_call(self, vm, vcpu, conduit, regs);
  if (outcome != 0) regs->x[7] = ++calls;
  return outcome;
}

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  static struct ffa_sim_mediator_ops drifting;
  const struct ffa_sim_mediator_ops* const sound = minimal_entry(abi_version);
  if (sound == NULL) return NULL;
  drifting = *sound;
  drifting.handle_call = drifting_call;
  return &drifting;
}
