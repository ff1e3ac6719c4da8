// SPDX-License-Identifier: BSD-3-Clause
// Physical interrupts at EL2: a timer that interrupts whoever runs in the secure world.
#pragma once

#include <cstdint>

namespace ports::qemu {

/// The non-secure EL2 physical timer's PPI.
inline constexpr uint32_t timer_interrupt = 26;

/// Interrupts of the timer reach this CPU; EL2 itself has them masked.
void enable_timer_interrupt();
/// The timer interrupts soon: within the time that an SP works.
void start_timer();
/// Stops the timer; acknowledges its interrupt if it is pending, and ends it. True: some interrupt
/// was pending. One that is a guest's own is left to it.
bool take_interrupt();

}  // namespace ports::qemu
