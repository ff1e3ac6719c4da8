// SPDX-License-Identifier: BSD-3-Clause
// FFA_PARTITION_INFO_GET and FFA_PARTITION_INFO_GET_REGS, from the snapshot of the SPs made at boot
// and the table of VMs. A query costs no world switch. A VM has one service at most, and sees
// itself from 1.2 on. An SP that aborted is not listed any more. [DEN0077A 1.2 §6.2, §13.8, §13.9]
#pragma once

#include <memory>
#include <new>
#include <span>

#include "core/call_table.hpp"
#include "core/partition_table.hpp"
#include "ffa/calls.hpp"
#include "ffa/wire/partition.hpp"
#include "handlers/aborted_partition.hpp"
#include "handlers/access.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The properties that the caller may rely on, of SPs or of VMs: bits that its version knows,
/// without those of calls that it can't make there.
template <Platform P>
uint32_t shown_properties(const CallContext<P>& call, bool of_vms) {
  using ffa::PartitionProperties;
  const SpmcFeatures& spmc = call.mediator.spmc.features;
  uint32_t hidden = 0;
  if (call.version < ffa::v1_1 || (!of_vms && !spmc.has(ffa::Fid::msg_send2))) {
    hidden |= PartitionProperties::indirect_messages_bit;
  }
  const bool wide = call.vm.config.aarch64;
  if (!wide || (!of_vms && !spmc.has(ffa::Fid::msg_send_direct_req2))) {
    hidden |= PartitionProperties::receives_direct_requests2_bit |
              PartitionProperties::sends_direct_requests2_bit;
  }
  return PartitionProperties::known_mask(call.version) & ~hidden;
}

/// A VM as its peers see it. Where it names no VM, it takes no messages of VMs, and SPs send it
/// none.
template <Platform P>
Partition as_partition(const VmSlot<P>& vm, const SpmcFeatures& spmc) {
  using ffa::PartitionProperties;
  const bool serves = vm.access.names_vms();
  uint32_t bits = PartitionProperties::sends_direct_requests_bit;
  if (serves) bits |= PartitionProperties::receives_direct_requests_bit;
  if (serves && vm.offered >= ffa::v1_1) bits |= PartitionProperties::indirect_messages_bit;
  if (serves && vm.offered >= ffa::v1_2 && vm.aarch64) {
    bits |= PartitionProperties::receives_direct_requests2_bit |
            PartitionProperties::sends_direct_requests2_bit;
  }
  if (serves || has_notifications(spmc)) bits |= PartitionProperties::receives_notifications_bit;
  if (vm.aarch64) bits |= PartitionProperties::aarch64_bit;
  return {vm.id, vm.vcpus, PartitionProperties{bits}, vm.uuid};
}

template <Platform P>
bool is_listed(CallContext<P>& call, const VmSlot<P>& vm) {
  if (vm.id == call.vm.id()) return call.version >= ffa::v1_2;
  return is_reachable(call, vm);
}

/// Calls `visit(partition)` for each partition that the caller sees under this UUID, as the caller
/// sees it. Returns the number that changes whenever the list does.
template <Platform P, class Visit>
uint16_t for_each_partition(CallContext<P>& call, const ffa::Uuid& uuid, Visit visit) {
  const bool all = uuid.is_nil();
  const uint32_t shown[] = {shown_properties(call, false), shown_properties(call, true)};
  const auto show = [&](const Partition& partition, bool is_vm) {
    const ffa::PartitionProperties properties{partition.properties.raw() & shown[is_vm ? 1 : 0]};
    if (all)
      return visit(
          Partition{partition.id, partition.execution_contexts, properties, partition.uuid});
    visit(Partition{partition.id, partition.execution_contexts, properties, {}});
  };
  const auto wanted = [&](const ffa::Uuid& own) { return all || own == uuid; };
  const std::span<const Partition> sps = call.mediator.partitions.entries();
  for (size_t place = 0; place < sps.size(); ++place) {
    const bool known = wanted(sps[place].uuid) && call.vm.access.names(sps[place].id);
    if (known && !is_gone(call.mediator, place)) show(sps[place], false);
  }
  uint16_t changes = 0;
  call.mediator.vms.for_each([&](const VmSlot<P>& vm) {
    if (vm.id == call.vm.id()) changes = vm.list_changes;
    if (wanted(vm.uuid) && is_listed(call, vm)) {
      show(as_partition(vm, call.mediator.spmc.features), true);
    }
  });
  return changes;
}

/// Writes descriptors of one version into memory that begins on a multiple of 8 bytes, as many as
/// fit, and counts all of them.
class DescriptorWriter {
 public:
  DescriptorWriter(ffa::Version version, std::span<std::byte> memory)
      : size_(version < ffa::v1_1 ? sizeof(ffa::wire::PartitionInfoV1_0)
                                  : sizeof(ffa::wire::PartitionInfoV1_1)),
        memory_(memory) {}
  void add(const Partition& partition) {
    if (bytes() <= memory_.size() && size_ <= memory_.size() - bytes()) {
      const uint16_t id = partition.id.raw();
      const uint16_t contexts = partition.execution_contexts;
      const uint32_t properties = partition.properties.raw();
      void* const at = std::assume_aligned<8>(memory_.data() + bytes());
      if (size_ == sizeof(ffa::wire::PartitionInfoV1_0)) {
        new (at) ffa::wire::PartitionInfoV1_0{id, contexts, properties};
      } else {
        new (at) ffa::wire::PartitionInfoV1_1{id, contexts, properties, partition.uuid};
      }
    }
    ++count_;
  }
  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] size_t bytes() const { return count_ * size_; }
  [[nodiscard]] uint32_t descriptor_size() const { return static_cast<uint32_t>(size_); }

 private:
  size_t size_;
  std::span<std::byte> memory_;
  uint32_t count_ = 0;
};

template <Platform P>
Reply partition_info_get(CallContext<P>& call) {
  const auto query = ffa::PartitionInfoGet::decode(call.regs);
  const bool flags_known = query.ok() && (call.version >= ffa::v1_1 || !query->count_only);
  FFA_CHECK(call.rules.require(Rule::pinfo_flags, flags_known));
  const std::span<std::byte> copy = call.vcpu_state().message;
  DescriptorWriter writer{call.version, copy};
  for_each_partition(call, query->uuid, [&](const Partition& partition) { writer.add(partition); });
  const bool uuid_known = query->uuid.is_nil() || writer.count() != 0;
  FFA_CHECK(call.rules.require(Rule::pinfo_uuid, uuid_known));
  if (query->count_only)
    return call.reply(ffa::PartitionInfoGetSuccess{writer.count(), 0}.encode());

  RxWriter<P> rx{call};
  FFA_CHECK(rx.acquire());
  FFA_CHECK(call.rules.require(Rule::pinfo_fits, writer.bytes() <= rx.size_bytes()));
  const auto length = static_cast<uint32_t>(writer.bytes());
  rx.write(0, copy.first(length));
  rx.finish(length);
  const uint32_t size = call.version < ffa::v1_1 ? 0 : writer.descriptor_size();
  return call.reply(ffa::PartitionInfoGetSuccess{writer.count(), size}.encode());
}

template <Platform P>
Reply partition_info_get_regs(CallContext<P>& call) {
  const auto query = ffa::PartitionInfoGetRegs::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::pinfo_regs_reserved, query.ok()));
  ffa::PartitionInfoGetRegsSuccess reply;
  const uint32_t start = query->start_index;
  uint32_t count = 0;
  reply.information_tag = for_each_partition(call, query->uuid, [&](const Partition& partition) {
    const ffa::PartitionRegs regs{partition.id, partition.execution_contexts, partition.properties,
                                  partition.uuid};
    const uint32_t place = count++;
    if (place < start || !reply.set_partition(place - start, regs).ok()) return;
    reply.current_index = static_cast<uint16_t>(place);
  });
  const bool uuid_known = query->uuid.is_nil() || count != 0;
  FFA_CHECK(call.rules.require(Rule::pinfo_regs_uuid, uuid_known));
  const bool first_tag = start != 0 || query->information_tag == 0;
  FFA_CHECK(call.rules.require(Rule::pinfo_regs_first_tag, first_tag));
  const bool same_list = start == 0 || query->information_tag == reply.information_tag;
  FFA_CHECK(call.rules.require(Rule::pinfo_regs_tag, same_list));
  FFA_CHECK(call.rules.require(Rule::pinfo_regs_index, start < count));
  reply.last_index = static_cast<uint16_t>(count - 1);
  return call.reply(reply.encode());
}

}  // namespace mediator
