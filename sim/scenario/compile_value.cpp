// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_value.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sim::scenario {
namespace {

/// Reads one expression: product (('+' | '|' | '^') product)*, product = atom ('*' atom)*.
/// Constants are combined from left to right; an expression with a saved value has only one kind of
/// operator.
class Expression {
 public:
  Expression(const Node& node, const ValueContext& context)
      : node_(node), context_(context), text_(node.text()), rest_(text_) {}

  guest::Operand read() {
    term('+', true);
    while (!rest_.empty()) {
      const char sign = rest_.front();
      if (sign != '+' && sign != '|' && sign != '^') wrong();
      rest_.remove_prefix(1);
      term(sign, false);
    }
    operand_.constant = constant_;
    return operand_;
  }

 private:
  [[noreturn]] void wrong() const { node_.fail(fmt::format("'{}' is not a number", text_)); }

  void term(char sign, bool first) {
    if (!first) {
      if (sign_ != 0 && sign_ != sign) mixed_ = true;
      sign_ = sign;
    }
    if (rest_.starts_with('$')) {
      slot();
    } else {
      combine(sign, product());
    }
    if (operand_.part != guest::SlotPart::none) {
      if (mixed_) node_.fail("only one kind of operator can join a saved value");
      set_combine();
    }
  }

  void set_combine() {
    using guest::Combine;
    operand_.combine = sign_ == '+'   ? Combine::add
                       : sign_ == '^' ? Combine::bit_xor
                                      : Combine::bit_or;
  }

  void combine(char sign, uint64_t value) {
    if (sign == '|') {
      constant_ |= value;
    } else if (sign == '^') {
      constant_ ^= value;
    } else if (__builtin_add_overflow(constant_, value, &constant_)) {
      node_.fail("the sum does not fit 64 bits");
    }
  }

  uint64_t product() {
    uint64_t value = atom();
    while (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      if (__builtin_mul_overflow(value, atom(), &value))
        node_.fail("the product does not fit 64 bits");
    }
    return value;
  }

  std::string_view word() {
    size_t length = 0;
    while (length < rest_.size() &&
           std::string_view{"+|^*<"}.find(rest_[length]) == std::string_view::npos) {
      ++length;
    }
    const auto taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  uint64_t atom() {
    const auto name = word();
    if (name == "base") return context_.base;
    if (name == "tx") return context_.tx;
    if (name == "rx") return context_.rx;
    if (name == "@i") return context_.repetition;
    const auto number = parse_number(name);
    if (!number) wrong();
    return *number;
  }

  void slot() {
    if (operand_.part != guest::SlotPart::none) node_.fail("only one saved value fits a number");
    rest_.remove_prefix(1);
    std::string_view name = word();
    operand_.part = guest::SlotPart::full;
    if (name.ends_with(".lo") || name.ends_with(".hi")) {
      operand_.part = name.ends_with(".lo") ? guest::SlotPart::low : guest::SlotPart::high;
      name.remove_suffix(3);
    }
    if (context_.slots == nullptr) node_.fail("a saved value can't stand here");
    operand_.slot = context_.slots->use(slot_name(std::string{name}, context_.repetition), node_);
    if (!rest_.starts_with("<<")) return;
    rest_.remove_prefix(2);
    const auto shift = parse_number(word());
    if (!shift || *shift > 63) node_.fail("a shift is at most 63");
    operand_.shift = static_cast<uint8_t>(*shift);
  }

  const Node& node_;
  const ValueContext& context_;
  std::string text_;
  std::string_view rest_;
  guest::Operand operand_;
  uint64_t constant_ = 0;
  char sign_ = 0;
  bool mixed_ = false;
};

}  // namespace

std::string slot_name(const std::string& name, uint32_t repetition) {
  const size_t at = name.find("@i");
  return at == std::string::npos
             ? name
             : name.substr(0, at) + std::to_string(repetition) + name.substr(at + 2);
}

uint16_t SlotTable::define(const std::string& name, const Node& node) {
  const auto [at, added] = slots_.try_emplace(name, static_cast<uint16_t>(slots_.size()));
  if (added && slots_.size() > guest::max_slots) {
    node.fail(fmt::format("more than {} saved values", guest::max_slots));
  }
  return at->second;
}

uint16_t SlotTable::use(const std::string& name, const Node& node) const {
  const auto found = slots_.find(name);
  if (found == slots_.end()) node.fail(fmt::format("no step saves '{}'", name));
  return found->second;
}

guest::Operand constant_operand(uint64_t value) { return {.constant = value}; }

bool is_constant(const guest::Operand& operand) { return operand.part == guest::SlotPart::none; }

guest::Operand operand_of(const Node& node, const ValueContext& context) {
  if (!node.is_string()) return constant_operand(node.number());
  return Expression{node, context}.read();
}

uint64_t constant_of(const Node& node, const ValueContext& context, uint64_t max) {
  const guest::Operand operand = operand_of(node, context);
  if (!is_constant(operand))
    node.fail("a number that is known beforehand is expected, not a saved value");
  if (operand.constant > max) {
    node.fail(fmt::format("{} is out of range: at most {:#x}", node.json().dump(), max));
  }
  return operand.constant;
}

}  // namespace sim::scenario
