// SPDX-License-Identifier: BSD-3-Clause
// The mediator with every access to its memory told to the world: build/lib/ffa-mediator-fine.so.
// Its other sources are compiled with -fsanitize=thread; these are the functions that the compiler
// calls then, in place of the sanitizer's. Compiled without.
#include <cstddef>
#include <cstdint>

#include "sim/platform/built_in.hpp"
#include "sim/platform/ffa_sim_mediator.h"

namespace {

/// In front of the mediator's own memory.
struct Header {
  const ffa_sim_world_ops* ops;
  void* world;
  void* self;
};
constexpr uint64_t header_bytes = 64;
static_assert(sizeof(Header) <= header_bytes);

// The world that runs on this thread; fibers switch within it. nullptr: nobody is told.
thread_local const Header* current = nullptr;

const ffa_sim_mediator_ops& plain() { return *sim::built_in_entry(FFA_SIM_ABI_VERSION); }

void* enter(void* self) {
  current = static_cast<const Header*>(self);
  return current->self;
}

/// Inlined, so that the place is the one that its caller was called from.
[[gnu::always_inline]] inline void tell(const void* address, uint64_t bytes, bool write) {
  if (current == nullptr) return;
  current->ops->memory_access(current->world, address, static_cast<uint32_t>(bytes), write ? 1 : 0,
                              __builtin_return_address(0));
}

uint64_t memory_needed(const ffa_sim_config* config) {
  return header_bytes + plain().memory_needed(config);
}

void* create(const ffa_sim_world_ops* ops, void* world, const ffa_sim_config* config, void* memory,
             uint64_t bytes) {
  if (bytes < header_bytes) return nullptr;
  auto* const header = static_cast<Header*>(memory);
  *header = {ops, world, nullptr};
  header->self = plain().create(ops, world, config, static_cast<std::byte*>(memory) + header_bytes,
                                bytes - header_bytes);
  return header->self == nullptr ? nullptr : header;
}

void destroy(void* self) {
  plain().destroy(enter(self));
  current = nullptr;
}

int32_t probe(void* self) { return plain().probe(enter(self)); }

int32_t domain_init(void* self, const ffa_sim_vm_config* vm, void* memory, uint64_t bytes) {
  return plain().domain_init(enter(self), vm, memory, bytes);
}

uint32_t domain_teardown(void* self, uint16_t vm) {
  return plain().domain_teardown(enter(self), vm);
}

uint32_t relinquish_resources(void* self, uint16_t vm) {
  return plain().relinquish_resources(enter(self), vm);
}

void free_domain_ctx(void* self, uint16_t vm) { plain().free_domain_ctx(enter(self), vm); }

uint32_t handle_call(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa_sim_regs* regs) {
  return plain().handle_call(enter(self), vm, vcpu, conduit, regs);
}

void schedule_receiver_interrupt(void* self) { plain().schedule_receiver_interrupt(enter(self)); }

void observe(void* self, ffa_sim_fact_sink sink, void* context) {
  plain().observe(enter(self), sink, context);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const ffa_sim_mediator_ops* ffa_mediator_entry(
    uint32_t abi_version) {
  static const ffa_sim_mediator_ops operations = {FFA_SIM_ABI_VERSION,
                                                  sizeof(ffa_sim_mediator_ops),
                                                  "ffa-sim fine",
                                                  memory_needed,
                                                  plain().vm_memory_needed,
                                                  create,
                                                  destroy,
                                                  probe,
                                                  domain_init,
                                                  domain_teardown,
                                                  relinquish_resources,
                                                  free_domain_ctx,
                                                  handle_call,
                                                  schedule_receiver_interrupt,
                                                  observe,
                                                  plain().rule_name};
  return abi_version == FFA_SIM_ABI_VERSION ? &operations : nullptr;
}

// What GCC and clang call.
#define FFA_SIM_ACCESS(bytes)                                                       \
  void __tsan_read##bytes(void* address) { tell(address, bytes, false); }           \
  void __tsan_write##bytes(void* address) { tell(address, bytes, true); }           \
  void __tsan_unaligned_read##bytes(void* address) { tell(address, bytes, false); } \
  void __tsan_unaligned_write##bytes(void* address) { tell(address, bytes, true); } \
  void __tsan_read_write##bytes(void* address) { tell(address, bytes, true); }      \
  void __tsan_unaligned_read_write##bytes(void* address) { tell(address, bytes, true); }
FFA_SIM_ACCESS(1)
FFA_SIM_ACCESS(2)
FFA_SIM_ACCESS(4)
FFA_SIM_ACCESS(8)
FFA_SIM_ACCESS(16)
#undef FFA_SIM_ACCESS
void __tsan_init() {}
void __tsan_func_entry(void* /*caller*/) {}
void __tsan_func_exit() {}
void __tsan_read_range(void* address, uint64_t bytes) { tell(address, bytes, false); }
void __tsan_write_range(void* address, uint64_t bytes) { tell(address, bytes, true); }
void __tsan_vptr_update(void** address, void* /*value*/) { tell(address, sizeof *address, true); }
void __tsan_vptr_read(void** address) { tell(address, sizeof *address, false); }
void* __tsan_memcpy(void* to, const void* from, size_t bytes) {
  tell(from, bytes, false);
  tell(to, bytes, true);
  return __builtin_memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, size_t bytes) {
  tell(from, bytes, false);
  tell(to, bytes, true);
  return __builtin_memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, size_t bytes) {
  tell(to, bytes, true);
  return __builtin_memset(to, value, bytes);
}

}  // extern "C"
