// SPDX-License-Identifier: BSD-3-Clause
// Versions, features and the hypervisor's RX/TX pair. [DEN0077A 1.2 §13.2, §13.3, §13.5-§13.7]
#include "src/chapters.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

constexpr uint32_t version_reserved_bit = 1U << 31;
constexpr uint32_t page_count_bits = 0x3f;

Answer version_answer(ffa::Version version) { return reply(version.raw()); }
Answer version_not_supported() { return reply(ffa::to_word(Status::not_supported)); }

void set_version(SpmcStorage& s, ffa::Version version) {
  s.version = version;
  s.version_asked = true;
  if (!s.other_call_seen) s.spmd_version = version;
}

bool overlaps(ffa::Pa a, ffa::Pa b, uint64_t bytes) {
  const uint64_t low = a < b ? a.raw() : b.raw();
  const uint64_t high = a < b ? b.raw() : a.raw();
  return high - low < bytes;
}

}  // namespace

Answer handle_version(SpmcStorage& s, const Call& call) {
  const Personality& p = s.personality;
  if ((call.w(1) & version_reserved_bit) != 0) return version_not_supported();
  const ffa::Version asked{call.w(1)};
  if (s.other_call_seen && s.version_asked) {
    if (p.late_version == LateVersion::answers_negotiated) return version_answer(s.version);
    if (p.late_version == LateVersion::not_supported_unless_same && asked != s.version) {
      return version_not_supported();
    }
  }
  const ffa::Version own = p.max_version;
  if (asked.major() == own.major() && asked.minor() <= own.minor()) {
    set_version(s, asked);
    return version_answer(own);
  }
  if (p.incompatible_version == IncompatibleVersion::not_supported) return version_not_supported();
  // A newer minor of our major is served as our own version; another major leaves everything as it
  // was.
  if (asked.major() == own.major()) set_version(s, own);
  return version_answer(own);
}

Answer handle_features(SpmcStorage& s, const Call& call) {
  if (is_missing(s, call.w(1))) return error(Status::not_supported);
  for (const auto& list : {s.personality.features, s.personality.more_features}) {
    for (const FeatureAnswer& feature : list) {
      if (feature.id == call.w(1) && s.version >= feature.since) return success(feature.w2);
    }
  }
  return error(Status::not_supported);
}

Answer handle_rxtx_map(SpmcStorage& s, const Call& call) {
  const Personality& p = s.personality;
  if (p.vm_buffers && call.zero_from(1)) return handle_vm_rxtx_map(s);
  const bool high_bits = (call.x(3) & ~uint64_t{page_count_bits}) != 0;
  if (high_bits && p.high_count_bits == HighCountBits::rejected) {
    return error(Status::invalid_parameters);
  }
  const uint32_t bytes = (call.w(3) & page_count_bits) * static_cast<uint32_t>(ffa::page_size);
  const ffa::Pa tx{call.x(1)};
  const ffa::Pa rx{call.x(2)};
  if (bytes == 0) return error(Status::invalid_parameters);
  if (s.rxtx.bytes != 0) return error(Status::denied);
  if (((tx.raw() | rx.raw()) & ffa::page_mask) != 0) return error(Status::invalid_parameters);
  if (overlaps(tx, rx, bytes) && !(tx == rx && p.same_buffer_for_rx_and_tx)) {
    return error(Status::invalid_parameters);
  }
  if (!is_normal_memory(s, tx, bytes) || !is_normal_memory(s, rx, bytes)) {
    return error(p.bad_buffer_memory);
  }
  s.rxtx = RxTx{tx, rx, bytes, false, {}};
  return success();
}

Answer handle_rxtx_unmap(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId vm = high_id(call.w(1));
  if (s.personality.vm_buffers && vm != ffa::hypervisor_id) return handle_vm_rxtx_unmap(s, vm);
  if (s.personality.unmap_checks_id && call.w(1) != 0) return error(Status::invalid_parameters);
  if (s.rxtx.bytes == 0) return error(Status::invalid_parameters);
  if (s.rxtx.rx_owned_by_normal_world) {
    const Status status = s.personality.unmap_while_rx_owned;
    if (status != Status::success) return error(status);
  }
  s.rxtx = RxTx{};
  return success();
}

Answer handle_rx_release(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId vm = low_id(call.w(1));
  if (s.personality.vm_buffers && vm != ffa::hypervisor_id) return handle_vm_rx_release(s, vm);
  if (s.rxtx.bytes == 0 || !s.rxtx.rx_owned_by_normal_world) return error(Status::denied);
  s.rxtx.rx_owned_by_normal_world = false;
  return success();
}

}  // namespace spmc_model
