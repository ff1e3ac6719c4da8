// SPDX-License-Identifier: BSD-3-Clause
// One field of a call or a reply in words, by the tables of word_tables.hpp. Used by decode, and by
// diff, which compares field by field.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/word_tables.hpp"

namespace ffa_trace {

/// Which of x1-x17 have been put into words, and which were captured at all.
class Told : public std::bitset<18> {
 public:
  explicit Told(sim::trace::RegisterSet known = sim::trace::all_registers) : known_(known) {}
  [[nodiscard]] bool known(unsigned reg) const { return (known_ >> reg & 1U) != 0; }

 private:
  sim::trace::RegisterSet known_;
};

/// Two words of a handle or a bitmap, low first.
uint64_t dword(const ffa::Regs& regs, unsigned n);

/// "hypervisor" for 0, a VM's id in decimal, a secure one's in hexadecimal.
std::string endpoint_name(uint32_t id);
/// In the form of RFC 4122; "nil".
std::string uuid_text(const ffa::Uuid& uuid);
/// "0x5 (from SPs, from the SPM framework)": the names of the bits that are set and have one.
std::string bits_text(uint64_t value, std::span<const Bit> bits);

/// Appends `word`, if there is one, behind a comma.
void add_word(std::string& words, const std::string& word);

/// What a field holds, without its label; empty where it is left out.
std::string field_value(const Field& field, const ffa::Regs& regs);
/// How many registers it takes up.
unsigned field_width(Kind kind, const ffa::Regs& regs);
/// All of them with labels. Marks their registers in `told`.
std::string fields_words(std::span<const Field> fields, const ffa::Regs& regs, Told& told);

/// The registers that hold something and that nothing was said about: "x3=0x1 x4=0x2"; and those of
/// x1-x7 that were not captured; of x8-x17 only a range, where the call passes something in them.
std::string raw_words(const ffa::Regs& regs, const Told& told);

}  // namespace ffa_trace
