// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/fresh_values.hpp"

#include <fmt/format.h>

#include <bit>

#include "sim/unicorn/instruction.hpp"

namespace sim::unicorn {
namespace {

uint32_t moved_by(uint32_t word, uint32_t n) {
  const Instruction instruction = decode(word);
  return n < std::size(instruction.moved) ? instruction.moved[n] : 0;
}

}  // namespace

// What was told of once is not fresh any more: one mistake is one finding.
std::optional<Finding> FreshValues::use(uint32_t registers, const char* what) {
  const uint32_t fresh = registers_ & registers;
  if (fresh == 0) return std::nullopt;
  const auto number = static_cast<size_t>(std::countr_zero(fresh));
  registers_ &= ~fresh;
  return Finding{
      "U02", fmt::format("{} x{}, from {:#x}, never written", what, number, origins_.at(number))};
}

std::optional<Finding> FreshValues::step(uint32_t word, uint64_t nzcv) {
  const Instruction i = decode(word);
  const uint32_t selected = holds(i.condition, nzcv) ? i.if_true : i.if_false;
  const uint32_t sources = i.selects ? selected : i.sources;
  uint32_t fresh = registers_ & sources;
  // As a load of which one byte was written: what is put together of both counts as written.
  if (i.joins && fresh != sources) fresh = 0;
  auto finding = use(i.addresses, "an address is made from");
  if (!finding) finding = use(i.decides, "what is done depends on");
  if (fresh != 0) {
    const uint64_t origin = origins_.at(static_cast<size_t>(std::countr_zero(fresh)));
    for (size_t n = 0; n < origins_.size(); ++n) {
      if ((i.results >> n & 1) != 0) origins_[n] = origin;
    }
    registers_ |= i.results;
  } else {
    registers_ &= ~i.results;
  }
  return finding;
}

void FreshValues::load(uint32_t word, uint32_t n, uint64_t address) {
  const uint32_t into = moved_by(word, n);
  if (into == 0) return;
  registers_ |= into;
  origins_.at(static_cast<size_t>(std::countr_zero(into))) = address;
}

bool FreshValues::stores(uint32_t word, uint32_t n) const {
  return registers_ != 0 && (registers_ & moved_by(word, n)) != 0;
}

std::optional<Finding> FreshValues::leave(uint32_t count, const char* where) {
  auto finding = use((1U << count) - 1, where);
  set(count);
  return finding;
}

}  // namespace sim::unicorn
