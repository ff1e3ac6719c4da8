/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest mediator that is one: it answers FFA_VERSION by asking the SPMC, and hands on
 * everything else. */
#include "ffa_sim_mediator.h"

struct minimal {
  const struct ffa_sim_world_ops* ops;
  void* world;
};

static uint64_t memory_needed(const struct ffa_sim_config* config) {
  (void)config;
  return sizeof(struct minimal);
}

static uint64_t vm_memory_needed(const struct ffa_sim_config* config,
                                 const struct ffa_sim_vm_config* vm) {
  (void)config;
  (void)vm;
  return 64;
}

static void* create(const struct ffa_sim_world_ops* ops, void* world,
                    const struct ffa_sim_config* config, void* memory, uint64_t bytes) {
  struct minimal* self = memory;
  (void)config;
  if (ops->abi_version != FFA_SIM_ABI_VERSION || bytes < sizeof *self) return NULL;
  self->ops = ops;
  self->world = world;
  return self;
}

static void destroy(void* self) { (void)self; }
static int32_t probe(void* self) {
  struct minimal* m = self;
  static const char text[] = "minimal mediator";
  m->ops->log(m->world, 2, text, sizeof text - 1);
  return 0;
}
static int32_t domain_init(void* self, const struct ffa_sim_vm_config* vm, void* memory,
                           uint64_t bytes) {
  (void)self;
  (void)memory;
  return vm->id != 0 && bytes == 64 ? 0 : -2;
}
static uint32_t done(void* self, uint16_t vm) {
  (void)self;
  (void)vm;
  return FFA_SIM_DONE;
}
static void free_domain_ctx(void* self, uint16_t vm) {
  (void)self;
  (void)vm;
}
static uint32_t handle_call(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                            struct ffa_sim_regs* regs) {
  struct minimal* m = self;
  (void)vcpu;
  (void)conduit;
  if (regs->x[0] != 0x84000063u) return 0;
  m->ops->smc(m->world, vm, regs);
  return 1;
}
static void schedule_receiver_interrupt(void* self) { (void)self; }

static const struct ffa_sim_mediator_ops operations = {FFA_SIM_ABI_VERSION,
                                                       sizeof(struct ffa_sim_mediator_ops),
                                                       "minimal",
                                                       memory_needed,
                                                       vm_memory_needed,
                                                       create,
                                                       destroy,
                                                       probe,
                                                       domain_init,
                                                       done,
                                                       done,
                                                       free_domain_ctx,
                                                       handle_call,
                                                       schedule_receiver_interrupt,
                                                       NULL,
                                                       NULL};

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  return abi_version == FFA_SIM_ABI_VERSION ? &operations : NULL;
}
