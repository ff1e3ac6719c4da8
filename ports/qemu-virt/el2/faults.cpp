// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/faults.hpp"

namespace ports::qemu {
namespace {

// Of either width: which one the mediator takes towards the SPMC is its own choice.
bool same_function(uint32_t wanted, uint32_t function) {
  constexpr uint32_t width_bit = 1U << 30;
  return (ffa::FunctionId{wanted}.raw | width_bit) == (ffa::FunctionId{function}.raw | width_bit);
}

}  // namespace

Faults::Faults(const guest::Package& package) : package_(package) {
  for (size_t n = 0; n < package.fault_count; ++n) entries_[n].armed = package.faults[n].armed;
}

const guest::PackedFault* Faults::strike(guest::FaultOp op, uint32_t function) {
  const guest::PackedFault* struck = nullptr;
  for (size_t n = 0; n < package_.fault_count; ++n) {
    const guest::PackedFault& fault = package_.faults[n];
    Entry& entry = entries_[n];
    if (!entry.armed || fault.op != op) continue;
    if (fault.matches_function && !same_function(fault.function, function)) continue;
    ++entry.seen;
    const bool due = fault.nth == 0 || entry.seen == fault.nth;
    if (!due || struck != nullptr) continue;
    entry.fired = true;
    struck = &fault;
  }
  return struck;
}

void Faults::arm(size_t index, bool armed) {
  if (index < package_.fault_count) entries_[index].armed = armed;
}

void Faults::record(Recorder& recorder) const {
  guest::RecordWriter& out = recorder.writer();
  out.begin(guest::RecordTag::faults);
  out.word(package_.fault_count);
  for (size_t n = 0; n < package_.fault_count; ++n) out.word(entries_[n].fired ? 1 : 0);
  out.end();
}

}  // namespace ports::qemu
