// SPDX-License-Identifier: BSD-3-Clause
// Calls, replies and descriptors in words, for people. Layouts are tables: word_tables.cpp for
// FF-A, optee_words.cpp for what OP-TEE puts into direct messages. Whatever no table names is
// printed raw, so nothing is hidden.
#pragma once

#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"

namespace ffa_trace {

/// "FFA_MEM_SHARE_64"; for functions of one width without suffix; "0x84000099" for an unknown one.
std::string function_name(uint64_t x0);

/// The arguments of a call: "total 96 B, fragment 96 B". What is not in `known` is called absent.
std::string call_words(const ffa::Regs& in,
                       sim::trace::RegisterSet known = sim::trace::all_registers);

/// The answer to a call: "SUCCESS handle 0x1000_0001_0000", "ERROR DENIED".
std::string reply_words(const ffa::Regs& in, const ffa::Regs& out,
                        sim::trace::RegisterSet known = sim::trace::all_registers);

/// True if the reply is an error: FFA_ERROR, or -1 as the answer to FFA_VERSION.
bool is_failure(const ffa::Regs& in, const ffa::Regs& out);

/// Everything else an event holds, a line each: descriptor, RX contents, translations, rules.
/// `layout`: of a descriptor in `event.tx`.
std::vector<std::string> detail_words(const sim::trace::Event& event, HeaderLayout layout);

/// A descriptor, a line each for header, receivers, ranges and problems.
std::vector<std::string> descriptor_words(const Descriptor& descriptor);

}  // namespace ffa_trace
