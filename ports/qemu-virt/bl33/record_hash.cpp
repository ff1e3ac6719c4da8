// SPDX-License-Identifier: BSD-3-Clause
// An event is two tokens, begin and end, in the order of the record. Their fields are those of
// sim/trace/hash.cpp, little-endian.
#include "ports/qemu-virt/bl33/record_hash.hpp"

// All of the library in this file, and no vector registers.
#define XXH_INLINE_ALL
#define XXH_VECTOR 0
#include <xxhash.h>

#include <string_view>

#include "guest/record.hpp"

namespace ports::qemu {
namespace {

using guest::RecordTag;
using Bytes = std::span<const std::byte>;

constexpr size_t header_words = 2;
constexpr uint8_t begin_token = 1;
constexpr uint8_t end_token = 2;
/// A call returns where it was made: no other vCPU runs here meanwhile.
constexpr uint16_t same_vcpu = 0xffff;
constexpr std::array<std::string_view, 3> conduits = {"", "smc", "hvc"};

/// The fields of an entry, or the entries of a record.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }
  uint64_t word() {
    uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  Bytes take(size_t length) {
    at_ += length;
    return bytes_.subspan(at_ - length, length);
  }
  Bytes bytes() {
    const uint64_t length = word();
    const auto taken = take(length);
    at_ += (8 - length % 8) % 8;
    return taken;
  }
  Bytes regs() { return take(sizeof(ffa::Regs::x)); }

 private:
  Bytes bytes_;
  size_t at_ = 0;
};

class Hasher {
 public:
  Hasher() { (void)XXH3_128bits_reset(&state_); }
  template <class T>
  void number(T value) {
    add(std::as_bytes(std::span{&value, 1}));
  }
  void add(Bytes bytes) { (void)XXH3_128bits_update(&state_, bytes.data(), bytes.size()); }
  void bytes(Bytes bytes) {
    number(static_cast<uint32_t>(bytes.size()));
    add(bytes);
  }
  std::array<uint64_t, 2> finish() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
    return {hash.high64, hash.low64};
  }

 private:
  XXH3_state_t state_;
};

/// Calls `use` with each entry.
template <class Use>
void for_each_entry(Bytes entries, Use use) {
  for (Reader in{entries}; !in.at_end();) {
    const auto tag = static_cast<RecordTag>(in.word());
    if (!use(tag, in.take(in.word()))) return;
  }
}

/// Calls `use` with what was read of the event's TX later; `behind`: the entries behind its begin.
template <class Use>
void for_each_tx_read(Bytes behind, uint32_t index, Use use) {
  for_each_entry(behind, [&](RecordTag tag, Bytes entry) {
    const bool other = tag != RecordTag::tx_read && tag != RecordTag::event_end;
    Reader in{entry};
    if (other || in.word() != index) return true;
    if (tag == RecordTag::tx_read) use(in.bytes());
    return tag == RecordTag::tx_read;
  });
}

void add_begin(Hasher& hasher, Reader in, uint32_t index, Bytes behind) {
  hasher.number(begin_token);
  hasher.number(index);
  hasher.number(static_cast<uint8_t>(in.word()));  // side
  const auto vm = static_cast<uint16_t>(in.word());
  const auto vcpu = static_cast<uint16_t>(in.word());
  (void)in.word();  // the CPU is no part of the hash
  hasher.number(vm);
  hasher.number(vcpu);
  const std::string_view conduit = conduits[in.word() % conduits.size()];
  hasher.bytes(std::as_bytes(std::span{conduit}));
  hasher.bytes(in.bytes());  // operation
  hasher.add(in.regs());
  const Bytes tx = in.bytes();
  size_t size = tx.size();
  for_each_tx_read(behind, index, [&](Bytes more) { size += more.size(); });
  hasher.number(static_cast<uint32_t>(size));
  hasher.add(tx);
  for_each_tx_read(behind, index, [&](Bytes more) { hasher.add(more); });
}

/// `rules`: the list of names, as the record has it.
void add_end(Hasher& hasher, Reader in, Bytes rules) {
  hasher.number(end_token);
  hasher.number(static_cast<uint32_t>(in.word()));
  hasher.number(same_vcpu);
  hasher.add(in.regs());
  hasher.bytes(in.bytes());  // RX
  Bytes name;
  if (const uint64_t rule = in.word(); rule != 0) {
    Reader names{rules};
    (void)names.word();
    for (uint64_t n = 0; n <= rule; ++n) name = names.bytes();
  }
  hasher.bytes(name);
  for (uint64_t words = in.word(); words != 0; --words) (void)in.word();
  hasher.number(in.word());  // result
}

}  // namespace

RecordDigest digest_of(Bytes record) {
  static Hasher hasher;
  hasher = {};
  RecordDigest digest;
  Bytes rules;
  uint32_t events = 0;
  for_each_entry(record.subspan(header_words * sizeof(uint64_t)), [&](RecordTag tag, Bytes entry) {
    if (tag == RecordTag::rules) rules = entry;
    if (tag == RecordTag::event_begin) {
      const auto* const behind = entry.data() + entry.size();
      add_begin(hasher, Reader{entry}, events++, {behind, record.data() + record.size()});
    }
    if (tag == RecordTag::event_end) add_end(hasher, Reader{entry}, rules);
    if (tag == RecordTag::violation && digest.violation.empty()) {
      digest.violation = Reader{entry}.bytes();
    }
    return true;
  });
  digest.hash = hasher.finish();
  return digest;
}

}  // namespace ports::qemu
