// SPDX-License-Identifier: BSD-3-Clause
// An image that is no mediator: each of its calls does one thing that an image must not do, or that
// shows how the emulator keeps calls apart. x0 of the guest's call chooses.
#include <cstddef>
#include <cstdint>

#include "mediator/limits.hpp"
#include "mediator/observe.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/unicorn/image_abi.hpp"
#include "tests/unicorn/images/misdeeds.hpp"

namespace {

using broken::Misdeed;
using ports::unicorn::Op;

uint64_t hvc(uint64_t op, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0) {
  register uint64_t x0 asm("x0") = op;
  register uint64_t x1 asm("x1") = a1;
  register uint64_t x2 asm("x2") = a2;
  register uint64_t x3 asm("x3") = a3;
  register uint64_t x4 asm("x4") = a4;
  asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : "r"(x4) : "memory");
  return x0;
}

uint64_t hvc(Op op, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0) {
  return hvc(static_cast<uint64_t>(op), a1, a2, a3, a4);
}

volatile uint64_t counter = 40;

/// The compiler does not know which address it is.
volatile uint64_t* address(uint64_t at) {
  asm("" : "+r"(at));
  return reinterpret_cast<volatile uint64_t*>(at);
}

volatile uint64_t* window(uint64_t buffer, uint64_t offset) {
  return address(ports::unicorn::window_begin + buffer * ports::unicorn::window_bytes + offset);
}

__attribute__((noinline)) uint64_t deeper(uint64_t level) {
  volatile uint64_t frame[64];
  frame[level % 64] = level;
  if (level == 1'000'000) return level;
  return deeper(level + 1) + frame[level % 64];
}

/// Tells itself apart from other calls by what lies on its own stack.
__attribute__((noinline)) uint64_t weave(uint64_t vcpu, uint64_t rounds) {
  volatile uint64_t mine = 0;
  for (uint64_t n = 0; n < rounds; ++n) {
    mine = mine * 10 + vcpu;
    hvc(Op::budget_left);
  }
  return mine;
}

/// The word that earlier calls have left where this one's stack will grow to.
__attribute__((noinline)) uint64_t below_the_stack() {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return *address((here - 4096) & ~uint64_t{7});
}

__attribute__((noinline)) void scribble_below_the_stack() {
  volatile uint64_t words[1024];
  for (auto& word : words) word = 0x1234;
}

void fault(Misdeed what, uint64_t memory) {
  switch (what) {
    case Misdeed::read_nothing:
      (void)*address(0x10);
      break;
    case Misdeed::write_code:
      *address(ports::unicorn::image_begin + 0x100) = 0;
      break;
    case Misdeed::run_data:
      reinterpret_cast<void (*)()>(memory)();
      break;
    case Misdeed::run_nothing:
      reinterpret_cast<void (*)()>(reinterpret_cast<uintptr_t>(address(0x7000'0000)))();
      break;
    case Misdeed::undefined:
      asm volatile("udf #7");
      break;
    case Misdeed::assertion:
      __builtin_abort();
    case Misdeed::supervisor_call:
      asm volatile("svc #0");
      break;
    case Misdeed::endless:
      while (true) asm volatile("nop");
    case Misdeed::stack_overflow:
      counter = deeper(0);
      break;
    case Misdeed::write_behind_memory:
      *address(memory + broken::memory_bytes) = 1;
      break;
    default:
      break;
  }
}

/// Loads that are right one by one.
void read_on(Misdeed what, uint64_t memory) {
  const auto ask_and_read = [](uint32_t buffer) {
    hvc(Op::copy_in, buffer, 0, 16);
    (void)*window(buffer, 0);
  };
  switch (what) {
    case Misdeed::read_again:
      ask_and_read(3);
      ask_and_read(3);
      break;
    case Misdeed::read_next_message: {
      const auto own_rx = static_cast<uint32_t>(hvc(Op::own_rx));
      uint64_t x[18]{};
      ask_and_read(own_rx);
      port_smc(x, 0);
      ask_and_read(own_rx);
      break;
    }
    case Misdeed::read_crooked:
      *address(memory + 128) = 1;
      (void)*reinterpret_cast<volatile uint32_t*>(memory + 130);
      break;
    case Misdeed::lean_stack:
      asm volatile("sub sp, sp, #8\n b 1f\n 1: add sp, sp, #8" : : : "memory");
      break;
    default:
      fault(what, memory);
  }
}

/// What only a monitor sees.
void offend(Misdeed what, uint64_t memory) {
  switch (what) {
    case Misdeed::read_twice:
      hvc(Op::copy_in, 3, 0, 16);
      (void)*window(3, 0);
      (void)*reinterpret_cast<volatile uint32_t*>(window(3, 0));
      break;
    case Misdeed::read_past:
      hvc(Op::copy_in, 3, 0, 16);
      (void)*window(3, 16);
      break;
    case Misdeed::write_before:
      *window(3, 8) = 1;
      *window(3, 0) = 1;
      break;
    case Misdeed::lose_register:
      asm volatile("mov x25, #7");
      break;
    case Misdeed::change_system_register:
      asm volatile("msr tpidr_el1, %0" : : "r"(memory));
      break;
    case Misdeed::read_fresh:
      if (*address(memory + 128) == 7) counter = 1;
      break;
    case Misdeed::read_behind_memory:
      (void)*address(memory + broken::memory_bytes);
      break;
    case Misdeed::take_long:
      for (uint64_t n = 0; n < 7'000; ++n) asm volatile("nop");
      break;
    case Misdeed::look_into_dead_frame:
      scribble_below_the_stack();
      if (below_the_stack() == 7) counter = 1;
      break;
    default:
      read_on(what, memory);
  }
}

void operate(Misdeed what, uint64_t memory) {
  switch (what) {
    case Misdeed::unknown_operation:
      hvc(uint64_t{999});
      break;
    case Misdeed::copy_of_no_buffer:
      hvc(Op::copy_in, ports::unicorn::window_count, 0, 16);
      break;
    case Misdeed::copy_of_nothing:
      *window(1, 0) = 1;
      hvc(Op::copy_out, 1, 0, 16);
      break;
    case Misdeed::crooked_lock:
      hvc(Op::lock_acquire, memory + 1, 1);
      break;
    case Misdeed::unasked_facts:
      hvc(Op::vm_facts, memory);
      break;
    default:
      offend(what, memory);
  }
}

/// What becomes of a value that nobody wrote.
void spread(Misdeed what, uint64_t memory, uint64_t* x) {
  volatile uint64_t* const fresh = address(memory + 128);
  switch (what) {
    case Misdeed::move_fresh:
      *address(memory + 136) = *fresh + 1;
      break;
    case Misdeed::pass_fresh:
      x[1] = *address(memory + (*fresh & 8));
      break;
    case Misdeed::send_fresh: {
      uint64_t regs[18]{};
      regs[5] = *fresh;
      port_smc(regs, 0);
      break;
    }
    case Misdeed::give_fresh:
      *address(memory + 136) = *fresh;
      x[3] = *address(memory + 136) << 8;
      break;
    case Misdeed::give_selected: {
      uint64_t value = *fresh;
      asm volatile("cmp %1, #0\n csel %0, %0, %1, eq" : "+r"(value) : "r"(x[2]) : "cc");
      x[3] = value;
      break;
    }
    default:
      operate(what, memory);
  }
}

}  // namespace

extern "C" {

extern const uint32_t image_abi_version;
const uint32_t image_abi_version = ports::unicorn::abi_version;

uint64_t image_memory_needed(const mediator::MediatorConfig* /*config*/) {
  return broken::memory_bytes;
}
uint64_t image_vm_memory_needed(const mediator::MediatorConfig* /*config*/,
                                const mediator::VmConfig* vm) {
  return vm->max_ranges;
}
uint64_t image_create(const mediator::MediatorConfig* config, uint64_t memory, uint64_t /*bytes*/) {
  return config->max_vms == broken::refused_vms ? 0 : memory;
}
int32_t image_probe(uint64_t /*self*/) { return -1; }
int32_t image_domain_init(uint64_t /*self*/, const mediator::VmConfig* vm, uint64_t memory,
                          uint64_t bytes) {
  *address(memory + bytes - 8) = vm->id.raw();
  return vm->tee == mediator::TeeType::none ? -6 : 0;
}
uint32_t image_domain_teardown(uint64_t /*self*/, uint16_t vm) { return vm == 1 ? 1 : 0; }
uint32_t image_relinquish_resources(uint64_t /*self*/, uint16_t vm) { return vm == 1 ? 2 : 0; }
void image_free_domain_ctx(uint64_t /*self*/, uint16_t /*vm*/) {}
void image_schedule_receiver_interrupt(uint64_t /*self*/) {}

uint32_t image_handle_call(uint64_t self, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                           uint64_t* x) {
  const auto what = static_cast<Misdeed>(x[0]);
  switch (what) {
    case Misdeed::none:
      for (uint64_t n = 1; n < 18; ++n) x[n] += n;
      x[0] = uint64_t{vm} << 32 | uint64_t{vcpu} << 16 | conduit;
      break;
    case Misdeed::not_mine:
      x[1] = 99;
      return 0;
    case Misdeed::world_switch:
      port_smc(x, vm);
      break;
    case Misdeed::count_up:
      counter = counter + 1;
      x[1] = counter;
      break;
    case Misdeed::weave:
      x[1] = weave(x[2], x[3]);
      break;
    case Misdeed::look_below:
      x[1] = below_the_stack();
      break;
    case Misdeed::scribble_below:
      scribble_below_the_stack();
      break;
    case Misdeed::copy:
      hvc(Op::copy_in, 7, 8, 16);
      x[1] = *window(7, 8);
      *window(9, 16) = x[1];
      *window(9, 24) = *window(7, 16);
      hvc(Op::copy_out, 9, 16, 16);
      break;
    case Misdeed::exception_level:
      asm volatile("mrs %0, CurrentEL" : "=r"(x[1]));
      break;
    case Misdeed::memory_functions:
      x[1] = broken::check_memory_functions(x[2], x[3]);
      break;
    default:
      spread(what, self, x);
  }
  return 1;
}

void image_observe(uint64_t self) {
  if (*address(self) == broken::fact_word) {
    const mediator::VmFacts facts{.id = ffa::EndpointId{3}, .shares = 5, .dying = true};
    hvc(Op::vm_facts, reinterpret_cast<uintptr_t>(&facts));
    return;
  }
  *address(self) = broken::fact_word;
}

const char* image_rule_name(uint32_t rule) {
  return rule == 0 ? "none" : rule == 1 ? "broken_rule" : nullptr;
}
}
