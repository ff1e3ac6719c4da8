// SPDX-License-Identifier: BSD-3-Clause
// Calls, replies and descriptors in words, for people. Layouts are tables: word_tables.cpp for
// FF-A, optee_words.cpp for what OP-TEE puts into direct messages. Whatever no table names is
// printed raw, so nothing is hidden.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/transactions.hpp"

namespace ffa_trace {

/// "FFA_MEM_SHARE_64"; for functions of one width without suffix; "0x84000099" for an unknown one.
std::string function_name(uint64_t x0);

/// 0x73 for FFA_MEM_SHARE of either width; 0 for what lies outside of FF-A's range.
uint32_t call_number(const ffa::Regs& regs);

/// The arguments of a call: "total 96 B, fragment 96 B". What is not in `known` is called absent.
/// `optee`: a direct message's payload may be OP-TEE's.
std::string call_words(const ffa::Regs& in,
                       sim::trace::RegisterSet known = sim::trace::all_registers,
                       bool optee = true);

/// The answer to a call: "SUCCESS handle 0x1000_0001_0000", "ERROR DENIED".
std::string reply_words(const ffa::Regs& in, const ffa::Regs& out,
                        sim::trace::RegisterSet known = sim::trace::all_registers,
                        bool optee = true);

/// What a successful FFA_FEATURES says: "buffers from 4 KiB", "interrupt 8". Marks its registers in
/// `told`. [DEN0077A 1.2 §13.3]
std::string features_words(const ffa::Regs& in, const ffa::Regs& out, Told& told);

/// True if the reply is an error: FFA_ERROR, or -1 as the answer to FFA_VERSION.
bool is_failure(const ffa::Regs& in, const ffa::Regs& out);

/// Everything else an event holds, a line each: descriptor, RX contents, translations, rules.
/// `layout`: of a descriptor in `event.tx`. `sent`: what TransactionTracker says of this event.
std::vector<std::string> detail_words(const sim::trace::Event& event, HeaderLayout layout,
                                      const std::optional<SentFragment>& sent);

/// A descriptor, a line each for header, receivers, ranges and problems.
std::vector<std::string> descriptor_words(const Descriptor& descriptor);

}  // namespace ffa_trace
