// SPDX-License-Identifier: BSD-3-Clause
// Every call of FF-A 1.0, 1.1 and 1.2 as a struct: `static Result<X> decode(const Regs&)` and `Regs
// encode() const`. decode() drops bits 63:32 of an SMC32 call, refuses with INVALID_PARAMETERS what
// must be zero, ignores what should be zero, and does not look at w0 beyond its width: the caller
// has dispatched on it. encode() starts from all-zero registers. What a field may hold, given who
// calls and what state it is in, is for handlers to judge.
#pragma once

#include "ffa/calls/cpu_cycle.hpp"
#include "ffa/calls/generic.hpp"
#include "ffa/calls/memory.hpp"
#include "ffa/calls/message.hpp"
#include "ffa/calls/notification.hpp"
#include "ffa/calls/setup.hpp"
