/* SPDX-License-Identifier: BSD-3-Clause */
/* The plug-in seam: what a mediator in a shared library and the simulator promise each other. Plain
 * C, little structs, no ownership across the border. The built-in mediator uses the same seam. See
 * docs/plugin-abi.md.
 *
 * The library exports one symbol, ffa_mediator_entry. All calls come on the simulator's fibers, one
 * at a time; every world operation may switch fibers before it returns. Statuses are FF-A's (0
 * success, -1 NOT_SUPPORTED, …). */
#ifndef FFA_SIM_MEDIATOR_H
#define FFA_SIM_MEDIATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FFA_SIM_ABI_VERSION 7u

enum ffa_sim_memory_kind {
  FFA_SIM_MEM_NONE = 0,
  FFA_SIM_MEM_RAM_RW = 1,
  FFA_SIM_MEM_RAM_RO = 2,
  FFA_SIM_MEM_DEVICE = 3,
  FFA_SIM_MEM_FOREIGN = 4,
  FFA_SIM_MEM_RAM_NONE = 5 /* the VM's, lent or donated: it can't get at it */
};
enum ffa_sim_access { FFA_SIM_ACCESS_NONE = 0, FFA_SIM_ACCESS_FULL = 1 };
enum ffa_sim_borrower_access { FFA_SIM_BORROWER_READ_ONLY = 0, FFA_SIM_BORROWER_READ_WRITE = 1 };
/* How a mediator gets the handle of a send in fragments; see docs/plugin-abi.md. */
enum ffa_sim_fragments {
  FFA_SIM_FRAGMENTS_DEFAULT = 0,
  FFA_SIM_FRAGMENTS_NONE = 1,
  FFA_SIM_FRAGMENTS_STREAMED = 2,
  FFA_SIM_FRAGMENTS_PRESET = 3
};
enum ffa_sim_progress {
  FFA_SIM_DONE = 0,
  FFA_SIM_RESTART = 1,     /* the budget is used up: call again */
  FFA_SIM_QUARANTINED = 2, /* finished, but pages remain with the SPMC */
  FFA_SIM_LATER = 3        /* refused for now: call again after others had their turn */
};
/* What handle_call says. `blocked`: the call waits for another VM, registers unchanged; it is made
 * again after world_ops.wake, or earlier for an interrupt of the vCPU. */
enum ffa_sim_call { FFA_SIM_NOT_MINE = 0, FFA_SIM_HANDLED = 1, FFA_SIM_BLOCKED = 2 };
enum ffa_sim_conduit { FFA_SIM_SMC = 0, FFA_SIM_HVC = 1 };
enum ffa_sim_tee { FFA_SIM_TEE_NONE = 0, FFA_SIM_TEE_FFA = 1 };

struct ffa_sim_regs {
  uint64_t x[18];
};

/* A run of pages contiguous in IPA and PA and of one kind. */
struct ffa_sim_extent {
  uint64_t pa;
  uint64_t pages;
  uint32_t kind;
  uint32_t reserved;
};

struct ffa_sim_own_buffers {
  uint32_t tx_id, rx_id;
  uint64_t tx_pa, rx_pa;
};

/* Of the whole mediator. 0 in a limit: the mediator's default. */
struct ffa_sim_config {
  uint16_t max_vms, max_partitions, spmc_buffer_pages, vm_message_retries, reclaim_retries;
  uint8_t allow_hvc, fragments; /* ffa_sim_fragments */
  uint32_t max_version, npi_id, sri_id;
  uint16_t fragment_retries;
  uint8_t keeps_refused_send, reserved; /* 1: the SPMC keeps a send whose fragment it refused */
  uint64_t vm_message_handle;
};

struct ffa_sim_vm_config {
  uint16_t id, vcpus, max_shares, max_rxtx_pages;
  uint8_t tee, aarch64, visible_to_vms, max_borrowers;
  uint32_t max_version, max_share_pages, max_ranges;
  uint8_t overlapping_shares;          /* 1: a page may be in several live shares */
  uint8_t no_loans;                    /* 1: no MEM_LEND and MEM_DONATE */
  uint16_t max_transfers;              /* sends in fragments; 0xffff: none */
  uint16_t peers[8];                   /* endpoints that it may see and reach besides; 0: nobody */
  uint8_t reaches_no_sps, reserved[3]; /* 1: no SP but those in peers */
  uint64_t borrow_base;                /* IPA space in which it gets at what it borrows from VMs */
  uint64_t borrow_pages;               /* 0: it can't borrow */
  uint8_t uuid[16];                    /* of its service, as in registers; zero: none */
};

/* Callbacks into the simulated world. Each is a yield point and a point where a fault may be
 * injected. */
struct ffa_sim_world_ops {
  uint32_t abi_version, size;
  void (*translate)(void* world, uint16_t vm, uint64_t ipa, uint64_t pages,
                    struct ffa_sim_extent* out);
  int32_t (*pin)(void* world, uint16_t vm, uint64_t ipa, const struct ffa_sim_extent* extent);
  void (*unpin)(void* world, uint16_t vm, uint64_t ipa, uint64_t pages);
  int32_t (*map)(void* world, uint16_t vm, uint64_t ipa, uint64_t pages, uint32_t* buffer);
  void (*unmap)(void* world, uint32_t buffer);
  void (*copy_in)(void* world, uint32_t buffer, uint32_t offset, void* to, uint32_t length);
  void (*copy_out)(void* world, uint32_t buffer, uint32_t offset, const void* from,
                   uint32_t length);
  void (*clear)(void* world, uint32_t buffer, uint32_t offset, uint32_t length);
  void (*own_buffers)(void* world, struct ffa_sim_own_buffers* out);
  void (*smc)(void* world, uint16_t vm, struct ffa_sim_regs* regs);
  /* 1 injected, 0 the vCPU is offline */
  int32_t (*inject_irq)(void* world, uint16_t vm, uint16_t vcpu, uint32_t irq);
  int32_t (*vm_get)(void* world, uint16_t vm); /* 1 taken, 0 no such VM or dying */
  void (*vm_put)(void* world, uint16_t vm);
  int32_t (*budget_left)(void* world); /* 1 go on, 0 stop and ask to be called again */
  void (*log)(void* world, uint32_t level, const char* text, uint32_t length);
  /* Rules met by the call that now ends: bit set of accepted rules, number of the rejecting one or
   * 0. */
  void (*rules)(void* world, uint16_t vm, uint16_t vcpu, const uint64_t* accepted, uint32_t words,
                uint32_t rejected);
  /* Locks: `lock` is a word of the mediator's, 0 when free; the world blocks and wakes the fibers.
   */
  void (*lock_acquire)(void* world, uint32_t* lock, uint32_t lock_class);
  void (*lock_release)(void* world, uint32_t* lock, uint32_t lock_class);
  /* Called right before each access to a shared atomic word; `write` 0: it is only read. */
  void (*atomic_access)(void* world, const void* word, uint32_t write);
  /* Takes the VM's own access to pinned pages away, or gives it back. */
  int32_t (*set_access)(void* world, uint16_t vm, uint64_t ipa, uint64_t pages, uint32_t access);
  /* Maps pinned pages of another VM at `ipa` of the borrower, and takes them away again. */
  int32_t (*map_into)(void* world, uint16_t borrower, uint64_t ipa,
                      const struct ffa_sim_extent* extent, uint32_t access);
  void (*unmap_from)(void* world, uint16_t borrower, uint64_t ipa, uint64_t pages);
  /* What set_access or unmap_from has taken away is in no TLB any more. */
  void (*tlbi)(void* world, uint16_t vm);
  /* The blocked call of a vCPU can be made again. */
  void (*wake)(void* world, uint16_t vm, uint16_t vcpu);
  /* Optional: called right before each other access to memory. What lies outside of the memory that
   * the mediator was handed is left alone. `code`: the instruction that follows what accesses, for
   * reports; NULL: not known. */
  void (*memory_access)(void* world, const void* address, uint32_t bytes, uint32_t write,
                        const void* code);
  /* The physical CPU that this code runs on: one and the same until handle_call returns. A vCPU
   * may make its next call, and a blocked one again, on another. No yield point. */
  uint16_t (*pcpu)(void* world);
};

/* What an observer is told; kinds in the order VM, its shares, each followed by its ranges. */
enum ffa_sim_fact_kind { FFA_SIM_FACT_VM = 1, FFA_SIM_FACT_SHARE = 2, FFA_SIM_FACT_RANGE = 3 };
struct ffa_sim_fact {
  uint32_t kind;
  uint16_t vm;
  uint8_t rx_state;      /* VM: 0 unmapped 1 free 2 producing 3 vm_owned 4 spmc_owned */
  uint8_t flags;         /* VM: bit 0 version frozen, bit 1 TX claimed, bit 2 dying */
  uint32_t version;      /* VM: negotiated version or 0 */
  uint32_t shares;       /* VM: share objects */
  uint32_t quarantined;  /* VM */
  uint32_t share_state;  /* SHARE: 0 reserved 1 sent 2 shared 3 reclaiming 4 quarantined */
  uint64_t pinned_pages; /* VM: references held */
  uint64_t rx_ipa, tx_ipa, rxtx_pages; /* VM */
  uint64_t handle;                     /* SHARE */
  uint64_t ipa, pages;                 /* SHARE: pages; RANGE: both */
};
typedef void (*ffa_sim_fact_sink)(void* context, const struct ffa_sim_fact* fact);

/* What the simulator calls. `self` is what create() returned. */
struct ffa_sim_mediator_ops {
  uint32_t abi_version, size;
  const char* name;
  uint64_t (*memory_needed)(const struct ffa_sim_config* config);
  uint64_t (*vm_memory_needed)(const struct ffa_sim_config* config,
                               const struct ffa_sim_vm_config* vm);
  void* (*create)(const struct ffa_sim_world_ops* ops, void* world,
                  const struct ffa_sim_config* config, void* memory,
                  uint64_t bytes); /* NULL: refused */
  void (*destroy)(void* self);
  int32_t (*probe)(void* self);
  /* A status, or FFA_SIM_RESTART or FFA_SIM_LATER: call again with the same arguments. */
  int32_t (*domain_init)(void* self, const struct ffa_sim_vm_config* vm, void* memory,
                         uint64_t bytes);
  uint32_t (*domain_teardown)(void* self, uint16_t vm);      /* ffa_sim_progress */
  uint32_t (*relinquish_resources)(void* self, uint16_t vm); /* ffa_sim_progress */
  void (*free_domain_ctx)(void* self, uint16_t vm);
  uint32_t (*handle_call)(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                          struct ffa_sim_regs* regs); /* ffa_sim_call */
  void (*schedule_receiver_interrupt)(void* self);
  void (*observe)(void* self, ffa_sim_fact_sink sink, void* context); /* NULL: not offered */
  /* Names of the rules that `rules` reports; NULL behind the last. NULL function: not offered. */
  const char* (*rule_name)(uint32_t rule);
};

/* The one exported symbol. NULL: this ABI version is not spoken. */
const struct ffa_sim_mediator_ops* ffa_mediator_entry(uint32_t abi_version);

#ifdef __cplusplus
}
#endif
#endif
