// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/instruction.hpp"

namespace sim::unicorn {
namespace {

constexpr uint32_t zero_or_sp = 31;

/// The fields of an instruction word.
struct Word {
  uint32_t word;
  [[nodiscard]] uint32_t bits(int high, int low) const {
    return word >> low & ((1U << (high - low + 1)) - 1);
  }
  [[nodiscard]] bool bit(int n) const { return bits(n, n) != 0; }
  [[nodiscard]] uint32_t reg(int low) const {
    const uint32_t number = bits(low + 4, low);
    return number == zero_or_sp ? 0 : 1U << number;
  }
  [[nodiscard]] uint32_t d() const { return reg(0); }
  [[nodiscard]] uint32_t n() const { return reg(5); }
  [[nodiscard]] uint32_t a() const { return reg(10); }
  [[nodiscard]] uint32_t m() const { return reg(16); }
};

Instruction computed(uint32_t sources, uint32_t result, bool sets_flags) {
  Instruction i;
  i.sources = sources;
  i.results = result;
  if (sets_flags) i.decides = sources;
  return i;
}

Instruction joined(uint32_t sources, uint32_t result) {
  Instruction i = computed(sources, result, false);
  i.joins = true;
  return i;
}

Instruction with_immediate(Word w) {
  constexpr uint32_t keeps_the_rest = 3;  // MOVK
  switch (w.bits(25, 23)) {
    case 0:
    case 1:
      return computed(0, w.d(), false);
    case 2:
    case 3:
      return computed(w.n(), w.d(), w.bit(29));
    case 4:
      return computed(w.n(), w.d(), w.bits(30, 29) == 3);
    case 5:
      return computed(w.bits(30, 29) == keeps_the_rest ? w.d() : 0, w.d(), false);
    case 6:
      if (w.bits(30, 29) == 1) return joined(w.n() | w.d(), w.d());
      return computed(w.n(), w.d(), false);
    default:
      return joined(w.n() | w.m(), w.d());
  }
}

Instruction branch_or_system(Word w) {
  constexpr uint32_t link = 1U << 30;
  Instruction i;
  if (w.bits(30, 26) == 0b01101) {  // CBZ, CBNZ, TBZ, TBNZ
    i.decides = w.d();
  } else if (w.bits(31, 25) == 0b1101011) {
    i.decides = w.n();
    if (w.bits(24, 21) == 1) i.results = link;
  } else if (w.bits(31, 26) == 0b100101) {
    i.results = link;
  } else if (w.bits(31, 22) == 0b1101010100) {  // MRS, or MSR and its kin
    (w.bit(21) ? i.results : i.decides) = w.d();
  }
  return i;
}

Instruction exclusive(Word w) {
  const bool pair = w.bit(21);
  Instruction i;
  i.addresses = w.n();
  i.moved[0] = w.d();
  if (pair) i.moved[1] = w.a();
  if (w.bit(22)) {
    i.results = i.moved[0] | i.moved[1];
  } else if (!w.bit(23)) {
    i.results = w.m();  // whether the store was done
  }
  return i;
}

Instruction load_or_store(Word w) {
  if (w.bit(26)) return {};
  if (w.bits(29, 24) == 0b001000) return exclusive(w);
  Instruction i;
  i.moved[0] = w.d();
  if (w.bits(29, 24) == 0b011000) {  // relative to PC
    i.results = w.d();
    return i;
  }
  i.addresses = w.n();
  if (w.bits(29, 27) == 0b101) {
    i.moved[1] = w.a();
    if (w.bit(22)) i.results = i.moved[0] | i.moved[1];
    return i;
  }
  const bool by_register = !w.bit(24) && w.bit(21);
  if (by_register) i.addresses |= w.m();
  const bool prefetch = w.bits(31, 30) == 3 && w.bits(23, 22) == 2;
  if (w.bits(23, 22) != 0 && !prefetch) i.results = w.d();
  return i;
}

Instruction with_registers(Word w) {
  if (!w.bit(28)) {
    const bool inclusive_or = !w.bit(24) && w.bits(30, 29) == 1;
    if (inclusive_or) return joined(w.n() | w.m(), w.d());
    const bool sets_flags = w.bit(24) ? w.bit(29) : w.bits(30, 29) == 3;
    return computed(w.n() | w.m(), w.d(), sets_flags);
  }
  switch (w.bits(24, 21)) {
    case 0b0000:
      return computed(w.n() | w.m(), w.d(), w.bit(29));
    case 0b0010: {  // conditional comparison
      Instruction i;
      i.decides = w.n() | (w.bit(11) ? 0 : w.m());
      return i;
    }
    case 0b0100: {
      Instruction i;
      i.results = w.d();
      i.selects = true;
      i.if_true = w.n();
      i.if_false = w.m();
      i.condition = static_cast<uint8_t>(w.bits(15, 12));
      return i;
    }
    case 0b0110:
      return computed(w.n() | (w.bit(30) ? 0 : w.m()), w.d(), false);
    default:
      return computed(w.n() | w.m() | w.a(), w.d(), false);
  }
}

}  // namespace

Instruction decode(uint32_t word) {
  const Word w{word};
  const uint32_t group = w.bits(28, 25);
  if ((group & 0b1110) == 0b1000) return with_immediate(w);
  if ((group & 0b1110) == 0b1010) return branch_or_system(w);
  if ((group & 0b0101) == 0b0100) return load_or_store(w);
  if ((group & 0b0111) == 0b0101) return with_registers(w);
  return {};
}

bool holds(uint8_t condition, uint64_t nzcv) {
  const bool n = (nzcv >> 31 & 1) != 0;
  const bool z = (nzcv >> 30 & 1) != 0;
  const bool c = (nzcv >> 29 & 1) != 0;
  const bool v = (nzcv >> 28 & 1) != 0;
  const bool plain[8] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
  const bool inverted = (condition & 1) != 0 && condition != 15;
  return plain[condition >> 1] != inverted;
}

}  // namespace sim::unicorn
