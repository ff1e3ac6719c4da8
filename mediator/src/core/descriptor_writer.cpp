// SPDX-License-Identifier: BSD-3-Clause
#include "core/descriptor_writer.hpp"

namespace mediator {

namespace wire = ffa::wire;

void DescriptorPart::add_head(const MemoryTransaction& transaction, ffa::Version version,
                              uint32_t ranges, ffa::Handle preset) {
  const auto layout = DescriptorLayout::make(version, transaction.receiver_count);
  if (version < ffa::v1_1) {
    new (place(sizeof(wire::MemoryTransactionV1_0))) wire::MemoryTransactionV1_0{
        .sender = transaction.sender.raw(),
        .attributes = static_cast<uint8_t>(transaction.attributes.raw()),
        .reserved_3 = 0,
        .flags = transaction.flags.raw(),
        .handle = preset.raw(),
        .tag = transaction.tag,
        .reserved_24 = 0,
        .access_count = transaction.receiver_count};
  } else {
    new (place(sizeof(wire::MemoryTransactionV1_1)))
        wire::MemoryTransactionV1_1{.sender = transaction.sender.raw(),
                                    .attributes = transaction.attributes.raw(),
                                    .flags = transaction.flags.raw(),
                                    .handle = preset.raw(),
                                    .tag = transaction.tag,
                                    .access_size = layout.access_bytes,
                                    .access_count = transaction.receiver_count,
                                    .access_offset = layout.header_bytes,
                                    .reserved_36 = {}};
  }
  for (const Receiver& receiver : transaction.receiver_list()) {
    if (version < ffa::v1_2) {
      new (place(sizeof(wire::MemoryAccessV1_0)))
          wire::MemoryAccessV1_0{.endpoint = receiver.id.raw(),
                                 .permissions = receiver.permissions.raw(),
                                 .flags = 0,
                                 .composite_offset = layout.composite_offset,
                                 .reserved_8 = 0};
    } else {
      new (place(sizeof(wire::MemoryAccessV1_2)))
          wire::MemoryAccessV1_2{.endpoint = receiver.id.raw(),
                                 .permissions = receiver.permissions.raw(),
                                 .flags = 0,
                                 .composite_offset = layout.composite_offset,
                                 .impdef = {receiver.impdef[0], receiver.impdef[1]},
                                 .reserved_24 = 0};
    }
  }
  new (place(sizeof(wire::CompositeMemoryRegion))) wire::CompositeMemoryRegion{
      .total_page_count = static_cast<uint32_t>(transaction.total_pages.raw()),
      .range_count = ranges,
      .reserved_8 = 0};
}

}  // namespace mediator
