// SPDX-License-Identifier: BSD-3-Clause
// The mediator's image for the emulator: the functions that image_abi.hpp lists, on top of the same
// sources as everywhere.
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "mediator/instantiate.hpp"
#include "mediator/mediator.hpp"
#include "ports/unicorn/image_abi.hpp"
#include "ports/unicorn/platform.hpp"

template class mediator::Mediator<ports::unicorn::UnicornPlatform>;

namespace {

using ports::unicorn::address_of;
using ports::unicorn::hvc;
using ports::unicorn::Op;
using Mediator = mediator::Mediator<ports::unicorn::UnicornPlatform>;

// What `self` points to: in front of the mediator's own memory. The image has no state of its own,
// so several mediators can live in it.
struct Instance {
  ports::unicorn::UnicornPlatform platform;
  Mediator* mediator;
};
constexpr size_t alignment = 64;
constexpr size_t header_bytes = (sizeof(Instance) + alignment - 1) / alignment * alignment;

int32_t status_of(const ffa::Result<void>& result) {
  return static_cast<int32_t>(result.ok() ? ffa::Status::success : result.error());
}

class FactSender final : public mediator::Observer {
 public:
  void vm(const mediator::VmFacts& facts) override { hvc(Op::vm_facts, address_of(&facts)); }
  void share(const mediator::ShareFacts& facts) override {
    hvc(Op::share_facts, address_of(&facts));
  }
  void range(const mediator::RangeFacts& facts) override {
    hvc(Op::range_facts, address_of(&facts));
  }
};

}  // namespace

extern "C" {

extern const uint32_t image_abi_version;
const uint32_t image_abi_version = ports::unicorn::abi_version;

uint64_t image_memory_needed(const mediator::MediatorConfig* config) {
  return header_bytes + Mediator::memory_needed(*config);
}

uint64_t image_vm_memory_needed(const mediator::MediatorConfig* config,
                                const mediator::VmConfig* vm) {
  return Mediator::memory_needed(*config, *vm);
}

Instance* image_create(const mediator::MediatorConfig* config, std::byte* memory, uint64_t bytes) {
  if (bytes < header_bytes) return nullptr;
  auto* const instance = new (memory) Instance{{}, nullptr};
  instance->mediator =
      Mediator::create(instance->platform, *config, {memory + header_bytes, bytes - header_bytes});
  return instance->mediator != nullptr ? instance : nullptr;
}

int32_t image_probe(Instance* self) { return status_of(self->mediator->probe()); }

int32_t image_domain_init(Instance* self, const mediator::VmConfig* vm, std::byte* memory,
                          uint64_t bytes) {
  const auto progress = self->mediator->domain_init(*vm, {memory, bytes});
  return progress.ok() ? static_cast<int32_t>(*progress) : static_cast<int32_t>(progress.error());
}

uint32_t image_domain_teardown(Instance* self, uint16_t vm) {
  return static_cast<uint32_t>(self->mediator->domain_teardown(ffa::EndpointId{vm}));
}

uint32_t image_relinquish_resources(Instance* self, uint16_t vm) {
  return static_cast<uint32_t>(self->mediator->relinquish_resources(ffa::EndpointId{vm}));
}

void image_free_domain_ctx(Instance* self, uint16_t vm) {
  self->mediator->free_domain_ctx(ffa::EndpointId{vm});
}

uint32_t image_handle_call(Instance* self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                           ffa::Regs* regs) {
  const auto dispatch = self->mediator->handle_call(ffa::EndpointId{vm}, ffa::VcpuId{vcpu},
                                                    static_cast<mediator::Conduit>(conduit), *regs);
  return static_cast<uint32_t>(dispatch);
}

void image_schedule_receiver_interrupt(Instance* self) {
  self->mediator->schedule_receiver_interrupt();
}

void image_observe(Instance* self) {
  FactSender sender;
  self->mediator->observe(sender);
}

const char* image_rule_name(uint32_t rule) {
  if (rule >= static_cast<uint32_t>(mediator::Rule::count)) return nullptr;
  return mediator::rule_info(static_cast<mediator::Rule>(rule)).id;
}
}
