// SPDX-License-Identifier: BSD-3-Clause
// A kernel without hypervisor is endpoint 0. Under a hypervisor the same calls are those of a VM.
#include "ffa/reply.hpp"
#include "tools/ffa-trace/diff/meaning.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

void replace_half(uint64_t& reg, unsigned shift, uint16_t vm) {
  if ((reg >> shift & 0xffff) == 0) reg |= uint64_t{vm} << shift;
}

/// Which halves of the registers of a call or a reply name endpoints.
void replace_in(ffa::Regs& regs, std::span<const Field> fields, uint16_t vm) {
  for (const Field& field : fields) {
    uint64_t& reg = regs.x[field.reg];
    switch (field.kind) {
      case Kind::sender_receiver:
        replace_half(reg, 0, vm);
        replace_half(reg, 16, vm);
        break;
      case Kind::endpoint:
      case Kind::vcpu_endpoint:
        replace_half(reg, 0, vm);
        break;
      default:
        break;
    }
  }
}

}  // namespace

void kernel_as_vm(sim::trace::Event& event, uint16_t vm) {
  event.side = sim::trace::Side::guest;
  event.vm = vm;
  const uint32_t number = call_number(event.in);
  replace_in(event.in, call_fields(number), vm);
  if (ffa::is_success(event.out)) {
    replace_in(event.out, success_fields(number), vm);
    // The first id of the first list; more than one endpoint there is none.
    if (number == 0x83) replace_half(event.out.x[3], 0, vm);
  } else if (!ffa::is_error(event.out)) {
    replace_in(event.out, call_fields(call_number(event.out)), vm);
  }
  const bool descriptor = number >= 0x71 && number <= 0x74;
  if (descriptor && event.tx.size() >= 2 && event.tx[0] == 0 && event.tx[1] == 0) {
    event.tx[0] = static_cast<uint8_t>(vm);
    event.tx[1] = static_cast<uint8_t>(vm >> 8);
  }
}

}  // namespace ffa_trace
