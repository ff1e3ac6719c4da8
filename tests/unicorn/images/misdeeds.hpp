// SPDX-License-Identifier: BSD-3-Clause
// What the broken image can be asked for; shared by the image and the tests that ask.
#pragma once

#include <cstddef>
#include <cstdint>

namespace broken {

enum class Misdeed : uint64_t {
  none = 0xc400'0001,  ///< x1.. += 1..; x0 = vm, vcpu, conduit
  not_mine,
  world_switch,
  count_up,    ///< x1 = a counter of the image's, from 41 on
  weave,       ///< x1 = digit x2, x3 times, with an operation between
  look_below,  ///< x1 = what lies below the stack
  scribble_below,
  copy,              ///< copy_in, x1 = the first word, copy_out
  exception_level,   ///< x1 = CurrentEL
  memory_functions,  ///< x1 = what is wrong with memcpy and its kin, x2 bytes, alignments by x3
  // Misdeeds.
  read_nothing,
  write_code,
  run_data,
  run_nothing,
  undefined,
  assertion,
  supervisor_call,
  endless,
  stack_overflow,
  write_behind_memory,
  unknown_operation,
  copy_of_no_buffer,
  copy_of_nothing,
  crooked_lock,
  unasked_facts,
  // What only a monitor sees.
  read_twice,
  read_past,
  write_before,
  lose_register,
  change_system_register,
  read_fresh,     ///< and branch on it
  move_fresh,     ///< to somewhere else in its memory
  pass_fresh,     ///< to an address
  send_fresh,     ///< to the secure world
  give_fresh,     ///< to the guest, after it was moved
  give_selected,  ///< x2 is 0: what was never written, else something else
  read_behind_memory,
  take_long,
  look_into_dead_frame,
  read_again,         ///< what another copy_in asks for again
  read_next_message,  ///< the mediator's RX before and after an SMC
  read_crooked,
  lean_stack,
};

constexpr uint64_t memory_bytes = 256;
constexpr uint16_t refused_vms = 77;
constexpr uint64_t fact_word = 0xfac7;

uint64_t check_memory_functions(size_t length, size_t step);

}  // namespace broken
