/* SPDX-License-Identifier: BSD-3-Clause */
/* A mediator that tells another state each time it is looked at: nothing that it did has an
 * explanation, which shows at the end of each order only. */
#include "ffa_sim_mediator.h"

#define ffa_mediator_entry minimal_entry
#include "minimal.c"
#undef ffa_mediator_entry

static void observe(void* self, ffa_sim_fact_sink sink, void* context) {
  static uint64_t times;
  const struct ffa_sim_fact fact = {
      .kind = FFA_SIM_FACT_VM, .vm = 1, .version = 0x10002, .tx_ipa = ++times << 12};
  (void)self;
  sink(context, &fact);
}

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  static struct ffa_sim_mediator_ops unsettled;
  const struct ffa_sim_mediator_ops* const sound = minimal_entry(abi_version);
  if (sound == NULL) return NULL;
  unsettled = *sound;
  unsettled.observe = observe;
  return &unsettled;
}
