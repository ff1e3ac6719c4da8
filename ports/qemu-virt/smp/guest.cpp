// SPDX-License-Identifier: BSD-3-Clause
// A vCPU of the two-CPU image: calls in an order that its seed says, while another vCPU does the
// same elsewhere, of the same VM or of another. Whatever may come of it, of two kinds are none: an
// answer that no order of both vCPUs' calls explains, and a region that can't be reclaimed. All its
// variables lie on its stack.
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "ffa/types.hpp"
#include "ffa/wire/memory.hpp"
#include "ffa/wire/message.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/memory_map.h"
#include "ports/qemu-virt/smp/protocol.hpp"

/// `ids`: the VM, the VM that it writes to, the SP, in 16 bits each from bit 32 down.
extern "C" void guest_main(uint64_t seed, uint64_t rounds, uint64_t ids, uint64_t unused);

namespace {

using namespace ports::qemu::smp;
using ffa::Fid;
using ffa::Status;

constexpr uint16_t shareable_write_back = 0x2f;
constexpr uint8_t read_write = 0x2;
constexpr unsigned reclaim_rounds = 100000;

struct Transaction {
  ffa::wire::MemoryTransactionV1_1 head;
  ffa::wire::MemoryAccessV1_0 access;
  ffa::wire::CompositeMemoryRegion region;
  ffa::wire::Constituent pages;
};
static_assert(sizeof(Transaction) == 96);

class Guest {
 public:
  Guest(uint64_t seed, uint64_t ids)
      : random_(seed),
        self_(static_cast<uint16_t>(ids >> 32)),
        peer_(static_cast<uint16_t>(ids >> 16)),
        sp_(static_cast<uint16_t>(ids)) {}

  void run(uint64_t rounds) {
    (void)call(Fid::version, {ffa::v1_1.raw()});
    map();
    for (uint64_t n = 0; n < rounds && trouble_ == Trouble::none; ++n) {
      const auto work = static_cast<Work>(below(works));
      if (once(work)) ++done_[static_cast<unsigned>(work)];
    }
  }
  [[noreturn]] void end() const {
    register uint64_t x0 asm("x0") = static_cast<uint64_t>(trouble_);
    register uint64_t x1 asm("x1") = trouble_ == Trouble::none ? done_[0] : where_;
    register uint64_t x2 asm("x2") = trouble_ == Trouble::none ? done_[1] : what_;
    register uint64_t x3 asm("x3") = done_[2];
    register uint64_t x4 asm("x4") = done_[3];
    register uint64_t x5 asm("x5") = done_[4];
    register uint64_t x6 asm("x6") = done_[5];
    while (true) {
      asm volatile("hvc %7" ::"r"(x0), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6),
                   "i"(HVC_END));
    }
  }

 private:
  static_assert(works == 6);

  uint64_t below(uint64_t limit) {
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (random_ >> 33) % limit;
  }

  ffa::Regs call(Fid fid, std::initializer_list<uint64_t> arguments) {
    return call(static_cast<uint64_t>(fid), arguments);
  }
  ffa::Regs call(uint64_t function, std::initializer_list<uint64_t> arguments) {
    ffa::Regs regs;
    regs.x[0] = function;
    size_t n = 1;
    for (const uint64_t argument : arguments) regs.x[n++] = argument;
    port_smc(regs.x.data(), 0);
    return regs;
  }

  void fail(Trouble trouble, Work work, uint64_t what) {
    if (trouble_ != Trouble::none) return;
    trouble_ = trouble;
    where_ = static_cast<uint64_t>(work);
    what_ = what;
  }

  /// What the other vCPU may be the reason of; anything else ends the guest.
  void expect_explained(const ffa::Regs& answer, Work work) {
    const Status status = ffa::error_status(answer);
    const bool known = ffa::is_error(answer) &&
                       (status == Status::invalid_parameters || status == Status::no_memory ||
                        status == Status::busy || status == Status::denied ||
                        status == Status::retry || status == Status::no_data);
    if (known) return;
    fail(Trouble::unknown_status, work, ffa::is_error(answer) ? answer.x[2] : answer.x[0]);
  }

  bool once(Work work) {
    switch (work) {
      case Work::share:
        return send(Fid::mem_share, work);
      case Work::lend:
        return send(Fid::mem_lend, work);
      case Work::remap:
        return remap();
      case Work::request:
        return request();
      case Work::list:
        return list();
      case Work::message:
        return message();
      case Work::count:
        break;
    }
    return false;
  }

  ffa::Regs map() {
    constexpr uint64_t smc64 = 1 << 30;
    return call(static_cast<uint64_t>(Fid::rxtx_map) | smc64, {tx_ipa, rx_ipa, 1});
  }

  bool remap() {
    const ffa::Regs gone = call(Fid::rxtx_unmap, {});
    if (!ffa::is_success(gone)) expect_explained(gone, Work::remap);
    const ffa::Regs mapped = map();
    if (!ffa::is_success(mapped)) expect_explained(mapped, Work::remap);
    return ffa::is_success(gone) && ffa::is_success(mapped);
  }

  /// Bytes of a value into TX, as they are.
  template <class T>
  static void write_tx(const T& value) {
    const auto* const from = reinterpret_cast<const unsigned char*>(&value);
    auto* const to = reinterpret_cast<volatile unsigned char*>(tx_ipa);
    for (size_t n = 0; n < sizeof value; ++n) to[n] = from[n];
  }

  /// The other vCPU may write into TX at the same time: then it is another region, or none.
  bool send(Fid fid, Work work) {
    Transaction send{};
    send.head.sender = self_;
    send.head.attributes = fid == Fid::mem_share ? shareable_write_back : 0;
    send.head.access_size = sizeof send.access;
    send.head.access_count = 1;
    send.head.access_offset = sizeof send.head;
    send.access.endpoint = sp_;
    send.access.permissions = read_write;
    send.access.composite_offset = offsetof(Transaction, region);
    send.pages.page_count = 1 + static_cast<uint32_t>(below(2));
    send.pages.address = pool_ipa + ffa::page_size * below(pool_pages - 1);
    send.region.total_page_count = send.pages.page_count;
    send.region.range_count = 1;
    write_tx(send);
    const ffa::Regs answer = call(fid, {sizeof send, sizeof send});
    if (!ffa::is_success(answer)) {
      expect_explained(answer, work);
      return false;
    }
    for (unsigned n = 0; n < reclaim_rounds; ++n) {
      const ffa::Regs back = call(Fid::mem_reclaim, {answer.x[2], answer.x[3], 0});
      if (ffa::is_success(back)) return true;
      const Status status = ffa::error_status(back);
      if (status != Status::busy && status != Status::retry) {
        fail(Trouble::kept_region, work, back.x[2]);
        return false;
      }
    }
    fail(Trouble::kept_region, work, 0);
    return false;
  }

  bool request() {
    const uint64_t value = below(1 << 30);
    const ffa::Regs answer =
        call(Fid::msg_send_direct_req, {uint64_t{self_} << 16 | sp_, 0, value, ~value & 0xffff, 3});
    if (!ffa::is_function(answer, Fid::msg_send_direct_resp)) {
      expect_explained(answer, Work::request);
      return false;
    }
    const bool same = answer.x[3] == value && answer.x[4] == (~value & 0xffff) && answer.x[5] == 3;
    if (!same) fail(Trouble::other_answer, Work::request, answer.x[3]);
    return same;
  }

  bool list() {
    const ffa::Regs answer = call(Fid::partition_info_get, {});
    const bool listed = ffa::is_success(answer);
    if (!listed) expect_explained(answer, Work::list);
    if (listed && answer.w(2) == 0) fail(Trouble::odd_list, Work::list, answer.x[2]);
    // A message may lie in RX, too: it makes room for the next one.
    const ffa::Regs released = call(Fid::rx_release, {});
    if (!ffa::is_success(released)) expect_explained(released, Work::list);
    return listed;
  }

  bool message() {
    ffa::wire::PartitionMessageV1_1 header{};
    header.message_offset = sizeof header;
    header.sender = self_;
    header.receiver = peer_;
    header.message_size = 8;
    write_tx(header);
    const ffa::Regs answer = call(Fid::msg_send2, {});
    if (!ffa::is_success(answer)) expect_explained(answer, Work::message);
    return ffa::is_success(answer);
  }

  uint64_t random_;
  uint16_t self_;
  uint16_t peer_;
  uint16_t sp_;
  Trouble trouble_ = Trouble::none;
  uint64_t where_ = 0;
  uint64_t what_ = 0;
  uint64_t done_[works]{};
};

}  // namespace

void guest_main(uint64_t seed, uint64_t rounds, uint64_t ids, uint64_t /*unused*/) {
  Guest guest{seed, ids};
  guest.run(rounds);
  guest.end();
}
