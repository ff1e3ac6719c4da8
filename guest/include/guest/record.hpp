// SPDX-License-Identifier: BSD-3-Clause
// What a machine without files and heap writes down of a run, so that the host can rebuild its
// trace and judge it: a header, then entries. Written by ports/qemu-virt, read by sim/qemu.
// docs/qemu.md has the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "ffa/regs.hpp"

namespace guest {

inline constexpr uint64_t record_magic = 0x0044524352414646;  // "FFARCRD", the lowest byte first
inline constexpr uint64_t record_version = 2;

/// An entry is tag u64, payload bytes u64, payload. Numbers are u64, little-endian; a list is its
/// length and its elements; bytes and texts are a length and the bytes, padded to a multiple of 8.
enum class RecordTag : uint64_t {
  rules = 1,        ///< list of texts: the mediator's rules by number
  event_begin = 2,  ///< side, vm, vcpu, pcpu, conduit (0 none, 1 smc, 2 hvc), op text, in [18], tx
  event_end = 3,    ///< index of the event, out [18], rx, rejecting rule or 0, list of words of the
                    ///< bit set of accepted rules, result
  step_begin = 4,   ///< step
  step_end = 5,     ///< step, list of slots
  step_fault = 6,   ///< step, ipa
  step_result = 7,  ///< step, text
  memory = 8,       ///< id, ok, bytes
  state = 9,        ///< id, list of VMs (RecordVmWords words each), SPMC present, regions, pages,
                    ///< retrieved, owns RX
  translation = 10,  ///< id, list of runs: ipa, pa (all ones: a hole), pages
  log = 11,          ///< level, text
  violation = 12,    ///< text
  injected = 13,     ///< vm, vcpu, irq
  faults = 15,       ///< list: 1 for each fault of the world that has struck
  quarantined = 16,  ///< vm, list of IPAs: pages that stay out of circulation when the VM goes
  translated = 17,   ///< index of the event, ipa, pages asked for, pa, pages found
  tx_read = 18,      ///< index of the event, bytes: what was read of TX behind what the event holds
  end = 14,          ///< nothing: the run came to its end
};

/// Words of one VM in a `state` entry: id, exists, rx_state, flags (bit 0 frozen, 1 TX claimed, 2
/// dying), version, shares, quarantined, rxtx_pages, pins, buffers, known to the SPMC, has a
/// bitmap.
inline constexpr size_t record_vm_words = 12;

/// Writes entries into a block of memory. Full: everything from the first entry that does not fit
/// is left out and `full()` says so.
class RecordWriter {
 public:
  explicit RecordWriter(std::span<std::byte> room) : room_(room) {
    word(record_magic);
    word(record_version);
  }

  void begin(RecordTag tag) {
    word(static_cast<uint64_t>(tag));
    length_at_ = at_;
    word(0);
  }
  void end() {
    if (full_) return;
    const uint64_t length = at_ - length_at_ - sizeof(uint64_t);
    std::memcpy(room_.data() + length_at_, &length, sizeof length);
  }
  void word(uint64_t value) {
    if (std::byte* const to = take(sizeof value)) std::memcpy(to, &value, sizeof value);
  }
  void regs(const ffa::Regs& regs) {
    for (const uint64_t x : regs.x) word(x);
  }
  void bytes(std::span<const std::byte> from) {
    word(from.size());
    const size_t padding = (8 - from.size() % 8) % 8;
    std::byte* const to = take(from.size() + padding);
    if (to == nullptr) return;
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
    std::memset(to + from.size(), 0, padding);
  }
  /// Room for `length` bytes that the caller fills; empty if there is none.
  std::span<std::byte> reserve(size_t length) {
    word(length);
    const size_t padding = (8 - length % 8) % 8;
    std::byte* const to = take(length + padding);
    if (to == nullptr) return {};
    std::memset(to, 0, length + padding);
    return {to, length};
  }
  void text(std::string_view from) { bytes(std::as_bytes(std::span{from.data(), from.size()})); }

  [[nodiscard]] std::span<const std::byte> written() const { return room_.first(at_); }
  [[nodiscard]] bool full() const { return full_; }

 private:
  std::byte* take(size_t length) {
    if (full_ || length > room_.size() - at_) {
      full_ = true;
      return nullptr;
    }
    std::byte* const to = room_.data() + at_;
    at_ += length;
    return to;
  }

  std::span<std::byte> room_;
  size_t at_ = 0;
  size_t length_at_ = 0;
  bool full_ = false;
};

}  // namespace guest
