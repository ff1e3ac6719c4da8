/* SPDX-License-Identifier: BSD-3-Clause */
/* Is whole, and refuses every configuration. */
#include "ffa_sim_mediator.h"

static uint64_t memory_needed(const struct ffa_sim_config* config) {
  (void)config;
  return 64;
}
static uint64_t vm_memory_needed(const struct ffa_sim_config* config,
                                 const struct ffa_sim_vm_config* vm) {
  (void)config;
  (void)vm;
  return 64;
}
static void* create(const struct ffa_sim_world_ops* ops, void* world,
                    const struct ffa_sim_config* config, void* memory, uint64_t bytes) {
  (void)ops;
  (void)world;
  (void)config;
  (void)memory;
  (void)bytes;
  return NULL;
}
static void destroy(void* self) { (void)self; }
static int32_t probe(void* self) { return self == NULL ? -1 : 0; }
static int32_t domain_init(void* self, const struct ffa_sim_vm_config* vm, void* memory,
                           uint64_t bytes) {
  (void)self;
  (void)vm;
  (void)memory;
  (void)bytes;
  return -1;
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
  (void)self;
  (void)vm;
  (void)vcpu;
  (void)conduit;
  (void)regs;
  return 0;
}
static void schedule_receiver_interrupt(void* self) { (void)self; }

static const struct ffa_sim_mediator_ops operations = {
    .abi_version = FFA_SIM_ABI_VERSION,
    .size = sizeof(struct ffa_sim_mediator_ops),
    .name = "refuses",
    .memory_needed = memory_needed,
    .vm_memory_needed = vm_memory_needed,
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .domain_init = domain_init,
    .domain_teardown = done,
    .relinquish_resources = done,
    .free_domain_ctx = free_domain_ctx,
    .handle_call = handle_call,
    .schedule_receiver_interrupt = schedule_receiver_interrupt};

const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version) {
  return abi_version == FFA_SIM_ABI_VERSION ? &operations : NULL;
}
