// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/expect_optee.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/optee_message.hpp"

namespace sim::scenario {
namespace {

ExpectedNumber constant(uint64_t value) {
  ExpectedNumber number;
  number.value = constant_operand(value);
  return number;
}

bool is_success(const std::optional<ExpectedNumber>& code) {
  return code && !code->any && is_constant(code->value) && code->value.constant == 0;
}

/// A word of the field, any, or a number.
ExpectedNumber number_of(const Node& node, std::optional<uint64_t> word,
                         const ExpectContext& context) {
  if (word) return constant(*word);
  ExpectedNumber number;
  number.any = node.is_string() && node.text() == "any";
  if (!number.any) number.value = operand_of(node, context.values);
  return number;
}

void add_field(const Node& node, const std::string& name, const OpteePlace& place,
               const ExpectContext& context, ExpectedTee& to) {
  const auto field = find_optee_field(name, place.params);
  if (!field) node.fail(fmt::format("no field '{}' in this structure", name));
  const auto word = node.is_string() ? optee_word(name, node.text()) : std::nullopt;
  to.fields.push_back(
      {name, static_cast<uint32_t>(field->offset), field->width, number_of(node, word, context)});
}

void explicit_parts(const Node& tee, const ExpectContext& context, ExpectedTee& to) {
  for (const auto& [name, value] : tee.members()) {
    if (name == "code") {
      const auto word = value.is_string() ? tee_code(value.text()) : std::nullopt;
      to.code = number_of(value, word, context);
    } else if (name == "returns") {
      to.returned = optee_return(value.text());
      if (!to.returned) value.fail("done, rpc or interrupted is expected");
      if (!context.optee->yields) value.fail("this request does not yield");
    } else if (context.optee->place) {
      add_field(value, name, *context.optee->place, context, to);
    } else {
      value.fail("no argument structure is known to go with this request");
    }
  }
}

bool has_field(const ExpectedTee& tee, const std::string& name) {
  return std::any_of(tee.fields.begin(), tee.fields.end(),
                     [&](const ExpectedTeeField& field) { return field.name == name; });
}

}  // namespace

ExpectedTee compile_tee(const Node& node, const ExpectContext& context, const Expectation& rest) {
  const OpteeRequest& request = *context.optee;
  ExpectedTee to;
  const auto tee = node.find("tee");
  to.pointer = node.pointer() + (tee ? "/tee" : "");
  if (tee) explicit_parts(*tee, context, to);
  const bool says_code =
      std::any_of(rest.registers.begin(), rest.registers.end(),
                  [](const ExpectedRegister& reg) { return reg.reg == code_register; });
  if (context.judged) {
    if (request.has_code && !to.code && !says_code) to.code = constant(0);
    if (request.yields && !to.returned && is_success(to.code)) to.returned = 0;
    const bool finished = is_success(to.code) && to.returned == 0;
    const bool has_result = request.place && request.place->has_result;
    if (finished && has_result && !has_field(to, "ret")) {
      const nlohmann::json success = "SUCCESS";
      add_field(Node{success, node.file(), node.pointer()}, "ret", *request.place, context, to);
    }
  }
  uint64_t length = 0;
  for (const ExpectedTeeField& field : to.fields) {
    length = std::max<uint64_t>(length, field.offset + field.width);
  }
  if (length != 0) {
    to.dump = context.dumps.memory(request.place->vm, request.place->ipa, length);
  }
  return to;
}

}  // namespace sim::scenario
