// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/bare_source.hpp"

#include <algorithm>
#include <span>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/replay/records.hpp"
#include "tools/ffa-trace/word_tables.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;
using sim::trace::Event;
using sim::trace::Side;

uint16_t renamed(uint16_t id) {
  if (id == ffa::hypervisor_id.raw()) return bare_vm;
  return id == bare_vm ? ffa::hypervisor_id.raw() : id;
}

/// The 16 bits at `shift` are an endpoint id.
void rename_at(uint64_t& value, unsigned shift) {
  const auto id = static_cast<uint16_t>(value >> shift);
  value ^= static_cast<uint64_t>(static_cast<uint16_t>(id ^ renamed(id))) << shift;
}

/// Fields that a caller leaves zero to mean itself (`…_if_set`) stay zero: that is what a VM says.
void rename_fields(ffa::Regs& regs, std::span<const Field> fields) {
  for (const Field& field : fields) {
    uint64_t& value = regs.x[field.reg];
    switch (field.kind) {
      case Kind::endpoint:
      case Kind::vcpu_endpoint:
        rename_at(value, 0);
        break;
      case Kind::endpoint_vcpu:
        rename_at(value, 16);
        break;
      case Kind::sender_receiver:
        rename_at(value, 0);
        rename_at(value, 16);
        break;
      default:
        break;
    }
  }
}

constexpr unsigned lists_shift =
    7;  // x2 of NOTIFICATION_INFO_GET: count of lists, then their sizes
constexpr uint64_t lists_mask = 0x1f;
constexpr unsigned sizes_shift = 12;
constexpr unsigned first_list_register = 3;
constexpr unsigned last_list_register = 7;

/// The first id of each list is an endpoint's, the others are vCPUs. [DEN0077A 1.2 §16.7]
void rename_lists(ffa::Regs& out) {
  const bool wide = ffa::FunctionId{out.x[0]}.is_smc64();
  const unsigned ids_per_register = wide ? 4 : 2;
  const unsigned most = (last_list_register - first_list_register + 1) * ids_per_register;
  const uint64_t lists = out.x[2] >> lists_shift & lists_mask;
  unsigned at = 0;
  for (unsigned list = 0; list < lists && at < most; ++list) {
    rename_at(out.x[first_list_register + at / ids_per_register], at % ids_per_register * 16);
    at += 1 + static_cast<unsigned>(out.x[2] >> (sizes_shift + 2 * list) & 3);
  }
}

bool starts_with_sender(const ffa::Regs& in) {
  return is(in, Fid::mem_share) || is(in, Fid::mem_lend) || is(in, Fid::mem_donate) ||
         is(in, Fid::mem_retrieve_req);
}

bool is_hypervisors(const ffa::Regs& in) {
  return is(in, Fid::notification_bitmap_create) || is(in, Fid::notification_info_get);
}

}  // namespace

bool is_bare(EventSource& source) {
  source.rewind();
  const auto first = source.next();
  source.rewind();
  return first && first->side == Side::linux_;
}

ffa::Regs renamed_call(const ffa::Regs& in) {
  ffa::Regs regs = in;
  rename_fields(regs, call_fields(ffa::FunctionId{in.x[0]}.number()));
  return regs;
}

ffa::Regs renamed_reply(const ffa::Regs& in, const ffa::Regs& out) {
  ffa::Regs regs = out;
  if (!ffa::is_success(out)) {
    rename_fields(regs, call_fields(ffa::FunctionId{out.x[0]}.number()));
  } else if (is(in, Fid::notification_info_get)) {
    rename_lists(regs);
  } else {
    rename_fields(regs, success_fields(ffa::FunctionId{in.x[0]}.number()));
  }
  return regs;
}

BareSource::BareSource(EventSource& source) : source_(source) {
  source_.rewind();
  while (auto event = source_.next()) {
    if (!is(event->in, Fid::notification_bitmap_create)) continue;
    creation_ = seen_behind_mediator(std::move(*event));
    creation_->seq_ret = 0;  // it is over before anything else begins
    break;
  }
  rewind();
}

void BareSource::rewind() {
  source_.rewind();
  creation_given_ = false;
}

std::optional<Event> BareSource::next() {
  if (creation_ && !creation_given_) {
    creation_given_ = true;
    return creation_;
  }
  auto event = source_.next();
  if (event && creation_ && event->seq == creation_->seq) event = source_.next();
  if (!event) return std::nullopt;
  return seen_behind_mediator(std::move(*event));
}

Event BareSource::seen_behind_mediator(Event event) const {
  const auto unsupported = [&](const std::string& what) {
    throw sim::InputError(source_.place(), "not supported yet: " + what);
  };
  if (event.side != Side::linux_) {
    throw sim::InputError(source_.place(), "a record with a hypervisor in a capture without one");
  }
  if (is(event.in, Fid::notification_bitmap_destroy)) {
    unsupported("a notification bitmap destroyed by a system without hypervisor");
  }
  event.side = is_hypervisors(event.in) ? Side::spmc : Side::guest;
  event.vm = event.side == Side::guest ? bare_vm : 0;
  event.pcpu = event.vcpu;
  if (is(event.in, Fid::notification_bitmap_create) && event.in.w(1) != ffa::hypervisor_id.raw()) {
    unsupported("a notification bitmap of another endpoint than the kernel");
  }
  const ffa::Regs call = event.in;
  event.in = renamed_call(call);
  event.out = renamed_reply(call, event.out);
  if (starts_with_sender(call) && event.tx.size() >= 2) {
    uint64_t sender = event.tx[0] | static_cast<uint64_t>(event.tx[1]) << 8;
    rename_at(sender, 0);
    event.tx[0] = static_cast<uint8_t>(sender);
    event.tx[1] = static_cast<uint8_t>(sender >> 8);
  }
  return event;
}

}  // namespace ffa_trace
