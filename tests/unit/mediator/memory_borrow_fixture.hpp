// SPDX-License-Identifier: BSD-3-Clause
// VMs that borrow from VM 1: requests by offsets of their own, and the calls of a borrower.
#pragma once

#include "memory_fixture.hpp"

namespace memory_test {

inline constexpr uint64_t window = 0x70000000;
inline constexpr uint64_t tag = 0x1122334455667788;
inline constexpr uint32_t lend = 0xc4000072;

/// A retrieve request, by offsets of its own.
struct Request {
  Layout layout = Layout::v1_2;
  uint16_t sender = 1;
  uint64_t handle = 0;
  uint16_t attributes = 0;
  uint32_t flags = 0;
  uint64_t tag = memory_test::tag;
  std::vector<Borrower> borrowers{{2, 2, {0x77, 0x78}}};

  size_t header() const { return layout == Layout::v1_0 ? 32 : 48; }
  size_t access() const { return layout == Layout::v1_2 ? 32 : 16; }
  Bytes build() const {
    const Head head{layout, sender, attributes, flags, handle, tag, access()};
    Bytes image(head.size() + borrowers.size() * access());
    head.put_in(image, borrowers);
    return image;
  }
};

class Borrowing : public MemorySharing {
 protected:
  void begin(uint64_t window_pages = 16, Layout borrower = Layout::v1_2) {
    world.borrow_window = {ffa::Ipa{window}, ffa::PageCount{window_pages}};
    start(1);
    start(2, version_of(borrower));
    start(3);
    world.platform.smcs.clear();
  }
  /// VM 1 to VM 2 and perhaps others.
  static Descriptor offer(uint64_t ipa, uint32_t count = 1) {
    Descriptor descriptor = pages(ipa, count);
    descriptor.borrowers = {{2, 2, {0x77, 0x78}}};
    return descriptor;
  }
  uint64_t offered(const Descriptor& descriptor) { return shared(descriptor); }
  uint64_t lent(Descriptor descriptor) {
    if (descriptor.borrowers.size() == 1) descriptor.attributes = 0;
    const Bytes image = descriptor.build();
    write_tx(image);
    const ffa::Regs reply = low(world.call(1, {lend, image.size(), image.size()}));
    EXPECT_SUCCESS32(reply);
    return handle_in(reply);
  }
  ffa::Regs retrieve_bytes(const Bytes& image, uint16_t vm = 2) {
    write_tx(image, vm);
    return low(world.call(vm, {0x84000074, image.size(), image.size()}));
  }
  ffa::Regs retrieve(const Request& request, uint16_t vm = 2) {
    return retrieve_bytes(request.build(), vm);
  }
  ffa::Regs release_rx(uint16_t vm = 2) { return world.call(vm, {0x84000065}); }
  ffa::Regs frag_rx(uint64_t handle, uint32_t offset, uint32_t w4 = 0) {
    return low(world.call(2, {0x8400007a, handle & 0xffffffff, handle >> 32, offset, w4}));
  }
  ffa::Regs relinquish(uint64_t handle, uint32_t flags = 0, uint16_t vm = 2, uint16_t endpoint = 0,
                       uint32_t count = 1) {
    Bytes image(18);
    put(image, 0, handle, 8);
    put(image, 8, flags, 4);
    put(image, 12, count, 4);
    put(image, 16, endpoint == 0 ? vm : endpoint, 2);
    write_tx(image, vm);
    return low(world.call(vm, {0x84000076}));
  }
  Bytes rx(size_t length, uint16_t vm = 2) { return world.platform.read(vm, fake::rx_ipa, length); }
  /// Where the answer in VM 2's RX says that its n-th range lies, and its pages.
  std::pair<uint64_t, uint32_t> range_in_rx(size_t n = 0) {
    const Bytes bytes = rx(4096);
    const size_t at = 48 + 32 + 16 + 16 * n;
    return {get(bytes, at, 8), static_cast<uint32_t>(get(bytes, at + 8, 4))};
  }
  mediator::MemoryKind kind_at(uint64_t ipa, uint16_t vm = 2) {
    return world.platform.translate(ffa::EndpointId{vm}, ffa::Ipa{ipa}, ffa::PageCount{1}).kind;
  }
  size_t borrowed_pages() { return world.platform.borrowed.size(); }
  mediator::Progress tear_down(uint16_t vm) {
    world.platform.alive.erase(vm);
    return world.mediator->domain_teardown(ffa::EndpointId{vm});
  }
};

}  // namespace memory_test
