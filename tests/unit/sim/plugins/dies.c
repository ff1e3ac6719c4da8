/* SPDX-License-Identifier: BSD-3-Clause */
/* A mediator that ends its process: where the SPMC refuses FFA_ID_GET, and where it is asked for
 * FFA_SPM_ID_GET while it is at another such call. */
#include <stdlib.h>

#include "ffa_sim_mediator.h"

#define ffa_mediator_entry minimal_entry
#include "minimal.c"
#undef ffa_mediator_entry

static uint32_t dying_call(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                           struct ffa_sim_regs* regs) {
  static uint32_t inside;
  struct minimal* m = self;
  if (regs->x[0] == 0x84000069u) {
    m->ops->smc(m->world, vm, regs);
    if (regs->x[0] == 0x84000060u) abort();
    return 1;
  }
  if (regs->x[0] != 0x84000085u) return handle_call(self, vm, vcpu, conduit, regs);
  if (inside++ != 0) abort();
  m->ops->smc(m->world, vm, regs);
  --inside;
  return 1;
}

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  static struct ffa_sim_mediator_ops dying;
  const struct ffa_sim_mediator_ops* const sound = minimal_entry(abi_version);
  if (sound == NULL) return NULL;
  dying = *sound;
  dying.handle_call = dying_call;
  return &dying;
}
