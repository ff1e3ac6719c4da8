// SPDX-License-Identifier: BSD-3-Clause
// An event is two tokens: its begin at `seq`, its end at `seq_ret`. They are hashed in the order of
// the counter, so that what lay inside what counts, and the numbers themselves do not.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "sim/trace/hasher.hpp"

namespace sim::trace {
namespace {

/// Appends fields, little-endian whatever the host.
class Bytes {
 public:
  template <class T>
  void number(T value) {
    std::array<uint8_t, sizeof(T)> raw;
    for (size_t i = 0; i < sizeof(T); ++i) {
      raw[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
    }
    data_.insert(data_.end(), raw.begin(), raw.end());
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    data_.insert(data_.end(), value.begin(), value.end());
  }
  void bytes(const std::vector<uint8_t>& value) {
    number(static_cast<uint32_t>(value.size()));
    data_.insert(data_.end(), value.begin(), value.end());
  }
  void registers(const ffa::Regs& regs) {
    constexpr size_t width = sizeof(uint64_t);
    std::array<uint8_t, std::tuple_size_v<decltype(regs.x)> * width> raw;
    for (size_t i = 0; i < raw.size(); ++i) {
      raw[i] = static_cast<uint8_t>(regs.x[i / width] >> (8 * (i % width)));
    }
    data_.insert(data_.end(), raw.begin(), raw.end());
  }
  [[nodiscard]] const std::vector<uint8_t>& data() const { return data_; }
  void reserve(size_t bytes) { data_.reserve(bytes); }

 private:
  std::vector<uint8_t> data_;
};

constexpr uint8_t begin_token = 1;
constexpr uint8_t end_token = 2;
constexpr size_t usual_bytes = 256;
constexpr uint16_t same_vcpu = 0xffff;

/// What only traces of imported logs have stands behind a tag, and only where it is.
constexpr uint8_t registers_tag = 1;
constexpr uint8_t world_tag = 2;
constexpr uint8_t no_vcpu_tag = 3;

void put_known(Bytes& bytes, RegisterSet known) {
  if (known == all_registers) return;
  bytes.number(registers_tag);
  bytes.number(known);
}

Bytes begin_of(const Event& event, uint32_t index) {
  Bytes bytes;
  bytes.reserve(usual_bytes + event.tx.size());
  bytes.number(begin_token);
  bytes.number(index);
  bytes.number(static_cast<uint8_t>(event.side));
  bytes.number(event.vm);
  bytes.number(event.vcpu);
  bytes.text(event.conduit);
  bytes.text(event.op);
  bytes.registers(event.in);
  bytes.bytes(event.tx);
  put_known(bytes, event.in_known);
  if (!event.world.empty()) {
    bytes.number(world_tag);
    bytes.text(event.world);
  }
  if (!event.has_vcpu) bytes.number(no_vcpu_tag);
  return bytes;
}

Bytes end_of(const Event& event, uint32_t index) {
  Bytes bytes;
  bytes.reserve(usual_bytes + event.rx.size());
  bytes.number(end_token);
  bytes.number(index);
  bytes.number(event.vcpu_ret.value_or(same_vcpu));
  bytes.registers(event.out);
  bytes.bytes(event.rx);
  bytes.text(event.rule);
  bytes.number(event.result);
  put_known(bytes, event.out_known);
  return bytes;
}

}  // namespace

struct Hasher::Impl {
  XXH3_state_t* state = XXH3_createState();
  std::multimap<uint64_t, Bytes> open;  ///< ends still to come, by seq_ret
  uint32_t index = 0;

  void update(const Bytes& bytes) {
    (void)XXH3_128bits_update(state, bytes.data().data(), bytes.data().size());
  }
  void close_before(uint64_t seq) {
    while (!open.empty() && open.begin()->first < seq) {
      update(open.begin()->second);
      open.erase(open.begin());
    }
  }
};

Hasher::Hasher() : impl_(std::make_unique<Impl>()) { (void)XXH3_128bits_reset(impl_->state); }
Hasher::Hasher(const Hasher& other) : impl_(std::make_unique<Impl>()) {
  XXH3_copyState(impl_->state, other.impl_->state);
  impl_->open = other.impl_->open;
  impl_->index = other.impl_->index;
}
Hasher::~Hasher() { (void)XXH3_freeState(impl_->state); }

void Hasher::add(const Event& event) {
  impl_->close_before(event.seq);
  impl_->update(begin_of(event, impl_->index));
  impl_->open.emplace(std::max(event.seq, event.seq_ret), end_of(event, impl_->index));
  ++impl_->index;
}

std::string Hasher::finish() {
  impl_->close_before(UINT64_MAX);
  const XXH128_hash_t hash = XXH3_128bits_digest(impl_->state);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string trace_hash(const std::vector<Event>& events) {
  std::vector<const Event*> order;
  order.reserve(events.size());
  for (const Event& event : events) order.push_back(&event);
  std::sort(order.begin(), order.end(),
            [](const Event* a, const Event* b) { return a->seq < b->seq; });
  Hasher hasher;
  for (const Event* event : order) hasher.add(*event);
  return hasher.finish();
}

}  // namespace sim::trace
