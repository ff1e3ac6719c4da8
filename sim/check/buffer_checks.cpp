// SPDX-License-Identifier: BSD-3-Clause
// I18, I19, I20, I21, I22: who may touch an RX or TX buffer, and when, and what is left in it.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "ffa/buffer_use.hpp"
#include "ffa/reply.hpp"
#include "ffa/wire/message.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/descriptor.hpp"
#include "sim/machine/canary.hpp"

namespace sim::check {

namespace {

using ffa::Fid;
using Access = Simulation::Access;

constexpr uint8_t rx_vm_owned = 3;

std::vector<Access> accesses_of(const Step& step) {
  std::vector<Access> result;
  for (const Access& access : step.sim().accesses()) {
    if (access.call == step.event.seq) result.push_back(access);
  }
  return result;
}

uint64_t le(std::span<const uint8_t> bytes, size_t at, unsigned length) {
  uint64_t value = 0;
  for (unsigned n = 0; n < length; ++n) value |= uint64_t{bytes[at + n]} << (8 * n);
  return value;
}

/// Whose RX a call has filled, and how much of it: the caller's, or the receiver's of a message.
struct FilledRx {
  uint16_t vm = 0;
  uint64_t bytes = 0;
};
std::optional<FilledRx> filled_rx(const Step& step) {
  const trace::Event& event = step.event;
  const auto receiver = receiver_of(event.in, event.tx);
  if (receiver && ffa::is_success(event.out) && !receiver->is_secure()) {
    using Header = ffa::wire::PartitionMessageV1_2;
    constexpr size_t size_at = offsetof(Header, message_size);
    if (event.tx.size() < size_at + 4) return {};
    const bool longer = step.guests.of(receiver->raw()).version >= ffa::v1_2;
    const uint64_t header = longer ? sizeof(Header) : sizeof(ffa::wire::PartitionMessageV1_1);
    return FilledRx{receiver->raw(), header + le(event.tx, size_at, 4)};
  }
  const uint64_t bytes = ffa::rx_bytes_written(event.in, event.out);
  if (bytes == 0) return {};
  return FilledRx{event.vm, bytes};
}

/// I18: RX is written only while its VM does not own it, is the VM's after a message, and only the
/// owner releases it.
class RxOwnership final : public CheckerOf<RxOwnership> {
 public:
  std::string id() const override { return "I18"; }
  /// The SPMC has agreed: it knows whether an SP has filled the buffer.
  static bool spmc_released(const Step& step) {
    return std::any_of(step.smcs.begin(), step.smcs.end(), [](const trace::Event* smc) {
      return ffa::is_function(smc->in, ffa::Fid::rx_release) && ffa::is_success(smc->out);
    });
  }
  void after(const Step& step) override {
    if (!step.is_guest() || !step.alone) return;
    const GuestState& guest = step.guest();
    for (const Access& access : accesses_of(step)) {
      if (!access.vm || access.kind == Access::Kind::in) continue;
      const GuestState& holder = step.guests.of(*access.vm);
      const bool rx = holder.buffer_pages != 0 && access.ipa == holder.rx_ipa;
      if (!rx || !holder.owns_rx.value_or(false)) continue;
      report(step, "writes to the RX buffer, which the VM owns");
      break;
    }
    const auto filled = filled_rx(step);
    if (filled && step.guests.of(filled->vm).owns_rx.value_or(false)) {
      report(step, "fills the RX buffer, which the VM owns");
    }
    const bool released =
        ffa::is_function(step.event.in, Fid::rx_release) && ffa::is_success(step.event.out);
    if (released && guest.owns_rx == false && !spmc_released(step))
      report(step, "releases an RX buffer that the VM does not own");
    if (!filled) return;
    const auto vm = step.facts.vms.find(filled->vm);
    if (vm != step.facts.vms.end() && vm->second.fact.rx_state != rx_vm_owned) {
      report(step, "has filled the RX buffer, but the VM does not own it");
    }
  }
};

/// I19: behind a message there are zeros, and nobody else's bytes anywhere.
class CleanBuffers final : public CheckerOf<CleanBuffers> {
 public:
  std::string id() const override { return "I19"; }
  void after(const Step& step) override {
    for (const trace::Event* smc : step.smcs) {
      if (find_foreign_canary(smc->tx, owned_by(step.event.vm), owned_by(step.event.vm))) {
        report(step, "sends bytes of someone else to the SPMC");
      }
    }
    if (!step.is_guest() || !step.alone) return;
    if (const auto filled = filled_rx(step)) check_rx(step, *filled);
  }

 private:
  void check_rx(const Step& step, const FilledRx& filled) const {
    const GuestState& guest = step.guests.of(filled.vm);
    std::vector<uint8_t> rx(guest.buffer_pages * ffa::page_size);
    if (!step.sim().machine().read_ipa(filled.vm, guest.rx_ipa,
                                       std::as_writable_bytes(std::span{rx}))) {
      return;
    }
    const uint64_t length = std::min<uint64_t>(rx.size(), filled.bytes);
    const auto dirty = std::find_if(rx.begin() + static_cast<ptrdiff_t>(length), rx.end(),
                                    [](uint8_t byte) { return byte != 0; });
    if (dirty != rx.end()) {
      report(step, fmt::format("leaves byte {} of RX, behind the {} of the message, as it was",
                               dirty - rx.begin(), length));
    }
    if (const auto at = find_foreign_canary(std::span{rx}.first(length), owned_by(filled.vm),
                                            owned_by(step.event.vm))) {
      report(step, fmt::format("RX holds bytes of someone else at {}", *at));
    }
  }
};

/// I20: a byte of TX is read at most once a call.
class SingleFetch final : public CheckerOf<SingleFetch> {
 public:
  std::string id() const override { return "I20"; }
  void after(const Step& step) override {
    std::vector<Access> reads;
    for (const Access& access : accesses_of(step)) {
      if (access.kind != Access::Kind::in || !access.vm) continue;
      for (const Access& other : reads) {
        const bool overlap = other.vm == access.vm && other.ipa == access.ipa &&
                             other.offset < uint64_t{access.offset} + access.length &&
                             access.offset < uint64_t{other.offset} + other.length;
        if (!overlap) continue;
        report(step, fmt::format("reads bytes at {} of a buffer of VM {} twice",
                                 std::max(other.offset, access.offset), *access.vm));
        return;
      }
      reads.push_back(access);
    }
  }
};

/// I21: a call touches its caller's registered buffers only, a message RX of its receiver, and
/// zeroes what the caller lends, donates or takes back; that it stays inside, the machine sees to.
class OwnBuffersOnly final : public CheckerOf<OwnBuffersOnly> {
 public:
  std::string id() const override { return "I21"; }
  void after(const Step& step) override {
    if (!step.is_guest()) return;
    note_retrieval(step);
    const GuestState& guest = step.guest();
    for (const Access& access : accesses_of(step)) {
      if (!access.vm) continue;
      const bool registered = *access.vm == step.event.vm && guest.buffer_pages != 0 &&
                              (access.ipa == guest.tx_ipa || access.ipa == guest.rx_ipa);
      if (registered || about_to_be(step, access) || is_zeroed(step, access)) continue;
      if (is_zeroed_after(step, access) || is_zeroed_at_reclaim(step, access)) continue;
      if (is_delivery(step, access)) continue;
      if (*access.vm == step.event.vm && (!step.alone || guest.buffers_unsure)) continue;
      report(step, fmt::format("touches {:#x} of VM {}, no registered buffer of the caller",
                               access.ipa, *access.vm));
      return;
    }
  }

 private:
  // RX of the receiver of a message. Not alone: the header may have been another one when it was
  // read.
  static bool is_delivery(const Step& step, const Access& access) {
    if (!ffa::is_function(step.event.in, Fid::msg_send2)) return false;
    if (!step.alone) return true;
    const auto receiver = receiver_of(step.event.in, step.event.tx);
    const GuestState& guest = step.guests.of(*access.vm);
    return receiver && receiver->raw() == *access.vm && access.kind != Access::Kind::in &&
           guest.buffer_pages != 0 && access.ipa == guest.rx_ipa;
  }
  // Memory that a loan or donation asks to zero, and nothing but zeroed.
  static bool is_zeroed(const Step& step, const Access& access) {
    const bool may = asks_to_zero(step.sent.bytes) &&
                     !ffa::is_function(step.sent.begun, Fid::mem_share) &&
                     *access.vm == step.event.vm && access.kind == Access::Kind::clear;
    if (!may) return false;
    const auto asked = read_descriptor(step.sent.bytes, step.guest().version);
    if (!asked) return false;
    const uint64_t begin = access.ipa + access.offset;
    return std::any_of(asked->ranges.begin(), asked->ranges.end(), [&](const PageRun& range) {
      const uint64_t end = range.address + range.pages * ffa::page_size;
      return range.address <= begin && begin + access.length <= end;
    });
  }
  // Pages of a region that a borrower VM hands back zeroed, as it asks for now or did when it
  // retrieved the region.
  bool is_zeroed_after(const Step& step, const Access& access) const {
    const std::span<const uint8_t> bytes = step.event.tx;  // handle, flags
    const bool may = ffa::is_function(step.event.in, Fid::mem_relinquish) &&
                     access.kind == Access::Kind::clear && bytes.size() >= 12;
    if (!may) return false;
    const uint64_t handle = le(bytes, 0, 8);
    const bool asked =
        (le(bytes, 8, 4) & zero_flag) != 0 || zero_after_.contains({step.event.vm, handle});
    const auto owner = step.guests.owner(handle);
    const bool unsure = !owner && !step.alone && may_have_lent(step, *access.vm, handle);
    return asked && (unsure || owner == *access.vm);
  }
  // Whoever lent it may have come to his end since, have reclaimed it, or his call not be over.
  static bool may_have_lent(const Step& step, uint16_t owner, uint64_t handle) {
    if (step.guests.reclaimed_since(handle, step.event.seq)) return true;
    return !step.facts.vms.contains(owner) || step.find_share(owner, handle) != nullptr;
  }
  // Pages that an owner wants zeroed as it takes them back from VMs.
  static bool is_zeroed_at_reclaim(const Step& step, const Access& access) {
    const ffa::Regs& in = step.event.in;
    return is_zeroing_reclaim(in) && access.kind == Access::Kind::clear &&
           *access.vm == step.event.vm && step.guests.owner(requested_handle(in)) == step.event.vm;
  }
  void note_retrieval(const Step& step) {
    constexpr uint32_t zero_after = 1U << 2;
    const std::span<const uint8_t> request = step.event.tx;
    const bool retrieved = ffa::is_function(step.event.in, Fid::mem_retrieve_req) &&
                           ffa::is_function(step.event.out, Fid::mem_retrieve_resp);
    if (!retrieved || request.size() < 16) return;
    const std::pair key{step.event.vm, le(request, 8, 8)};
    if ((le(request, 4, 4) & zero_after) != 0) {
      zero_after_.insert(key);
    } else {
      zero_after_.erase(key);
    }
  }
  // FFA_RXTX_MAP may already prepare what it registers.
  static bool about_to_be(const Step& step, const Access& access) {
    const ffa::Regs& in = step.event.in;
    return ffa::is_function(in, Fid::rxtx_map) && *access.vm == step.event.vm &&
           (access.ipa == in.x[1] || access.ipa == in.x[2]);
  }

  std::set<std::pair<uint16_t, uint64_t>> zero_after_;  // borrower, handle
};

/// I22: a buffer that is in use is not unmapped; that an unmapped one is not used, the machine sees
/// to.
class UnmapRefused final : public CheckerOf<UnmapRefused> {
 public:
  std::string id() const override { return "I22"; }
  void after(const Step& step) override {
    const bool unmapped = step.is_guest() && ffa::is_function(step.event.in, Fid::rxtx_unmap) &&
                          ffa::is_success(step.event.out);
    if (!unmapped) return;
    if (step.alone && step.guest().owns_rx.value_or(false)) {
      report(step, "succeeds although the VM owns the RX buffer");
    }
    const uint32_t left = step.sim().machine().mapped_buffers(step.event.vm);
    if (step.alone && left != 0)
      report(step, fmt::format("succeeds, and {} buffers are still mapped", left));
  }
};

}  // namespace

void add_buffer_checkers(CheckerList& list) {
  list.push_back(std::make_unique<RxOwnership>());
  list.push_back(std::make_unique<CleanBuffers>());
  list.push_back(std::make_unique<SingleFetch>());
  list.push_back(std::make_unique<OwnBuffersOnly>());
  list.push_back(std::make_unique<UnmapRefused>());
}

}  // namespace sim::check
