// SPDX-License-Identifier: BSD-3-Clause
// A vCPU at EL1: the interpreter runs one guest program, with real loads and stores behind stage 2
// and real SMC and HVC instructions. All its variables lie on the vCPU's stack: the image is shared
// by all VMs and read-only. Everything else that a program asks for is an HVC to EL2.
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/types.hpp"
#include "guest/interpreter.hpp"
#include "guest/program.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/memory_map.h"

extern "C" {
struct Loaded {
  uint64_t value;
  uint64_t ok;
};
Loaded guest_load8(uint64_t ipa);
Loaded guest_load64(uint64_t ipa);
uint64_t guest_store8(uint64_t ipa, uint64_t value);
uint64_t guest_store64(uint64_t ipa, uint64_t value);
void hvc_call(uint64_t* x);
void guest_main(const std::byte* code, size_t bytes, uint64_t* slots, size_t slot_count);
}

namespace {

constexpr uint64_t page = ffa::page_size;

/// The immediate is part of the instruction.
#define ASK_EL2(immediate, a0, a1, a2)                                                 \
  do {                                                                                 \
    register uint64_t x0 asm("x0") = (a0);                                             \
    register uint64_t x1 asm("x1") = (a1);                                             \
    register uint64_t x2 asm("x2") = (a2);                                             \
    asm volatile("hvc %3" : "+r"(x0), "+r"(x1), "+r"(x2) : "i"(immediate) : "memory"); \
  } while (false)

/// The VM's memory: all addresses but the window that the program itself runs in.
class StageTwoMemory {
 public:
  bool read(uint64_t ipa, std::span<std::byte> to) {
    if (!outside_window(ipa, to.size())) return false;
    size_t done = 0;
    while (done < to.size()) {
      if ((ipa + done) % 8 == 0 && to.size() - done >= 8) {
        const Loaded word = guest_load64(ipa + done);
        if (word.ok == 0) return false;
        for (unsigned n = 0; n < 8; ++n) {
          to[done + n] = static_cast<std::byte>(word.value >> (8 * n));
        }
        done += 8;
        continue;
      }
      const Loaded byte = guest_load8(ipa + done);
      if (byte.ok == 0) return false;
      to[done++] = static_cast<std::byte>(byte.value);
    }
    return true;
  }

  /// Touches each page first, so that a fault in the middle leaves nothing half done.
  bool write(uint64_t ipa, std::span<const std::byte> from) {
    if (!outside_window(ipa, from.size())) return false;
    for (uint64_t at = ipa; at < ipa + from.size(); at = at / page * page + page) {
      const Loaded byte = guest_load8(at);
      if (byte.ok == 0 || guest_store8(at, byte.value) == 0) return false;
    }
    for (size_t done = 0; done < from.size();) {
      if ((ipa + done) % 8 == 0 && from.size() - done >= 8) {
        uint64_t word = 0;
        for (unsigned n = 0; n < 8; ++n) {
          word |= std::to_integer<uint64_t>(from[done + n]) << (8 * n);
        }
        if (guest_store64(ipa + done, word) == 0) return false;
        done += 8;
        continue;
      }
      if (guest_store8(ipa + done, std::to_integer<uint64_t>(from[done])) == 0) return false;
      ++done;
    }
    return true;
  }

 private:
  static bool outside_window(uint64_t ipa, size_t bytes) {
    if (ipa + bytes < ipa) return false;
    return ipa + bytes <= WINDOW_IPA || ipa >= WINDOW_IPA + WINDOW_BYTES;
  }
};

}  // namespace

void guest_main(const std::byte* code, size_t bytes, uint64_t* slots, size_t slot_count) {
  const auto program = guest::Program::open({code, bytes});
  if (!program.ok()) return;
  StageTwoMemory memory;
  guest::Interpreter<StageTwoMemory> interpreter{*program, memory, {slots, slot_count}};
  while (true) {
    guest::Exit exit = interpreter.run();
    switch (exit.kind) {
      case guest::ExitKind::call:
        if (exit.conduit == guest::Conduit::hvc) {
          hvc_call(exit.regs.x.data());
        } else {
          port_smc(exit.regs.x.data(), 0);
        }
        interpreter.complete(exit.regs);
        break;
      case guest::ExitKind::step:
        ASK_EL2(HVC_STEP, exit.id, 0, 0);
        break;
      case guest::ExitKind::dump:
        ASK_EL2(HVC_DUMP, exit.id, exit.ipa, exit.length);
        break;
      case guest::ExitKind::fault:
        ASK_EL2(HVC_FAULT, exit.ipa, 0, 0);
        break;
      case guest::ExitKind::end:
        ASK_EL2(HVC_END, 0, 0, 0);
        break;
      case guest::ExitKind::malformed:
        ASK_EL2(HVC_MALFORMED, 0, 0, 0);
        break;
    }
  }
}
